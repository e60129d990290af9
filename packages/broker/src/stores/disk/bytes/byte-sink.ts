import { utf8ByteLength, writeUtf8 } from '@martlet/protocol';
import type { Checksum } from './checksum.ts';

/** The longest form of a varint: 2^53 needs 8 groups of 7 bits. */
const VARINT_BYTES = 8;
const FIRST_CAPACITY = 4096;
/** A buffer above this is given back by `clear`. */
const KEPT_CAPACITY = 1 << 20;
/** Below this a loop copies faster than a view of the source can be made. */
const LOOP_COPY_BYTES = 64;

/**
 * Bytes that are gathered one behind the other, to be written to a file together. It grows as needed; nobody bounds it
 * here. All integers are little endian.
 *
 * A varint is an integer from 0 to 2^53 - 1, seven bits a byte, lowest first; the top bit says that more follow. A
 * zigzag is a varint of a signed integer: 0, -1, 1, -2, … become 0, 1, 2, 3, …
 */
export class ByteSink {
  #bytes: Uint8Array<ArrayBuffer>;
  #length: number;

  constructor(capacity: number = FIRST_CAPACITY) {
    this.#bytes = new Uint8Array(capacity);
    this.#length = 0;
  }

  /** How many bytes have been written. */
  get length(): number {
    return this.#length;
  }

  /** What has been written: a view, which later writes do not change and `clear` makes meaningless. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A view of a part of what has been written, as `bytes` is of all of it. */
  slice(start: number, end: number): Uint8Array {
    return this.#bytes.subarray(start, end);
  }

  /** Of what has been written from `start` on. */
  checksumFrom(start: number, checksum: Checksum): number {
    return checksum.of(this.#bytes, start, this.#length);
  }

  /** Makes room for so many more bytes at once. */
  reserve(bytes: number): void {
    if (this.#length + bytes > this.#bytes.length) this.#grow(bytes);
  }

  writeU8(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
  }

  writeU16(value: number): void {
    if (this.#length + 2 > this.#bytes.length) this.#grow(2);
    const bytes = this.#bytes;
    const at = this.#length;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    this.#length = at + 2;
  }

  writeU32(value: number): void {
    if (this.#length + 4 > this.#bytes.length) this.#grow(4);
    const bytes = this.#bytes;
    const at = this.#length;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
    this.#length = at + 4;
  }

  /** @param value an integer from 0 to 2^53 - 1 */
  writeVarint(value: number): void {
    if (this.#length + VARINT_BYTES > this.#bytes.length) this.#grow(VARINT_BYTES);
    const bytes = this.#bytes;
    let at = this.#length;
    let rest = value;
    while (rest > 0x7fff_ffff) {
      bytes[at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.#length = at;
  }

  /** @param value an integer from -2^52 to 2^52 - 1 */
  writeZigzag(value: number): void {
    this.writeVarint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  /** Copies `source[start, end)`, without a length before it. */
  writeBytes(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    if (this.#length + count > this.#bytes.length) this.#grow(count);
    const bytes = this.#bytes;
    const at = this.#length;
    if (count < LOOP_COPY_BYTES) {
      for (let i = 0; i < count; i++) bytes[at + i] = source[start + i]!;
    } else {
      bytes.set(count === source.length ? source : source.subarray(start, end), at);
    }
    this.#length = at + count;
  }

  /** The text in UTF-8, its length in bytes as a varint before it. It must have no lone surrogate. */
  writeText(text: string): void {
    const count = utf8ByteLength(text);
    this.writeVarint(count);
    if (this.#length + count > this.#bytes.length) this.#grow(count);
    this.#length = writeUtf8(text, this.#bytes, this.#length);
  }

  /** Empties it, to be filled again in the same memory. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > KEPT_CAPACITY) this.#bytes = new Uint8Array(FIRST_CAPACITY);
  }

  #grow(bytes: number): void {
    const capacity = Math.max(this.#bytes.length * 2, this.#length + bytes, FIRST_CAPACITY);
    const grown = new Uint8Array(capacity);
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
