/**
 * The files that one `mosquitto.conf` consists of: itself, and those of its `include_dir` lines, at their place.
 *
 * An included file begins anew, as in Mosquitto: a listener's option in it belongs to the default listener until it has a
 * `listener` line of its own, and the main file goes on with the listener that it had.
 */
import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CHANGED_WHILE_READ, hasChangedSince } from '../../config/changed-file.ts';
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import { ConfigurationError } from '../../config/configuration-error.ts';
import type { ConfigurationLine } from './configuration-lines.ts';
import { configurationLines, problemAt, quoted } from './configuration-lines.ts';

/** Nothing of people's making is larger. */
const LARGEST_FILE_BYTES = 16 * 1024 * 1024;
const MOST_INCLUDED_FILES = 10_000;

/** A line, or what an `include_dir` line brings. */
export type FileEntry = ConfigurationLine | IncludedFile;

export interface IncludedFile {
  readonly file: string;
  readonly lines: readonly ConfigurationLine[];
}

export interface ConfigurationFiles {
  readonly entries: readonly FileEntry[];
  /** Every file that was read, and every directory that was looked into. */
  readonly files: readonly string[];
}

/**
 * @param problems gets what is wrong with lines
 * @throws {ConfigurationError} if a file cannot be read
 */
export async function readConfigurationFiles(
  path: string,
  problems: ConfigurationProblem[],
): Promise<ConfigurationFiles> {
  const entries: FileEntry[] = [];
  const files: string[] = [path];
  let included = 0;
  for (const line of configurationLines(
    path,
    await bytesOf(path, OF_THIS_PROCESS.test(path) ? 'any' : 'regular'),
    problems,
  )) {
    if (line.name !== 'include_dir') {
      entries.push(line);
      continue;
    }
    const directory = line.value.trim();
    if (directory === '') {
      problems.push(problemAt(line, line.name, 'missing-value', 'expected a directory, got nothing'));
      continue;
    }
    files.push(directory);
    const names = await includedNames(directory, line);
    included += names.length;
    if (included > MOST_INCLUDED_FILES) {
      const text = `expected at most ${MOST_INCLUDED_FILES} files *.conf, got more in ${quoted(directory)}`;
      throw new ConfigurationError([problemAt(line, line.name, 'too-large', text)]);
    }
    for (const name of names) {
      const file = join(directory, name);
      files.push(file);
      const lines = configurationLines(file, await bytesOf(file, 'regular'), problems);
      entries.push({ file, lines: lines.filter((each) => isNoInclude(each, problems)) });
    }
  }
  return { entries, files };
}

export function isIncluded(entry: FileEntry): entry is IncludedFile {
  return 'lines' in entry;
}

function isNoInclude(line: ConfigurationLine, problems: ConfigurationProblem[]): boolean {
  if (line.name !== 'include_dir') return true;
  const text = 'counts in the main file only; this one is passed over, as by Mosquitto';
  problems.push(problemAt(line, line.name, 'without-effect', text, 'notice'));
  return false;
}

async function includedNames(directory: string, line: ConfigurationLine): Promise<readonly string[]> {
  let names: readonly string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    const text = `expected a directory of *.conf files, got ${quoted(directory)}: ${reasonOf(error)}`;
    throw new ConfigurationError([problemAt(line, line.name, 'unreadable', text)], { cause: error });
  }
  return names.filter((name) => name.endsWith('.conf')).sort(compareNames);
}

/** Letter by letter, whatever the case; of the same letter the capital one comes first: 00, 01, A, a, B, b. */
export function compareNames(a: string, b: string): number {
  for (let at = 0; at < a.length && at < b.length; at++) {
    const [left, right] = [a[at]!, b[at]!];
    if (left === right) continue;
    const [leftLetter, rightLetter] = [left.toUpperCase(), right.toUpperCase()];
    const [one, other] = leftLetter === rightLetter ? [left, right] : [leftLetter, rightLetter];
    return one < other ? -1 : 1;
  }
  return a.length - b.length;
}

/** What the shell hands over (`-c /dev/stdin`, `<(…)`). */
const OF_THIS_PROCESS = /^\/(?:dev\/(?:stdin|fd\/)|proc\/self\/fd\/)/;

/** A main file may be a pipe of this process; any other pipe, which nobody may ever write to, would hold up a command or a reload for ever. */
async function bytesOf(path: string, kind: 'any' | 'regular'): Promise<Uint8Array> {
  try {
    const file = await open(path, constants.O_RDONLY | (kind === 'regular' ? constants.O_NONBLOCK : 0));
    try {
      const found = await file.stat({ bigint: true });
      if (found.isDirectory()) throw new Error('it is a directory');
      if (kind === 'regular' && !found.isFile()) throw new Error('it is no regular file');
      const bytes = await bytesUpTo(file.createReadStream({ autoClose: false, emitClose: false }));
      if (found.isFile() && (await hasChangedSince(file, found))) throw new Error(CHANGED_WHILE_READ);
      return bytes;
    } finally {
      await file.close();
    }
  } catch (error) {
    const text = `expected a configuration file of Mosquitto: ${reasonOf(error)}`;
    const problem = {
      file: path,
      line: undefined,
      key: '',
      severity: 'error',
      code: 'unreadable',
      text,
    } as const;
    throw new ConfigurationError([problem], { cause: error });
  }
}

async function bytesUpTo(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (length > LARGEST_FILE_BYTES) throw new Error(`it has more than ${LARGEST_FILE_BYTES} bytes`);
    all.push(piece);
  }
  return Buffer.concat(all);
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case undefined:
      return message;
    case 'ENOENT':
      return 'there is no such file or directory';
    case 'EACCES':
    case 'EPERM':
      return 'this user may not read it';
    case 'EISDIR':
      return 'it is a directory';
    case 'ENOTDIR':
      return 'it is no directory';
    default:
      return `the system refused: ${code}`;
  }
}
