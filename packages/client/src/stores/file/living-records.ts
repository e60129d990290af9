import { CHANGE_HEADER_BYTES } from './log-format.ts';

/** A value in the log. */
interface Place {
  readonly position: number;
  readonly length: number;
}

/** Where in a log the value of each record lies. Takes about 100 bytes of memory per record. */
export class LivingRecords {
  readonly #places: Map<number, Place>;
  #bytes: number;

  constructor() {
    this.#places = new Map();
    this.#bytes = 0;
  }

  /** What the records take in a log that has nothing else: their values, and the headers of the changes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @param length -1 if the record is removed */
  change(key: number, position: number, length: number): void {
    const before = this.#places.get(key);
    if (before !== undefined) this.#bytes -= CHANGE_HEADER_BYTES + before.length;
    if (length < 0) {
      this.#places.delete(key);
      return;
    }
    this.#places.set(key, { position, length });
    this.#bytes += CHANGE_HEADER_BYTES + length;
  }

  /** Whether the value that lies there is the one that the record has. */
  isLiving(key: number, position: number): boolean {
    return this.#places.get(key)?.position === position;
  }
}
