import { SLOTS } from './slot-chunks.ts';

/**
 * A column of a chunk for integers of 32 bits that are nearly always below 65,536: two bytes for each, and two more from the
 * first larger (or negative) one on.
 */
export class SplitColumn {
  readonly #low: Uint16Array;
  #high: Uint16Array | null;

  /** @param low the lower halves */
  constructor(low: Uint16Array) {
    this.#low = low;
    this.#high = null;
  }

  /** As an integer from 0 on. */
  get(place: number): number {
    const low = this.#low[place]!;
    return this.#high === null ? low : low + this.#high[place]! * 0x1_0000;
  }

  /** As an integer with a sign. */
  getSigned(place: number): number {
    return this.get(place) | 0;
  }

  set(place: number, value: number): void {
    this.#low[place] = value;
    if (this.#high !== null) this.#high[place] = value >>> 16;
    else if (value >>> 16 !== 0) this.#setHigh(place, value);
  }

  #setHigh(place: number, value: number): void {
    this.#high = new Uint16Array(SLOTS);
    this.#high[place] = value >>> 16;
  }
}
