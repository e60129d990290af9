/**
 * Reads a file that a configuration names: a plain file, of a bounded size, and for text in UTF-8. What else a path can be
 * (a directory, a pipe that never answers, a device) is told as a problem of that configuration.
 */
import type { BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { CHANGED_WHILE_READ, hasChangedSince } from '../config/changed-file.ts';
import type { ConfigurationProblem } from '../config/configuration-error.ts';
import { ConfigurationError } from '../config/configuration-error.ts';

export interface ListedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Whether everybody on this machine may read it. */
  readonly isOpenToAll: boolean;
}

const OTHERS_MAY_READ = 0o004n;

/**
 * @param key of the configuration that names it, for the problem
 * @param maximumBytes a larger one is a problem
 * @throws {ConfigurationError} with one problem
 */
export async function readListedFile(path: string, key: string, maximumBytes: number): Promise<ListedFile> {
  try {
    // Without O_NONBLOCK the open of a pipe that nobody writes to holds a thread of the pool for ever.
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await handle.stat({ bigint: true });
      if (!stat.isFile()) throw problemOf(path, key, 'not-a-file', `expected a file, got ${kindOf(stat)}`);
      const bytes = await readUpTo(handle, maximumBytes + 1);
      if (bytes.length > maximumBytes)
        throw problemOf(
          path,
          key,
          'file-too-large',
          `expected a file of at most ${maximumBytes} bytes, got a larger one`,
        );
      if (await hasChangedSince(handle, stat)) throw problemOf(path, key, 'file-changed', CHANGED_WHILE_READ);
      return { path, bytes, isOpenToAll: (stat.mode & OTHERS_MAY_READ) !== 0n };
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw problemOf(path, key, 'file-unreadable', reasonOf(error), error);
  }
}

type FileHandle = Awaited<ReturnType<typeof open>>;
type Stat = Pick<BigIntStats, 'isDirectory' | 'isFIFO' | 'isSocket'>;

/** A file may grow while it is read; its size is only where to begin. */
async function readUpTo(handle: FileHandle, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  while (length < most) {
    const chunk = new Uint8Array(Math.min(most - length, 65_536));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length);
    if (bytesRead === 0) break;
    chunks.push(chunk.subarray(0, bytesRead));
    length += bytesRead;
  }
  return new Uint8Array(Buffer.concat(chunks));
}

function kindOf(stat: Stat): string {
  if (stat.isDirectory()) return 'a directory';
  if (stat.isFIFO()) return 'a pipe';
  if (stat.isSocket()) return 'a socket';
  return 'a device';
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
      return 'expected a file that is there: there is none of this name';
    case 'EACCES':
    case 'EPERM':
      return 'expected a file that this process may read, got one that it may not';
    case 'ENXIO':
      return 'expected a file, got a socket or a pipe';
    default:
      return `cannot be read: ${code ?? message}`;
  }
}

/**
 * The text of a file.
 * @throws {ConfigurationError} naming the first line that is no UTF-8, or has a NUL
 */
export function textOf({ path, bytes }: ListedFile, key: string): string {
  const zero = bytes.indexOf(0);
  if (zero >= 0)
    throw problemOf(path, key, 'not-text', 'expected text, got a NUL byte', undefined, lineAt(bytes, zero));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    const line = firstBadLine(bytes);
    throw problemOf(path, key, 'not-text', 'expected text in UTF-8, got other bytes', error, line);
  }
}

function lineAt(bytes: Uint8Array, position: number): number {
  let line = 1;
  for (let at = bytes.indexOf(10); at >= 0 && at < position; at = bytes.indexOf(10, at + 1)) line++;
  return line;
}

function firstBadLine(bytes: Uint8Array): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let start = 0;
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(10, start);
    try {
      decoder.decode(bytes.subarray(start, end < 0 ? undefined : end));
    } catch {
      return line;
    }
    if (end < 0) return line;
    start = end + 1;
  }
}

function problemOf(
  file: string,
  key: string,
  code: string,
  text: string,
  cause?: unknown,
  line?: number,
): ConfigurationError {
  const problem: ConfigurationProblem = { file, line, key, severity: 'error', code, text };
  return new ConfigurationError([problem], { cause });
}

/** A notice that a file with secrets can be read by everybody; undefined if it cannot. */
export function opennessNotice(
  { path, isOpenToAll }: ListedFile,
  key: string,
): ConfigurationProblem | undefined {
  if (!isOpenToAll) return undefined;
  return {
    file: path,
    line: undefined,
    key,
    severity: 'notice',
    code: 'file-open-to-all',
    text: 'everybody on this machine may read it; chmod o-rwx takes that away',
  };
}
