/**
 * Which messages of one publisher have come to any of several receivers, one bit each: where a group shares the work, each
 * gets some of them, and only together they can prove that nothing is missing or came twice.
 */
const FIRST_BYTES = 1024;
/** 2^27 messages: 16 MiB. */
const MAXIMUM_BYTES = 1 << 24;

export class SeenSequences {
  readonly publisher: number;
  #bits: Uint8Array<ArrayBuffer>;
  #duplicates: number;
  #received: number;

  constructor(publisher: number) {
    this.publisher = publisher;
    this.#bits = new Uint8Array(FIRST_BYTES);
    this.#duplicates = 0;
    this.#received = 0;
  }

  get received(): number {
    return this.#received;
  }

  get duplicates(): number {
    return this.#duplicates;
  }

  get bits(): Uint8Array {
    return this.#bits;
  }

  /**
   * Returns false for a message that had come before.
   * @throws {RangeError} for the 134,217,729th message of one publisher: no run is as long
   */
  receive(sequence: number): boolean {
    const at = sequence >>> 3;
    if (at >= this.#bits.length) this.#grow(at + 1);
    const bit = 1 << (sequence & 7);
    if ((this.#bits[at]! & bit) !== 0) {
      this.#duplicates++;
      return false;
    }
    this.#bits[at]! |= bit;
    this.#received++;
    return true;
  }

  /** Adds what another thread's receivers got. */
  merge(bits: Uint8Array, duplicates: number): void {
    if (bits.length > this.#bits.length) this.#grow(bits.length);
    this.#duplicates += duplicates;
    for (let at = 0; at < bits.length; at++) {
      const ours = this.#bits[at]!;
      const theirs = bits[at]!;
      this.#duplicates += bitsIn(ours & theirs);
      this.#received += bitsIn(theirs & ~ours);
      this.#bits[at] = ours | theirs;
    }
  }

  has(sequence: number): boolean {
    return ((this.#bits[sequence >>> 3] ?? 0) & (1 << (sequence & 7))) !== 0;
  }

  #grow(bytes: number): void {
    if (bytes > MAXIMUM_BYTES) {
      throw new RangeError(`expected at most ${MAXIMUM_BYTES * 8} messages of one publisher, got more`);
    }
    const bits = new Uint8Array(Math.min(MAXIMUM_BYTES, Math.max(bytes, this.#bits.length * 2)));
    bits.set(this.#bits);
    this.#bits = bits;
  }
}

function bitsIn(byte: number): number {
  let count = 0;
  for (let left = byte; left !== 0; left &= left - 1) count++;
  return count;
}
