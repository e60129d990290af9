/**
 * Reads a recording from a file, message by message, as they are wanted: never all of it. A last line that was cut off, by a
 * crash or a full disk, ends it quietly; anything else that is no recording is told with its line.
 */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CommandFailure } from '../command-failure.ts';
import { InputLines } from '../messages/input-lines.ts';
import { InputError } from '../messages/input-message.ts';
import type { RecordedMessage, RecordingHeader } from './recording-line.ts';
import { parseHeader, RecordedMessages } from './recording-line.ts';

/** Names that end so are compressed. */
const COMPRESSED = '.gz';
const STANDARD_INPUT = '-';
/** Read at once, in bytes: what is wrong with a line is said before the messages of the same part are handed on. */
const PART_BYTES = 64 * 1024;

export interface ReadRecording {
  readonly header: RecordingHeader;
  /** In the order in which they were recorded, as they are read. Whoever has had enough lets go of the file by leaving the loop. */
  readonly messages: AsyncIterable<readonly RecordedMessage[]>;
}

/**
 *     const { header, messages } = await readRecording('night.mqttrec', process.stdin);
 *     for await (const batch of messages) …
 *
 * @param path `-` is standard input
 * @throws {CommandFailure} for a file that cannot be read, or is no recording; later from the iterator too
 */
export async function readRecording(path: string, stdin: Readable): Promise<ReadRecording> {
  const name = path === STANDARD_INPUT ? 'standard input' : path;
  const parts = linesOf(path, name, stdin);
  const first = await parts.next();
  if (first.done === true)
    throw new CommandFailure(`${name}: expected a recording of martlet, got nothing in it`);
  const [headerLine, ...rest] = first.value.lines;
  const header = named(name, 1, () => parseHeader(headerLine!));
  return { header, messages: messagesFrom(name, { ...first.value, lines: rest }, parts) };
}

interface Part {
  readonly lines: readonly Uint8Array[];
  /** The last of these lines had no end. */
  readonly isLast: boolean;
}

async function* linesOf(path: string, name: string, stdin: Readable): AsyncGenerator<Part, void, undefined> {
  const lines = new InputLines();
  try {
    for await (const bytes of streamOf(path, stdin)) {
      const found = lines.push(bytes as Uint8Array);
      if (found.length > 0) yield { lines: found, isLast: false };
    }
  } catch (error) {
    // A compressed file that was cut off ends here.
    if ((error as NodeJS.ErrnoException).code !== 'Z_BUF_ERROR') throw readFailure(name, error);
  }
  const last = lines.end();
  if (last !== undefined) yield { lines: [last], isLast: true };
}

function streamOf(path: string, stdin: Readable): Readable {
  if (path === STANDARD_INPUT) return stdin;
  const file = createReadStream(path, { highWaterMark: PART_BYTES });
  if (!path.endsWith(COMPRESSED)) return file;
  const whole = createGunzip({ chunkSize: PART_BYTES });
  file.on('error', (error) => whole.destroy(error));
  whole.on('close', () => file.destroy());
  return file.pipe(whole);
}

function readFailure(name: string, error: unknown): unknown {
  if (error instanceof CommandFailure)
    return new CommandFailure(`${name}: ${error.message}`, { cause: error });
  const { code } = error as NodeJS.ErrnoException;
  if (code?.startsWith('Z_') === true)
    return new CommandFailure(`${name}: expected a file compressed with gzip, got something else`, {
      cause: error,
    });
  return CommandFailure.ofFile(name, error);
}

async function* messagesFrom(
  name: string,
  begun: Part,
  parts: AsyncGenerator<Part, void, undefined>,
): AsyncGenerator<readonly RecordedMessage[], void, undefined> {
  const parser = new RecordedMessages();
  let number = 1;
  let part = begun;
  try {
    for (;;) {
      const batch: RecordedMessage[] = [];
      for (const line of part.lines) {
        number += 1;
        if (line.length === 0) continue;
        try {
          batch.push(named(name, number, () => parser.from(line)));
        } catch (error) {
          // The line that was being written when the end came.
          if (!part.isLast) throw error;
        }
      }
      if (batch.length > 0) yield batch;
      const next = await parts.next();
      if (next.done === true) return;
      part = next.value;
    }
  } finally {
    await parts.return();
  }
}

/** @throws {CommandFailure} with the line */
function named<Value>(name: string, line: number, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new CommandFailure(`${name}, line ${line}: ${error.message}`, { cause: error });
  }
}
