import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cborTokensOf, MOST_DEPTH } from '../../src/messages/cbor-tokens.ts';
import { cborFromJson } from '../../src/messages/input-cbor.ts';

const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex');
const textOf = (hex: string): string | undefined => cborTokensOf(bytes(hex))?.join('');

describe('CBOR as text', () => {
  test.each([
    // RFC 8949, appendix A.
    ['00', '0'],
    ['17', '23'],
    ['1818', '24'],
    ['1903e8', '1000'],
    ['1a000f4240', '1000000'],
    ['1b000000e8d4a51000', '1000000000000'],
    ['1bffffffffffffffff', '18446744073709551615'],
    ['3bffffffffffffffff', '-18446744073709551616'],
    ['20', '-1'],
    ['3903e7', '-1000'],
    ['f90000', '0.0'],
    ['f98000', '-0.0'],
    ['f93c00', '1.0'],
    ['fb3ff199999999999a', '1.1'],
    ['f97bff', '65504.0'],
    ['fa47c35000', '100000.0'],
    ['f90001', '5.960464477539063e-8'],
    ['f97c00', 'Infinity'],
    ['f97e00', 'NaN'],
    ['f9fc00', '-Infinity'],
    ['f4', 'false'],
    ['f6', 'null'],
    ['f7', 'undefined'],
    ['f0', 'simple(16)'],
    ['f8ff', 'simple(255)'],
    ['c11a514b67b0', '1(1363896240)'],
    ['d74401020304', "23(h'01020304')"],
    ['4401020304', "h'01020304'"],
    ['6449455446', '"IETF"'],
    ['62225c', '"\\"\\\\"'],
    ['62c3bc', '"ü"'],
    ['80', '[]'],
    ['8301820203820405', '[1,[2,3],[4,5]]'],
    ['a201020304', '{1:2,3:4}'],
    ['a26161016162820203', '{"a":1,"b":[2,3]}'],
    ['5f42010243030405ff', "h'0102030405'"],
    ['7f657374726561646d696e67ff', '"streaming"'],
    ['9f018202039f0405ffff', '[1,[2,3],[4,5]]'],
    ['bf61610161629f0203ffff', '{"a":1,"b":[2,3]}'],
  ])('shows %s as %s', (hex, text) => {
    expect(textOf(hex)).toBe(text);
  });

  test.each([
    ['nothing', ''],
    ['a number that is cut off', '19'],
    ['more than one item', '0000'],
    ['a list that is cut off', '8201'],
    ['a list of more items than there are bytes', '9bffffffffffffffff00'],
    ['bytes that are longer than what came', '5affffffff00'],
    ['text that is no UTF-8', '61ff'],
    ['a length that is reserved', '1c'],
    ['an end without a beginning', 'ff'],
    ['a part of another kind', '5f6161ff'],
    ['an object with a name and no value', 'bf6161ff'],
  ])('is not there for %s', (_what, hex) => {
    expect(textOf(hex)).toBeUndefined();
  });

  test('goes as deep as its limit, and no deeper', () => {
    expect(textOf(`${'81'.repeat(MOST_DEPTH)}00`)).toBe(
      `${'['.repeat(MOST_DEPTH)}0${']'.repeat(MOST_DEPTH)}`,
    );
    expect(textOf(`${'81'.repeat(MOST_DEPTH + 1)}00`)).toBeUndefined();
  });

  test('is the JSON that pub --cbor made it of', () => {
    const value = fc.jsonValue({ depthSize: 'small' });
    fc.assert(
      fc.property(value, (json) => {
        const text = cborTokensOf(cborFromJson(JSON.stringify(json)))?.join('');
        expect(JSON.parse(text!)).toEqual(JSON.parse(JSON.stringify(json)));
      }),
    );
  });

  test('never fails in another way, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
        const tokens = cborTokensOf(input);
        expect(tokens === undefined || tokens.length <= input.length * 4).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
