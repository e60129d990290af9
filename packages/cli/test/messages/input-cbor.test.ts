import { describe, expect, test } from 'vitest';
import { cborFromJson } from '../../src/messages/input-cbor.ts';

const hex = (text: string): string => Buffer.from(cborFromJson(text)).toString('hex');

describe('JSON as CBOR', () => {
  // From appendix A of RFC 8949, as far as JSON can say it.
  test.each([
    ['0', '00'],
    ['23', '17'],
    ['24', '1818'],
    ['255', '18ff'],
    ['256', '190100'],
    ['1000000', '1a000f4240'],
    ['1000000000000', '1b000000e8d4a51000'],
    ['-1', '20'],
    ['-100', '3863'],
    ['-1000', '3903e7'],
    ['1.1', 'fb3ff199999999999a'],
    ['100000.5', 'fa47c35040'],
    ['1e300', 'fb7e37e43c8800759c'],
    ['false', 'f4'],
    ['true', 'f5'],
    ['null', 'f6'],
    ['""', '60'],
    ['"IETF"', '6449455446'],
    ['"\\u6c34"', '63e6b0b4'],
    ['[]', '80'],
    ['[1, [2, 3], [4, 5]]', '8301820203820405'],
    ['{}', 'a0'],
    ['{"a": 1, "b": [2, 3]}', 'a26161016162820203'],
    [`[${'1,'.repeat(24)}1]`, `9819${'01'.repeat(25)}`],
  ])('%s is %s', (text, expected) => {
    expect(hex(text)).toBe(expected);
  });

  test('is refused where it is no JSON, or goes too deep', () => {
    expect(() => hex('on')).toThrow('payload: expected JSON, to be sent as CBOR');
    expect(hex(`${'['.repeat(501)}${']'.repeat(501)}`)).toMatch(/^(81){500}80$/);
    expect(() => hex(`${'['.repeat(502)}${']'.repeat(502)}`)).toThrow('at most 500 levels');
  });
});
