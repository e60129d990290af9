#!/usr/bin/env node
/**
 * Where the `martlet` command starts, and Mosquitto's names for parts of it. Only what the command needs is loaded.
 */
import * as nodeModule from 'node:module';
import { basename } from 'node:path';
import { COMMANDS } from './commands.ts';

/** @param startedAs the name of the program, which may be one of Mosquitto's */
async function main(startedAs: string, words: readonly string[]): Promise<void> {
  const ofMosquitto = COMMANDS.find(({ mosquittoName }) => mosquittoName === startedAs);
  const row = ofMosquitto ?? COMMANDS.find(({ name }) => name === words[0]);
  if (row === undefined) {
    const { runCommandLine } = await import('./command-line.ts');
    await runCommandLine(words);
    return;
  }
  const { runProcess } = await import('./run-process.ts');
  if (ofMosquitto === undefined) await runProcess(row, `martlet ${row.name}`, words.slice(1));
  else await runProcess(row, startedAs, words);
}

// From Node.js 22 on, what was compiled once is kept for the next time.
(nodeModule as { readonly enableCompileCache?: () => unknown }).enableCompileCache?.();
// Awaited here, so that a command which never comes to its end does not pass for one that has.
await main(basename(process.argv[1] ?? ''), process.argv.slice(2));
