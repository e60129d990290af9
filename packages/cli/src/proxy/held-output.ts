/** Outputs that hold the proxy back while they do not keep up, so that what is told of the packets does not pile up. */
import type { Writable } from 'node:stream';

export class HeldOutput {
  readonly #full: Set<Writable> = new Set();
  readonly #onChange: (isHeld: boolean) => void;

  /** @param onChange called when the first output is full, and when none is any more */
  constructor(onChange: (isHeld: boolean) => void) {
    this.#onChange = onChange;
  }

  get isHeld(): boolean {
    return this.#full.size > 0;
  }

  write(stream: Writable, chunk: string | Uint8Array): void {
    // One that has failed tells of it elsewhere, and drains no more.
    if (stream.destroyed || stream.write(chunk) || this.#full.has(stream)) return;
    this.#full.add(stream);
    if (this.#full.size === 1) this.#onChange(true);
    const onDrain = (): void => {
      stream.off('drain', onDrain).off('close', onDrain);
      this.#full.delete(stream);
      if (this.#full.size === 0) this.#onChange(false);
    };
    stream.on('drain', onDrain).on('close', onDrain);
  }
}
