/** Longer names are compared byte by byte. */
const MAX_WORD_BYTES = 256;

/**
 * A topic name that is looked up: its hash and, unless it is long, its bytes packed into 32-bit words, so that comparing
 * takes a quarter of the steps. Made once and read into again and again, because every message passes through it.
 */
export class TopicKey {
  readonly #seed: number;
  bytes: Uint8Array;
  start: number;
  end: number;
  /** Never 0, which tables use for "empty". */
  hash: number;
  readonly words: Int32Array;
  /** 0 for a long name. */
  wordCount: number;

  constructor(seed: number) {
    this.#seed = seed;
    this.bytes = new Uint8Array(0);
    this.start = 0;
    this.end = 0;
    this.hash = 1;
    this.words = new Int32Array(MAX_WORD_BYTES / 4);
    this.wordCount = 0;
  }

  get length(): number {
    return this.end - this.start;
  }

  read(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    const words = this.words;
    const isShort = end - start <= MAX_WORD_BYTES;
    let hash = this.#seed ^ (end - start);
    let count = 0;
    let i = start;
    for (const lastWord = end - 4; i <= lastWord; i += 4) {
      const word = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
      if (isShort) words[count++] = word;
      hash = Math.imul(hash ^ word, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    if (i < end) {
      let word = bytes[i]!;
      if (i + 1 < end) word |= bytes[i + 1]! << 8;
      if (i + 2 < end) word |= bytes[i + 2]! << 16;
      if (isShort) words[count++] = word;
      hash = Math.imul(hash ^ word, 0x9e3779b1);
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash ^= hash >>> 13;
    this.hash = hash === 0 ? 1 : hash;
    this.wordCount = count;
  }
}
