/**
 * Options in files, as Mosquitto's tools have them: a flag on each line, and behind the first space its value, as it stands
 * to the end of the line. Lines that begin with `#` say nothing.
 *
 *     -h broker.example
 *     -u ann
 *     -D publish content-type text/plain
 */
import { readFile } from 'node:fs/promises';
import { CommandFailure } from '../command-failure.ts';
import { textOfBytes } from '../flags/bytes-in-text.ts';
import type { Flag, FlagTable } from '../flags/flag.ts';
import { HelpRequest } from '../flags/help-request.ts';
import { parseFlags } from '../flags/parse-flags.ts';
import { quoted } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';

/** A longer file is none with options. */
const MAXIMUM_BYTES = 1024 * 1024;

/**
 * The words of a file, as if they had been typed. Each line is checked by itself, so that an error names it.
 *
 * @param asMosquitto see {@link ParseOptions.asMosquitto}
 * @returns undefined if there is no such file
 * @throws {UsageError} with file and line
 * @throws {CommandFailure} if it cannot be read
 */
export async function readOptionsFile(
  path: string,
  table: FlagTable,
  asMosquitto: boolean = false,
): Promise<readonly string[] | undefined> {
  let text: string;
  try {
    text = textOfBytes(await readFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw CommandFailure.ofFile(path, error);
  }
  if (text.length > MAXIMUM_BYTES)
    throw new UsageError(`${path}: expected a file of options, got a long one`);
  const words: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const more = wordsOfLine(line, table);
    checkLine(more, table, asMosquitto, `${path}:${index + 1}`);
    words.push(...more);
  }
  return words;
}

function wordsOfLine(line: string, table: FlagTable): readonly string[] {
  if (line.startsWith('#')) return [];
  const [, name, value] = /^\s*([^\s][^ \r]*)(?: (.*))?\r*$/s.exec(line) ?? [];
  if (name === undefined) return [];
  if (value === undefined || value === '') return [name];
  return flagNamed(name, table)?.kind === 'words' ? [name, ...value.trim().split(/\s+/)] : [name, value];
}

/** @param start the line up to its first space */
function afterTab(start: string): UsageError {
  const [name] = start.split('\t', 1);
  return new UsageError(
    `expected a space between an option and its value, got a tab after ${quoted(name!)}`,
    `Unknown option '${start}'.`,
  );
}

function flagNamed(name: string, table: FlagTable): Flag | undefined {
  return Object.values(table).find(({ names }) => names.includes(name));
}

function checkLine(words: readonly string[], table: FlagTable, asMosquitto: boolean, place: string): void {
  try {
    if (words[0]?.includes('\t') === true) throw afterTab(words[0]);
    parseFlags(table, words, { asMosquitto });
  } catch (error) {
    if (error instanceof UsageError) throw error.at(place);
    if (error instanceof HelpRequest)
      throw new UsageError(`${place}: expected an option, got --${error.wants}`, { cause: error });
    throw error;
  }
}
