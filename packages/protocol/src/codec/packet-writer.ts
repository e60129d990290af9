/**
 * Takes the fields of a packet, front to back, in one of two ways: it writes them into bytes that are large enough, or
 * only counts the bytes that they take. So each packet is described once, by a function that hands its fields over;
 * the packet is counted first and written then.
 *
 * What MQTT cannot carry is thrown while counting, before a byte is written: a `TypeError` or `RangeError` that names the
 * field.
 */
import { isUtf8Encodable, MAXIMUM_FIELD_BYTES, utf8ByteLength, writeUtf8 } from '../utf8.ts';
import { MAXIMUM_VARIABLE_BYTE_INTEGER, writeVariableByteInteger } from '../variable-byte-integer.ts';
import { checkInteger } from './check-field.ts';

/** What a counting writer has for bytes; a store past their end would do nothing, but takes longer than to skip it. */
const NOWHERE: Uint8Array = /* @__PURE__ */ new Uint8Array(0);

export class PacketWriter {
  /** Where the next field goes; when counting, how many bytes the fields so far take. */
  position: number;
  readonly #bytes: Uint8Array;

  /** Without `bytes` it only counts. */
  constructor(bytes: Uint8Array = NOWHERE, offset: number = 0) {
    this.position = offset;
    this.#bytes = bytes;
  }

  get counts(): boolean {
    return this.#bytes === NOWHERE;
  }

  byte(value: number): void {
    if (!this.counts) this.#bytes[this.position] = value;
    this.position++;
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
    this.position = writeVariableByteInteger(value as number, this.#bytes, this.position);
  }

  /** A Packet Identifier, which is never 0. */
  packetId(value: unknown): void {
    this.twoByteInteger(value, 'packetId', 1); // [MQTT-2.2.1-3] [MQTT-2.2.1-4] [MQTT-2.3.1-1] 3.1.1
  }

  string(text: unknown, field: string): void {
    if (typeof text !== 'string') throw new TypeError(`expected a string as ${field}, got ${typeof text}`);
    const start = this.position + 2;
    if (!this.counts) {
      const end = writeUtf8(text, this.#bytes, start);
      this.#twoBytes(end - start);
      this.position = end;
      return;
    }
    if (!isUtf8Encodable(text)) {
      // [MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT-1.5.3-1] 3.1.1 [MQTT-1.5.3-2] 3.1.1
      throw new RangeError(`expected no U+0000 and no lone surrogate in ${field}`);
    }
    this.position = start + checkLength(utf8ByteLength(text), field); // [MQTT-4.7.3-3] [MQTT-4.7.3-3] 3.1.1
  }

  stringPair(value: unknown, field: string): void {
    if (!Array.isArray(value) || value.length !== 2) {
      throw new TypeError(`expected a name and a value in each of ${field}, got ${JSON.stringify(value)}`);
    }
    this.string(value[0], field);
    this.string(value[1], field);
  }

  binary(data: unknown, field: string): void {
    const lengthAt = this.position;
    this.position += 2;
    this.raw(data, field);
    const end = this.position;
    this.position = lengthAt;
    this.#twoBytes(checkLength(end - lengthAt - 2, field));
    this.position = end;
  }

  /** Bytes that stand alone, such as a payload. */
  raw(data: unknown, field: string): void {
    if (!(data instanceof Uint8Array)) {
      throw new TypeError(`expected a Uint8Array as ${field}, got ${typeof data}`);
    }
    if (!this.counts) this.#bytes.set(data, this.position);
    this.position += data.length;
  }

  #twoBytes(value: number): void {
    this.byte(value >> 8);
    this.byte(value);
  }
}

/** Of a string or binary data, whose length is a Two Byte Integer. */
function checkLength(length: number, field: string): number {
  if (length > MAXIMUM_FIELD_BYTES) {
    throw new RangeError(`expected at most ${MAXIMUM_FIELD_BYTES} bytes in ${field}, got ${length}`);
  }
  return length;
}
