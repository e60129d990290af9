/**
 * Writes what was gathered in a turn of the event loop at once: a system call for a thousand small messages. In a turn that
 * brings more, it writes in between.
 */
import type { Writable } from 'node:stream';
import { ByteBuffer } from '../messages/byte-buffer.ts';
import type { OutputOwner } from './output.ts';

/** Bytes that are worth a write of their own. */
const ENOUGH = 64 * 1024;

export class BatchedWriter {
  /** To append to; `added` says that something was. */
  readonly buffer: ByteBuffer = new ByteBuffer(ENOUGH);
  readonly #stream: Writable;
  readonly #owner: OutputOwner;
  #isScheduled = false;
  #isClogged = false;
  #hasFailed = false;
  readonly #flush = (): void => {
    this.#isScheduled = false;
    this.flush();
  };

  constructor(stream: Writable, owner: OutputOwner) {
    this.#stream = stream;
    this.#owner = owner;
    stream.on('error', this.#onError).on('drain', this.#onDrain);
  }

  added(): void {
    if (this.buffer.length >= ENOUGH) this.flush();
    else if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(this.#flush);
    }
  }

  flush(): void {
    if (this.buffer.length === 0) return;
    const bytes = this.buffer.take();
    if (this.#hasFailed || this.#stream.write(bytes) || this.#isClogged) return;
    this.#isClogged = true;
    this.#owner.onClogged();
  }

  /** Fulfilled when everything has been written, or cannot be. */
  async end(): Promise<void> {
    this.flush();
    if (this.#hasFailed) return;
    const failure = await new Promise<Error | undefined>((resolve) => {
      this.#stream.write('', (error) => resolve(error ?? undefined));
    });
    // A file that failed is closed before its 'error' comes. Later writes are told that it is destroyed, not why.
    if (failure !== undefined) this.#onError(this.#stream.errored ?? failure);
  }

  readonly #onDrain = (): void => {
    if (!this.#isClogged) return;
    this.#isClogged = false;
    this.#owner.onFree();
  };

  readonly #onError = (error: NodeJS.ErrnoException): void => {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    // Whoever read has had enough, which ends the command elsewhere and quietly.
    if (error.code !== 'EPIPE') this.#owner.onFailed(error);
  };
}
