#!/usr/bin/env node
/**
 * Where the `martlet` command starts, and Mosquitto's names for parts of it. Only what the command needs is loaded.
 */
import { basename } from 'node:path';
import { COMMANDS } from './commands.ts';

const words = process.argv.slice(2);
const startedAs = basename(process.argv[1] ?? '');
const row =
  COMMANDS.find(({ mosquittoName }) => mosquittoName === startedAs) ??
  COMMANDS.find(({ name }) => name === words[0]);

// Awaited here, so that a command which never comes to its end does not pass for one that has.
if (row === undefined) {
  const { runCommandLine } = await import('./command-line.ts');
  await runCommandLine(words);
} else {
  const { runProcess } = await import('./run-process.ts');
  const isMosquitto = row.mosquittoName === startedAs;
  await runProcess(
    row,
    isMosquitto ? startedAs : `martlet ${row.name}`,
    isMosquitto ? words : words.slice(1),
  );
}
