/**
 * Variable Byte Integers (section 1.5.5): seven bits per byte, lowest first, the top bit says that more follow.
 */
import { MalformedPacketError } from './protocol-error.ts';

export const MAXIMUM_VARIABLE_BYTE_INTEGER = 268_435_455;

/**
 * The value that begins at `offset`. Its length follows from the value by {@link variableByteIntegerLength}, because
 * longer forms are refused.
 *
 * @throws {MalformedPacketError} when it does not end before `end`, is longer than four bytes, or than its value needs.
 */
export function readVariableByteInteger(bytes: Uint8Array, offset: number, end: number): number {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    if (offset + i >= end) {
      throw new MalformedPacketError('expected a whole Variable Byte Integer, got only a part of one');
    }
    const byte = bytes[offset + i]!;
    value |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      if (byte === 0 && i > 0) {
        // [MQTT-1.5.5-1]
        throw new MalformedPacketError(
          `expected the shortest Variable Byte Integer, got ${i + 1} bytes for ${value}`,
        );
      }
      return value;
    }
  }
  throw new MalformedPacketError('expected a Variable Byte Integer of at most four bytes');
}

/** How many bytes the value takes; it must be an integer from 0 to {@link MAXIMUM_VARIABLE_BYTE_INTEGER}. */
export function variableByteIntegerLength(value: number): 1 | 2 | 3 | 4 {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4;
}

/** Writes the value in its shortest form at `offset` and returns the offset behind it. */
export function writeVariableByteInteger(value: number, bytes: Uint8Array, offset: number): number {
  let at = offset;
  let rest = value;
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}
