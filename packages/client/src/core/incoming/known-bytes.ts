/**
 * What bytes mean that come again and again, such as topic names: it is made once and then known by the bytes, so that no
 * string is made and nothing is checked another time. A bounded number is remembered.
 */

/** Values remembered; then all are forgotten, so that those which come once do not stay. */
const MAXIMUM_VALUES = 4096;
/** What longer bytes mean is made anew each time. */
const MAXIMUM_BYTES = 1024;

interface OfBytes {
  readonly bytes: Uint8Array;
}

export class KnownBytes<T extends OfBytes> {
  readonly #make: (bytes: Uint8Array) => T;
  /** One value per hash: another one with the same hash takes its place. */
  readonly #byHash: Map<number, T> = new Map();
  #last: T | undefined;

  /** @param make what the bytes mean, which are a copy that nobody writes to */
  constructor(make: (bytes: Uint8Array) => T) {
    this.#make = make;
  }

  /** What `bytes[start, end)` means. Throws what `make` throws. */
  find(bytes: Uint8Array, start: number, end: number): T {
    if (isOf(this.#last, bytes, start, end)) return this.#last;
    let hash = 0;
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    let known = this.#byHash.get(hash);
    if (!isOf(known, bytes, start, end)) {
      known = this.#make(bytes.slice(start, end));
      if (end - start > MAXIMUM_BYTES) return known;
      if (this.#byHash.size >= MAXIMUM_VALUES) this.#byHash.clear();
      this.#byHash.set(hash, known);
    }
    this.#last = known;
    return known;
  }
}

/** From the end, because names that are alike begin alike. */
function isOf<T extends OfBytes>(
  known: T | undefined,
  bytes: Uint8Array,
  start: number,
  end: number,
): known is T {
  if (known?.bytes.length !== end - start) return false;
  for (let i = end - start - 1; i >= 0; i--) if (known.bytes[i] !== bytes[start + i]) return false;
  return true;
}
