/** Writing to a line that may be slower than what is written, or stand still, within a bound. */
import type { Writable } from 'node:stream';

export class BoundedWriting {
  readonly #target: Writable;
  readonly #mostBytes: number;
  #overflowed = 0;

  /** @param mostBytes that may wait in this process */
  constructor(target: Writable, mostBytes: number) {
    this.#target = target;
    this.#mostBytes = mostBytes;
  }

  /** What was not written, in calls. */
  get overflowed(): number {
    return this.#overflowed;
  }

  /** All or nothing. */
  write(bytes: Uint8Array): void {
    if (this.#target.writableLength + bytes.length > this.#mostBytes) this.#overflowed++;
    else if (this.#target.writable) this.#target.write(bytes);
  }
}
