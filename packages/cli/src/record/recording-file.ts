/**
 * A recording that grows: what came in a turn of the event loop is written at once, and the connection is held while the
 * disk does not keep up, so that nothing is lost and memory stays as it is.
 */
import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import type { Gzip } from 'node:zlib';
import { createGzip } from 'node:zlib';
import { CommandFailure } from '../command-failure.ts';
import type { ReceivedMessage } from '../messages/received-message.ts';
import { BatchedWriter } from '../sub/batched-writer.ts';
import type { OutputOwner } from '../sub/output.ts';
import type { RecordedMessagePrinter, RecordingHeader } from './recording-line.ts';
import { headerLine, recordedMessagePrinter } from './recording-line.ts';

export class RecordingFile {
  /** Messages and bytes of payload. */
  messages = 0;
  payloadBytes = 0;
  readonly #writer: BatchedWriter;
  readonly #stream: Writable;
  readonly #print: RecordedMessagePrinter = recordedMessagePrinter();

  private constructor(stream: Writable, owner: OutputOwner) {
    this.#stream = stream;
    this.#writer = new BatchedWriter(stream, owner);
  }

  /**
   * @param path ends in `.gz` if it is to be compressed; `-` is standard output
   * @param force whether a file that is there is written over
   * @throws {CommandFailure} if it cannot be made
   */
  static async create(
    path: string,
    force: boolean,
    header: RecordingHeader,
    stdout: Writable,
    owner: OutputOwner,
  ): Promise<RecordingFile> {
    const file = new RecordingFile(path === '-' ? stdout : await streamFor(path, force), owner);
    file.#writer.buffer.appendText(headerLine(header));
    file.#writer.flush();
    return file;
  }

  add(message: ReceivedMessage, atUs: number, wallMs: number): void {
    this.messages += 1;
    this.payloadBytes += message.payload.length;
    this.#print(this.#writer.buffer, message, atUs, wallMs);
    this.#writer.added();
  }

  /** Fulfilled when everything is in the file. @param isOwn false leaves standard output open */
  async close(isOwn: boolean): Promise<void> {
    await this.#writer.end();
    if (isOwn) await new Promise<void>((resolve) => this.#stream.end(() => resolve()));
  }
}

async function streamFor(path: string, force: boolean): Promise<Writable> {
  let file: Writable;
  try {
    const handle = await open(path, force ? 'w' : 'wx');
    file = handle.createWriteStream();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new CommandFailure(
        `${path}: there is such a file already; choose another name, or --force to write over it`,
        { cause: error },
      );
    throw CommandFailure.ofFile(path, error);
  }
  return path.endsWith('.gz') ? compressed(file) : file;
}

/** What is written becomes part of the file at the end of each write, so that a crash loses little. */
function compressed(file: Writable): Gzip {
  const gzip = createGzip();
  file.on('error', (error) => gzip.destroy(error));
  gzip.pipe(file);
  const end = gzip.end.bind(gzip);
  // The end is that of the file behind it.
  gzip.end = ((done?: () => void) => {
    file.once('close', () => done?.());
    return end();
  }) as Gzip['end'];
  return gzip;
}
