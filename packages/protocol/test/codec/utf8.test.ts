import {
  decodeUtf8,
  isUtf8Encodable,
  MalformedPacketError,
  utf8ByteLength,
  validateUtf8,
  writeUtf8,
} from '@martlet/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { utf8String } from './arbitraries.ts';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What the platform's own decoder says, plus the rule that is only MQTT's. */
function isValidByPlatform(bytes: Uint8Array): boolean {
  try {
    return !strict.decode(bytes).includes('\0');
  } catch {
    return false;
  }
}

/** Bytes at the borders of the ranges that well-formed UTF-8 is made of. */
const borderByte = fc.constantFrom(
  ...[0x00, 0x01, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec],
  ...[0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xfe, 0xff],
);

test('valid is what the strict decoder of the platform accepts, but for U+0000', () => {
  const bytes = fc.array(borderByte, { maxLength: 8 }).map((values) => Uint8Array.from(values));
  fc.assert(
    fc.property(bytes, (each) => {
      return validateUtf8(each, 0, each.length) === isValidByPlatform(each);
    }),
    { numRuns: 20_000 },
  );
});

test('every sequence of one and two bytes is judged as the platform does', () => {
  for (let first = 0; first < 256; first++) {
    expect(validateUtf8(Uint8Array.of(first), 0, 1)).toBe(isValidByPlatform(Uint8Array.of(first)));
    for (let second = 0; second < 256; second++) {
      const pair = Uint8Array.of(first, second);
      if (validateUtf8(pair, 0, 2) !== isValidByPlatform(pair)) throw new Error(`${first} ${second}`);
    }
  }
});

test('[MQTT-1.5.4-1] v5 [MQTT-1.5.3-1] v3.1.1 no character is cut by the end of the string', () => {
  const bytes = new TextEncoder().encode('a€😀');
  const valid = Array.from(bytes, (_, end) => validateUtf8(bytes, 0, end));
  expect(valid).toEqual([true, true, false, false, true, false, false, false]);
});

test('only the bytes between start and end count', () => {
  const bytes = Uint8Array.of(0xff, 0x61, 0x62, 0x00);
  expect(validateUtf8(bytes, 1, 3)).toBe(true);
  expect(decodeUtf8(bytes, 1, 3)).toBe('ab');
  expect(validateUtf8(bytes, 2, 2)).toBe(true);
});

test('the error names the field', () => {
  expect(() => decodeUtf8(Uint8Array.of(0xff), 0, 1, 'Topic Name')).toThrow(MalformedPacketError);
  expect(() => decodeUtf8(Uint8Array.of(0xff), 0, 1, 'Topic Name')).toThrow('Topic Name');
});

test('strings are written and measured as the encoder of the platform does', () => {
  fc.assert(
    fc.property(utf8String, fc.integer({ min: 0, max: 3 }), (text, offset) => {
      const expected = new TextEncoder().encode(text);
      expect(utf8ByteLength(text)).toBe(expected.length);
      const bytes = new Uint8Array(offset + expected.length);
      expect(writeUtf8(text, bytes, offset)).toBe(bytes.length);
      expect(bytes.subarray(offset)).toEqual(expected);
      expect(isUtf8Encodable(text)).toBe(true);
      expect(decodeUtf8(bytes, offset, bytes.length)).toBe(text);
    }),
    { numRuns: 1000 },
  );
});

test('[MQTT-1.5.4-2] v5 [MQTT-1.5.3-2] v3.1.1 a string with U+0000 cannot be sent', () => {
  expect(isUtf8Encodable('a\0')).toBe(false);
  expect(isUtf8Encodable('a0')).toBe(true);
});

test('[MQTT-1.5.4-1] v5 [MQTT-1.5.3-1] v3.1.1 a string with half of a surrogate pair cannot be sent', () => {
  expect(['\ud800', 'a\udc00', '\ud83da', '\udc00\ud800', '\ud800\ud800\udc00'].map(isUtf8Encodable)).toEqual(
    Array.from({ length: 5 }, () => false),
  );
  expect(['\ud7ff', '\ue000', '\ud800\udc00', '\udbff\udfff'].map(isUtf8Encodable)).toEqual(
    Array.from({ length: 4 }, () => true),
  );
});

test('[MQTT-1.5.4-3] v5 [MQTT-1.5.3-3] v3.1.1 a byte order mark stays where it is', () => {
  const bytes = Uint8Array.of(0xef, 0xbb, 0xbf, 0x61, 0xef, 0xbb, 0xbf);
  expect(decodeUtf8(bytes, 0, bytes.length)).toBe('\uFEFFa\uFEFF');
});
