import {
  MAXIMUM_VARIABLE_BYTE_INTEGER,
  MalformedPacketError,
  readVariableByteInteger,
  variableByteIntegerLength,
  writeVariableByteInteger,
} from '@martlet/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';

function bytesOf(value: number): Uint8Array {
  const bytes = new Uint8Array(variableByteIntegerLength(value));
  expect(writeVariableByteInteger(value, bytes, 0)).toBe(bytes.length);
  return bytes;
}

test('[MQTT-1.5.5-1] v5 values at the borders take as few bytes as the table of the specification says', () => {
  const borders = [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 268_435_455];
  expect(borders.map((value) => [...bytesOf(value)])).toEqual([
    [0x00],
    [0x7f],
    [0x80, 0x01],
    [0xff, 0x7f],
    [0x80, 0x80, 0x01],
    [0xff, 0xff, 0x7f],
    [0x80, 0x80, 0x80, 0x01],
    [0xff, 0xff, 0xff, 0x7f],
  ]);
});

test('every value comes back from its bytes, and is incomplete without the last of them', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: MAXIMUM_VARIABLE_BYTE_INTEGER }),
      fc.nat({ max: 3 }),
      (value, offset) => {
        const bytes = Uint8Array.of(...new Uint8Array(offset), ...bytesOf(value), 0x55);
        const end = bytes.length - 1;
        expect(readVariableByteInteger(bytes, offset, bytes.length)).toBe(value);
        expect(readVariableByteInteger(bytes, offset, end)).toBe(value);
        for (let cut = offset; cut < end; cut++) {
          expect(() => readVariableByteInteger(bytes, offset, cut)).toThrow(MalformedPacketError);
        }
      },
    ),
  );
});

test('[MQTT-1.5.5-1] v5 a form longer than the value needs is refused', () => {
  for (const bytes of [
    [0x80, 0x00],
    [0xff, 0x00],
    [0x80, 0x80, 0x00],
    [0xff, 0xff, 0xff, 0x00],
  ]) {
    expect(() => readVariableByteInteger(Uint8Array.from(bytes), 0, bytes.length)).toThrow(
      MalformedPacketError,
    );
  }
});

test('four bytes that announce a fifth are refused as too long, fewer as cut off', () => {
  const bytes = Uint8Array.of(0x80, 0x80, 0x80, 0x80);
  expect(() => readVariableByteInteger(bytes, 0, 4)).toThrow('shortest form');
  expect(() => readVariableByteInteger(bytes, 0, 3)).toThrow('got a part');
});
