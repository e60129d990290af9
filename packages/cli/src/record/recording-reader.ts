/**
 * Reads a recording from a file, message by message. A last line that was cut off, by a crash or a full disk, ends it
 * quietly; anything else that is no recording is told with its line.
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

export interface ReadRecording {
  readonly header: RecordingHeader;
  /** In the order in which they were recorded, as they are read. */
  readonly messages: AsyncIterable<readonly RecordedMessage[]>;
}

/**
 *     const { header, messages } = await readRecording('night.mqttrec');
 *     for await (const batch of messages) …
 *
 * @throws {CommandFailure} for a file that cannot be read, or is no recording; later from the iterator too
 */
export async function readRecording(path: string): Promise<ReadRecording> {
  const parts = linesOf(path);
  const first = await parts.next();
  if (first.done === true)
    throw new CommandFailure(`${path}: expected a recording of martlet, got an empty file`);
  const [headerLine, ...rest] = first.value.lines;
  const header = named(path, 1, () => parseHeader(headerLine!));
  return { header, messages: messagesFrom(path, rest, first.value.isLast, parts) };
}

interface Part {
  readonly lines: readonly Uint8Array[];
  /** The last of these lines had no end. */
  readonly isLast: boolean;
}

async function* linesOf(path: string): AsyncGenerator<Part, void, undefined> {
  const lines = new InputLines();
  try {
    for await (const bytes of streamOf(path)) {
      const found = lines.push(bytes as Uint8Array);
      if (found.length > 0) yield { lines: found, isLast: false };
    }
  } catch (error) {
    // A compressed file that was cut off ends here.
    if ((error as NodeJS.ErrnoException).code !== 'Z_BUF_ERROR') throw CommandFailure.ofFile(path, error);
  }
  const last = lines.end();
  if (last !== undefined) yield { lines: [last], isLast: true };
}

function streamOf(path: string): Readable {
  const file = createReadStream(path);
  if (!path.endsWith(COMPRESSED)) return file;
  const whole = createGunzip();
  file.on('error', (error) => whole.destroy(error));
  return file.pipe(whole);
}

async function* messagesFrom(
  path: string,
  begun: readonly Uint8Array[],
  isBegunLast: boolean,
  parts: AsyncGenerator<Part, void, undefined>,
): AsyncGenerator<readonly RecordedMessage[], void, undefined> {
  const parser = new RecordedMessages();
  let number = 1;
  let part: Part = { lines: begun, isLast: isBegunLast };
  for (;;) {
    const batch: RecordedMessage[] = [];
    for (const line of part.lines) {
      number += 1;
      if (line.length === 0) continue;
      try {
        batch.push(named(path, number, () => parser.from(line)));
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
}

function named<Value>(path: string, line: number, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new CommandFailure(`${path}, line ${line}: ${error.message}`, { cause: error });
  }
}
