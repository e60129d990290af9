/** The bytes of a configuration file as text: read with a bound, and refused if they are none. */
import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { getSystemErrorName } from 'node:util';
import { CHANGED_WHILE_READ, hasChangedSince } from './changed-file.ts';
import type { ConfigurationProblem } from './configuration-error.ts';
import { ConfigurationError } from './configuration-error.ts';

/** Hand-written files are far below; a larger one is another file. */
export const MAXIMUM_FILE_BYTES: number = 1024 * 1024;

/**
 * @param shown the file as messages name it
 * @throws {ConfigurationError} if it cannot be read, is too large, or no UTF-8
 */
export async function readSourceText(path: string, shown: string = path): Promise<string> {
  return textOfSource(await readBounded(path, shown), shown);
}

/** @throws {ConfigurationError} if the bytes are no UTF-8 */
export function textOfSource(bytes: Uint8Array, shown: string): string {
  const withoutMark = startsWith(bytes, [0xef, 0xbb, 0xbf]) ? bytes.subarray(3) : bytes;
  if (isUtf8(withoutMark)) return Buffer.from(withoutMark).toString('utf8');
  const isUtf16 = startsWith(bytes, [0xff, 0xfe]) || startsWith(bytes, [0xfe, 0xff]);
  const got = isUtf16 ? 'UTF-16' : 'bytes that are none';
  throw failure(shown, 'not-utf8', `expected text in UTF-8, got ${got}`, firstBadLine(withoutMark));
}

function startsWith(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, at) => bytes[at] === byte);
}

function firstBadLine(bytes: Uint8Array): number {
  let line = 1;
  for (let from = 0; from < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, from);
    const to = end === -1 ? bytes.length : end;
    if (!isUtf8(bytes.subarray(from, to))) return line;
    from = to + 1;
  }
  return line;
}

async function readBounded(path: string, shown: string): Promise<Uint8Array> {
  try {
    // Without O_NONBLOCK a FIFO would wait for somebody to write to it.
    const file = await open(path, NON_BLOCKING);
    try {
      const stats = await file.stat({ bigint: true });
      if (!stats.isFile()) {
        const got = stats.isDirectory() ? 'a directory' : 'something else';
        throw failure(shown, 'unreadable-file', `expected a regular file, got ${got}`);
      }
      const bytes = Buffer.alloc(MAXIMUM_FILE_BYTES + 1);
      let length = 0;
      while (length < bytes.length) {
        const { bytesRead } = await file.read(bytes, length, bytes.length - length);
        if (bytesRead === 0) {
          if (await hasChangedSince(file, stats)) throw failure(shown, 'file-changed', CHANGED_WHILE_READ);
          return bytes.subarray(0, length);
        }
        length += bytesRead;
      }
      throw failure(shown, 'too-large', `expected at most ${MAXIMUM_FILE_BYTES} bytes, got more`);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw failure(shown, 'unreadable-file', unreadableText(error as NodeJS.ErrnoException), undefined, error);
  }
}

const NON_BLOCKING = 0o4000;

function unreadableText({ code, errno }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'expected a file that can be read, got none of that name';
  if (code === 'EACCES') return 'expected a file that can be read, got one that this user may not read';
  const reason = code ?? (errno === undefined ? 'no reason' : getSystemErrorName(errno));
  return `expected a file that can be read, got ${reason}`;
}

function failure(
  file: string,
  code: string,
  text: string,
  line?: number,
  cause?: unknown,
): ConfigurationError {
  const problem: ConfigurationProblem = { file, line, key: '', severity: 'error', code, text };
  return new ConfigurationError([problem], cause === undefined ? undefined : { cause });
}
