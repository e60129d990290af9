/**
 * Variable Byte Integers (section 1.5.5): seven bits per byte, lowest first, the top bit says that more follow.
 */
import { MalformedPacketError } from './protocol-error.ts';

export const MAXIMUM_VARIABLE_BYTE_INTEGER = 268_435_455;

/**
 * Where the one that begins at `offset` ends; 0 when that is not before `end`.
 *
 * @throws {MalformedPacketError} when it is longer than four bytes, or than its value needs.
 */
export function variableByteIntegerEnd(bytes: Uint8Array, offset: number, end: number): number {
  for (let i = offset; i < offset + 4; i++) {
    if (i >= end) return 0;
    const byte = bytes[i]!;
    if (byte < 0x80) {
      if (byte === 0 && i > offset) break; // [MQTT-1.5.5-1]
      return i + 1;
    }
  }
  throw new MalformedPacketError('expected a Variable Byte Integer in its shortest form');
}

/** The value of `bytes[offset, end)`, which is a whole one. */
export function variableByteIntegerValue(bytes: Uint8Array, offset: number, end: number): number {
  let value = 0;
  for (let i = end - 1; i >= offset; i--) value = value * 128 + (bytes[i]! & 0x7f);
  return value;
}

/**
 * The value that begins at `offset`. Its length follows from the value by {@link variableByteIntegerLength}, because
 * longer forms are refused.
 *
 * @throws {MalformedPacketError} when it does not end before `end`, is longer than four bytes, or than its value needs.
 */
export function readVariableByteInteger(bytes: Uint8Array, offset: number, end: number): number {
  const first = bytes[offset]!;
  if (first < 0x80 && offset < end) return first; // nearly all are that short
  const next = variableByteIntegerEnd(bytes, offset, end);
  if (next === 0) {
    throw new MalformedPacketError('expected a whole Variable Byte Integer, got a part');
  }
  return variableByteIntegerValue(bytes, offset, next);
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
