/** Bytes that are read in parts from standard input or a file, and how far that is. */
import { fstatSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { CommandFailure } from '../command-failure.ts';
import type { SourceProgress } from './message-source.ts';

const STDIN_DESCRIPTOR = 0;

export class InputStream {
  /** How messages call it. */
  readonly name: string;
  readonly #stream: Readable;
  readonly #parts: AsyncIterator<Uint8Array>;
  readonly #total: number;
  #done = 0;
  #isClosed = false;

  /** @param total bytes; 0 where nobody knows */
  constructor(name: string, stream: Readable, total: number) {
    this.name = name;
    this.#stream = stream;
    this.#parts = stream[Symbol.asyncIterator]();
    this.#total = total;
  }

  static ofStdin(stdin: Readable): InputStream {
    return new InputStream('standard input', stdin, stdinBytes());
  }

  /** @throws {CommandFailure} if it cannot be opened */
  static async ofFile(path: string): Promise<InputStream> {
    try {
      const file = await open(path);
      const { size } = await file.stat();
      return new InputStream(path, file.createReadStream(), size);
    } catch (error) {
      throw CommandFailure.ofFile(path, error);
    }
  }

  get progress(): SourceProgress {
    return { done: this.#done, total: this.#total };
  }

  /**
   * The next bytes; undefined at the end, and after `close`.
   * @throws {CommandFailure} if they cannot be read
   */
  async next(): Promise<Uint8Array | undefined> {
    if (this.#isClosed) return undefined;
    try {
      const { done, value } = await this.#parts.next();
      if (done === true) return undefined;
      this.#done += value.length;
      return value;
    } catch (error) {
      if (this.#isClosed) return undefined;
      throw CommandFailure.ofFile(this.name, error);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#stream.destroy();
  }
}

/** Those of a file; a pipe and a terminal have none that are known. */
function stdinBytes(): number {
  try {
    const stat = fstatSync(STDIN_DESCRIPTOR);
    return stat.isFile() ? stat.size : 0;
  } catch {
    return 0;
  }
}
