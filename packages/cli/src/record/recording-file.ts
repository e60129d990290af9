/**
 * A recording that grows: what came in a turn of the event loop is written at once, and its owner is told while the disk does
 * not keep up, so that nothing is lost and memory stays as it is.
 */
import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import { CommandFailure } from '../command-failure.ts';
import type { ReceivedMessage } from '../messages/received-message.ts';
import { BatchedWriter } from '../sub/batched-writer.ts';
import type { RecordedMessagePrinter, RecordingHeader } from './recording-line.ts';
import { headerLine, recordedMessagePrinter } from './recording-line.ts';

export interface RecordingPlace {
  /** Ends in `.gz` if it is to be compressed; `-` is standard output. */
  readonly path: string;
  /** Whether a file that is there is written over. */
  readonly force: boolean;
  readonly stdout: Writable;
}

/** What a recording tells whoever feeds it. */
export interface RecordingOwner {
  /** Much waits to be written: it would rather have no messages for a while. */
  onClogged(): void;
  onFree(): void;
  /** It cannot be written any more, which `failure` says. Told once. */
  onFailed(): void;
}

export class RecordingFile {
  /** Messages and bytes of payload. */
  messages = 0;
  payloadBytes = 0;
  /** Why it cannot be written any more: a full disk. */
  failure: CommandFailure | undefined;
  readonly #writer: BatchedWriter;
  readonly #print: RecordedMessagePrinter = recordedMessagePrinter();
  /** Undefined for standard output, which stays open. */
  readonly #closed: (() => Promise<void>) | undefined;

  private constructor(
    { path }: RecordingPlace,
    stream: Writable,
    closed: (() => Promise<void>) | undefined,
    owner: RecordingOwner,
  ) {
    this.#closed = closed;
    this.#writer = new BatchedWriter(stream, {
      onClogged: () => owner.onClogged(),
      onFree: () => owner.onFree(),
      onFailed: (error) => {
        this.failure = CommandFailure.ofFile(path, error);
        owner.onFree();
        owner.onFailed();
      },
    });
  }

  /** @throws {CommandFailure} if it cannot be made */
  static async create(
    place: RecordingPlace,
    header: RecordingHeader,
    owner: RecordingOwner,
  ): Promise<RecordingFile> {
    const { path, force, stdout } = place;
    let recording: RecordingFile;
    if (path === '-') {
      recording = new RecordingFile(place, stdout, undefined, owner);
    } else {
      const { stream, closed } = await streamTo(path, force);
      recording = new RecordingFile(place, stream, closed, owner);
    }
    recording.#writer.buffer.appendText(headerLine(header));
    recording.#writer.flush();
    return recording;
  }

  add(message: ReceivedMessage, atUs: number, wallMs: number): void {
    this.messages += 1;
    this.payloadBytes += message.payload.length;
    this.#print(this.#writer.buffer, message, atUs, wallMs);
    this.#writer.added();
  }

  /** Fulfilled when everything is in the file, or cannot be: `failure` says so. */
  async close(): Promise<void> {
    await this.#writer.end();
    await this.#closed?.();
  }
}

interface FileStream {
  readonly stream: Writable;
  /** Ends it; fulfilled when the file is closed, whatever came before. */
  closed(): Promise<void>;
}

async function streamTo(path: string, force: boolean): Promise<FileStream> {
  let file: Writable;
  try {
    file = (await open(path, force ? 'w' : 'wx')).createWriteStream();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new CommandFailure(
        `${path}: there is such a file already; choose another name, or --force to write over it`,
        { cause: error },
      );
    throw CommandFailure.ofFile(path, error);
  }
  const stream = path.endsWith('.gz') ? compressedInto(file) : file;
  // A failure has been told by the writer.
  const isClosed = finished(file).catch(() => {});
  return {
    stream,
    closed: () => {
      stream.end();
      return isClosed;
    },
  };
}

/** What is written becomes part of the file at the end of each write, so that a crash loses little. */
function compressedInto(file: Writable): Writable {
  const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
  file.on('error', (error) => gzip.destroy(error));
  gzip.pipe(file);
  return gzip;
}
