/**
 * Takes the fields of a packet, front to back, into memory that grows with them. A length that stands before what it
 * counts is put there afterwards.
 *
 * What MQTT cannot carry is a `TypeError` or `RangeError` that names the field.
 */
import { isUtf8Encodable, MAXIMUM_FIELD_BYTES, utf8ByteLength, writeUtf8 } from '../utf8.ts';
import {
  MAXIMUM_VARIABLE_BYTE_INTEGER,
  variableByteIntegerLength,
  writeVariableByteInteger,
} from '../variable-byte-integer.ts';
import { checkInteger } from './check-field.ts';

/** Room for most packets without properties. */
const FIRST_BYTES = 64;

export class PacketWriter {
  /** How many bytes the fields so far take. */
  position: number;
  #bytes: Uint8Array;

  constructor() {
    this.position = 0;
    this.#bytes = new Uint8Array(FIRST_BYTES);
  }

  /** Leaves room for so many bytes, and returns where it begins. */
  #leave(bytes: number): number {
    const at = this.position;
    this.position += bytes;
    if (this.position > this.#bytes.length) {
      const grown = new Uint8Array(this.position * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return at;
  }

  byte(value: number): void {
    const at = this.#leave(1);
    this.#bytes[at] = value;
  }

  bit(value: unknown, field: string): void {
    checkInteger(value, 0, 1, field);
    this.byte(value as number);
  }

  boolean(value: unknown, field: string): void {
    if (typeof value !== 'boolean')
      throw new TypeError(`expected a boolean as ${field}, got ${typeof value}`);
    this.byte(value ? 1 : 0);
  }

  twoByteInteger(value: unknown, field: string, minimum: number = 0): void {
    checkInteger(value, minimum, 0xffff, field);
    this.#twoBytes(value as number);
  }

  fourByteInteger(value: unknown, field: string, minimum: number = 0): void {
    checkInteger(value, minimum, 0xffff_ffff, field);
    this.#twoBytes((value as number) >>> 16);
    this.#twoBytes(value as number);
  }

  variableByteInteger(value: unknown, field: string, minimum: number = 0): void {
    checkInteger(value, minimum, MAXIMUM_VARIABLE_BYTE_INTEGER, field);
    const at = this.#leave(variableByteIntegerLength(value as number));
    writeVariableByteInteger(value as number, this.#bytes, at);
  }

  /** A Packet Identifier, which is never 0. */
  packetId(value: unknown): void {
    this.twoByteInteger(value, 'packetId', 1); // [MQTT-2.2.1-3] [MQTT-2.2.1-4] [MQTT-2.3.1-1] 3.1.1
  }

  string(text: unknown, field: string): void {
    if (typeof text !== 'string') throw new TypeError(`expected a string as ${field}, got ${typeof text}`);
    if (!isUtf8Encodable(text)) {
      // [MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT-1.5.3-1] 3.1.1 [MQTT-1.5.3-2] 3.1.1
      throw new RangeError(`expected no U+0000 and no lone surrogate in ${field}`);
    }
    const at = this.#leaveField(utf8ByteLength(text), field); // [MQTT-4.7.3-3] [MQTT-4.7.3-3] 3.1.1
    writeUtf8(text, this.#bytes, at);
  }

  stringPair(value: unknown, field: string): void {
    if (!Array.isArray(value) || value.length !== 2) {
      throw new TypeError(`expected a name and a value in each of ${field}, got ${JSON.stringify(value)}`);
    }
    this.string(value[0], field);
    this.string(value[1], field);
  }

  binary(data: unknown, field: string): void {
    checkBytes(data, field);
    const at = this.#leaveField(data.length, field);
    this.#bytes.set(data, at);
  }

  /** Leaves room for a field of so many bytes, whose length stands before it. */
  #leaveField(length: number, field: string): number {
    if (length > MAXIMUM_FIELD_BYTES) {
      throw new RangeError(`expected at most ${MAXIMUM_FIELD_BYTES} bytes in ${field}, got ${length}`);
    }
    this.#twoBytes(length);
    return this.#leave(length);
  }

  /** Leaves a byte for the length of what follows, as a Variable Byte Integer: nearly all need no more. */
  beginLength(): number {
    return this.#leave(1);
  }

  /**
   * Says how long everything behind a byte is that {@link beginLength} has left.
   *
   * @param more bytes that belong to it and stand elsewhere
   */
  endLength(at: number, field: string, more: number = 0): void {
    const start = at + 1;
    const end = this.position;
    const length = end - start + more;
    checkInteger(length, 0, MAXIMUM_VARIABLE_BYTE_INTEGER, field);
    if (length >= 0x80) {
      const moved = variableByteIntegerLength(length) - 1;
      this.#leave(moved);
      this.#bytes.copyWithin(start + moved, start, end);
    }
    writeVariableByteInteger(length, this.#bytes, at);
  }

  /** A copy of what was written. */
  copy(): Uint8Array {
    return this.#bytes.slice(0, this.position);
  }

  #twoBytes(value: number): void {
    this.byte(value >> 8);
    this.byte(value);
  }
}

/** @throws {TypeError} unless it is bytes. */
export function checkBytes(data: unknown, field: string): asserts data is Uint8Array {
  if (!(data instanceof Uint8Array)) {
    throw new TypeError(`expected a Uint8Array as ${field}, got ${typeof data}`);
  }
}
