/**
 * What is to be written to the transport: packets are encoded one behind the other into one piece of memory, which leaves
 * in one write per turn. Large payloads are not copied into it but handed over as they are.
 */

/** Memory is taken in pieces: at first, and where little is written, of this size. */
const LEAST_SLAB_BYTES = 4096;
/** A piece is no larger than this, which is what a socket takes in one write, unless one packet is. */
const MOST_SLAB_BYTES = 131_072;
/** A payload of this length leaves by reference. */
export const BY_REFERENCE_BYTES = 16_384;

export class Outbox {
  readonly #write: (bytes: Uint8Array) => void;
  #slab: Uint8Array;
  #start: number;
  #end: number;

  /** @param write given bytes that are not changed any more. */
  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
    this.#slab = new Uint8Array(0);
    this.#start = 0;
    this.#end = 0;
  }

  get isEmpty(): boolean {
    return this.#end === this.#start;
  }

  /** Memory with room for so many bytes from `end` on; `advance` says what was written there. */
  reserve(bytes: number): Uint8Array {
    if (this.#slab.length - this.#end < bytes) {
      const { length } = this.#slab;
      // The next is twice as large when this one is full before anything of it has left.
      const wanted = Math.min(this.#start === 0 ? length * 2 : length, MOST_SLAB_BYTES);
      this.flush();
      this.#slab = new Uint8Array(Math.max(wanted, LEAST_SLAB_BYTES, bytes));
      this.#start = 0;
      this.#end = 0;
    }
    return this.#slab;
  }

  get end(): number {
    return this.#end;
  }

  advance(end: number): void {
    this.#end = end;
  }

  push(bytes: Uint8Array): void {
    const slab = this.reserve(bytes.length);
    slab.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Bytes that are not copied: they leave behind what is here already. */
  pushByReference(bytes: Uint8Array): void {
    this.flush();
    this.#write(bytes);
  }

  flush(): void {
    if (this.#end === this.#start) return;
    const bytes = this.#slab.subarray(this.#start, this.#end);
    this.#start = this.#end;
    this.#write(bytes);
  }
}
