const SLOTS = 256;
/** Longer names are rare, and are made anew each time: the table stays below 128 KiB. */
const LONGEST_BYTES = 256;

/**
 * Topic names as strings, from their bytes. A name that was met not long ago is found by its bytes, and no string is made
 * for it: what waits in queues has few topics.
 */
export class TopicNames {
  readonly #bytes: (Uint8Array | null)[];
  readonly #names: string[];

  constructor() {
    this.#bytes = new Array<Uint8Array | null>(SLOTS).fill(null);
    this.#names = new Array<string>(SLOTS).fill('');
  }

  /** The name whose UTF-8 is `bytes[start, end)`. What is not UTF-8 becomes U+FFFD. */
  nameOf(bytes: Uint8Array, start: number, end: number): string {
    const length = end - start;
    if (length > LONGEST_BYTES) return decode(bytes, start, end);
    let hash = length;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x0100_0193);
    const slot = (hash ^ (hash >>> 16)) & (SLOTS - 1);
    const known = this.#bytes[slot]!;
    if (known !== null && known.length === length) {
      let same = 0;
      while (same < length && known[same] === bytes[start + same]) same++;
      if (same === length) return this.#names[slot]!;
    }
    const name = decode(bytes, start, end);
    this.#bytes[slot] = bytes.slice(start, end);
    this.#names[slot] = name;
    return name;
  }
}

function decode(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8', start, end);
}
