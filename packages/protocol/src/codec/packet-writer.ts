import { writeUtf8 } from '../utf8.ts';
import { writeVariableByteInteger } from '../variable-byte-integer.ts';

/**
 * Writes the fields of one packet into bytes that are large enough for it. It checks nothing: whoever computed the
 * length (see `field-length.ts`) has checked every value on the way.
 */
export class PacketWriter {
  readonly #bytes: Uint8Array;
  #position: number;

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.#position = offset;
  }

  get position(): number {
    return this.#position;
  }

  byte(value: number): void {
    this.#bytes[this.#position++] = value;
  }

  twoByteInteger(value: number): void {
    this.#bytes[this.#position++] = value >> 8;
    this.#bytes[this.#position++] = value;
  }

  fourByteInteger(value: number): void {
    this.twoByteInteger(value >>> 16);
    this.twoByteInteger(value & 0xffff);
  }

  variableByteInteger(value: number): void {
    this.#position = writeVariableByteInteger(value, this.#bytes, this.#position);
  }

  string(text: string): void {
    const end = writeUtf8(text, this.#bytes, this.#position + 2);
    this.twoByteInteger(end - this.#position - 2);
    this.#position = end;
  }

  binary(data: Uint8Array): void {
    this.twoByteInteger(data.length);
    this.raw(data);
  }

  raw(data: Uint8Array): void {
    this.#bytes.set(data, this.#position);
    this.#position += data.length;
  }
}
