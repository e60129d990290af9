#!/usr/bin/env node
/**
 * Where the `martlet` command starts, and Mosquitto's names for parts of it. Only what the command needs is loaded.
 */
import * as nodeModule from 'node:module';
import { basename } from 'node:path';
import type { CommandRow } from './command.ts';
import { COMMANDS } from './commands.ts';
import { restoreSignalDefaults } from './signal-defaults.ts';

/** @param startedAs the name of the program, which may be one of Mosquitto's */
async function main(startedAs: string, words: readonly string[]): Promise<void> {
  const ofMosquitto = COMMANDS.find(({ mosquittoName }) => mosquittoName === startedAs);
  if (ofMosquitto !== undefined) return run(ofMosquitto, startedAs, words);
  const [first, second] = words;
  const row = commandNamed(first);
  if (row !== undefined) return run(row, `martlet ${row.name}`, words.slice(1));
  const asked = first === 'help' ? commandNamed(second) : undefined;
  if (asked !== undefined) return run(asked, `martlet ${asked.name}`, ['--help']);
  const { runOverview } = await import('./run-process.ts');
  if (await runOverview(words)) return;
  const { runCommandLine } = await import('./command-line.ts');
  await runCommandLine(words);
}

function commandNamed(name: string | undefined): CommandRow | undefined {
  return COMMANDS.find((row) => row.name === name);
}

async function run(row: CommandRow, programName: string, words: readonly string[]): Promise<void> {
  const { runProcess } = await import('./run-process.ts');
  await runProcess(row, programName, words);
}

restoreSignalDefaults();
// From Node.js 22 on, what was compiled once is kept for the next time.
(nodeModule as { readonly enableCompileCache?: () => unknown }).enableCompileCache?.();
// Awaited here, so that a command which never comes to its end does not pass for one that has.
await main(basename(process.argv[1] ?? ''), process.argv.slice(2));
