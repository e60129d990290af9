import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOfText, hasStrayBytes, textOfBytes, textOrBytes } from '../../src/flags/bytes-in-text.ts';

describe('Bytes in text', () => {
  test.each([
    ['a Latin-1 letter', [0x61, 0xe9, 0x62], 'a\udce9b'],
    ['a character that is cut off', [0xe2, 0x82], '\udce2\udc82'],
    ['a surrogate as bytes', [0xed, 0xb3, 0xa9], '\udced\udcb3\udca9'],
    ['bytes beside characters', [0xc3, 0xbc, 0xff, 0xf0, 0x9f, 0x98, 0x80], 'ü\udcff😀'],
  ] as const)('that are no character stand alone: %s', (_name, bytes, text) => {
    expect(textOfBytes(Buffer.from(bytes))).toBe(text);
    expect([...bytesOfText(text)]).toEqual(bytes);
    expect(hasStrayBytes(text)).toBe(true);
  });

  test('come out as they went in', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect([...bytesOfText(textOfBytes(Buffer.from(bytes)))]).toEqual([...bytes]);
      }),
    );
  });

  test('are plain text where they are UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(textOfBytes(Buffer.from(text))).toBe(text);
        expect(hasStrayBytes(text)).toBe(false);
        expect(textOrBytes(text)).toBe(text);
      }),
    );
  });
});
