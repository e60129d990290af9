import { MalformedPacketError, ProtocolError } from '../protocol-error.ts';
import { checkUtf8, decodeUtf8 } from '../utf8.ts';
import { readVariableByteInteger, variableByteIntegerLength } from '../variable-byte-integer.ts';

/**
 * Reads the fields of one packet from a byte range, front to back. Every read past the end of the range is a
 * {@link MalformedPacketError} that names the field.
 */
export class PacketReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  /** Where the next field begins. */
  position: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.position = start;
    this.#end = end;
  }

  get remaining(): number {
    return this.#end - this.position;
  }

  byte(field: string): number {
    return this.#bytes[this.#take(1, field)]!;
  }

  bit(field: string): number {
    const value = this.byte(field);
    if (value > 1) throw new ProtocolError(`expected 0 or 1 as ${field}, got ${value}`);
    return value;
  }

  boolean(field: string): boolean {
    return this.bit(field) === 1;
  }

  twoByteInteger(field: string): number {
    const at = this.#take(2, field);
    return (this.#bytes[at]! << 8) | this.#bytes[at + 1]!;
  }

  fourByteInteger(field: string): number {
    return this.twoByteInteger(field) * 0x1_0000 + this.twoByteInteger(field);
  }

  variableByteInteger(field: string): number {
    if (this.remaining === 0) this.#take(1, field);
    const value = readVariableByteInteger(this.#bytes, this.position, this.#end);
    this.position += variableByteIntegerLength(value);
    return value;
  }

  packetId(): number {
    const packetId = this.twoByteInteger('Packet Identifier');
    if (packetId === 0) {
      throw new ProtocolError('expected a Packet Identifier from 1 on, got 0'); // [MQTT-2.2.1-3] [MQTT-2.3.1-1] 3.1.1
    }
    return packetId;
  }

  string(field: string): string {
    const at = this.#takeField(field);
    // Strings of every packet: [MQTT-3.1.3-4] [MQTT-3.1.3-11] [MQTT-3.1.3-12] [MQTT-3.3.2-1] [MQTT-3.8.3-1] [MQTT-3.10.3-1]
    // [MQTT-3.1.3-4] 3.1.1 [MQTT-3.1.3-10] 3.1.1 [MQTT-3.1.3-11] 3.1.1 [MQTT-3.3.2-1] 3.1.1 [MQTT-3.8.3-1] 3.1.1
    // [MQTT-3.10.3-1] 3.1.1; and of properties: [MQTT-1.5.7-1] [MQTT-3.3.2-13] [MQTT-3.3.2-19]
    return decodeUtf8(this.#bytes, at, this.position, field);
  }

  stringPair(field: string): readonly [name: string, value: string] {
    return [this.string(field), this.string(field)];
  }

  /** Goes on behind a string pair, and refuses what {@link stringPair} refuses. */
  skipStringPair(field: string): void {
    for (let strings = 2; strings > 0; strings--) {
      const at = this.#takeField(field);
      checkUtf8(this.#bytes, at, this.position, field); // [MQTT-1.5.7-1]
    }
  }

  /** A reader of a copy of everything from `position` on. */
  copyFrom(position: number): PacketReader {
    // What `slice` of Node.js's buffers gives is a view.
    const copy = new Uint8Array(this.#bytes.subarray(position, this.#end));
    return new PacketReader(copy, 0, copy.length);
  }

  /** A view of the bytes being read. */
  binary(field: string): Uint8Array {
    return this.#bytes.subarray(this.#takeField(field), this.position);
  }

  /** A view of everything that is left. */
  rest(): Uint8Array {
    return this.#bytes.subarray(this.#take(this.remaining, ''), this.#end);
  }

  /** A reader for the next `length` bytes, which this one leaves behind. */
  section(length: number, field: string): PacketReader {
    const at = this.#take(length, field);
    return new PacketReader(this.#bytes, at, at + length);
  }

  /** @throws {MalformedPacketError} unless everything has been read. */
  finish(packet: string): void {
    if (this.remaining > 0) {
      throw new MalformedPacketError(`expected the end of ${packet}, got ${this.remaining} more bytes`);
    }
  }

  /** Where the content of a field begins whose length stands before it; it ends at the new position. */
  #takeField(field: string): number {
    return this.#take(this.twoByteInteger(field), field);
  }

  #take(length: number, field: string): number {
    const at = this.position;
    if (length > this.remaining) {
      throw new MalformedPacketError(`expected ${length} bytes of ${field}, got ${this.remaining}`);
    }
    this.position = at + length;
    return at;
  }
}
