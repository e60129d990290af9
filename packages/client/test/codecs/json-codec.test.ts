import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ClientError } from '../../src/client-error.ts';
import { jsonCodec } from '../../src/codecs/json-codec.ts';

const codec = jsonCodec();
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('The JSON codec', () => {
  test('says what its payloads are', () => {
    expect(codec.contentType).toBe('application/json');
    expect(codec.payloadFormatIndicator).toBe(1);
  });

  test('gives back every JSON value that it encoded', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        expect(codec.decode(codec.encode(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('encodes as UTF-8', () => {
    expect(codec.encode('ŝ')).toEqual(bytesOf('"ŝ"'));
    expect(codec.encode(null)).toEqual(bytesOf('null'));
    expect(codec.encode('\ud800')).toEqual(bytesOf('"\\ud800"'));
  });

  const circle: Record<string, unknown> = {};
  circle['circle'] = circle;

  test.each([
    ['undefined', undefined, 'undefined'],
    ['a function', () => {}, 'function'],
    ['a symbol', Symbol('s'), 'symbol'],
    ['a bigint', 1n, 'bigint'],
    ['a circle', circle, 'object'],
    ['NaN', Number.NaN, 'NaN'],
    ['an infinity', Number.NEGATIVE_INFINITY, '-Infinity'],
    ['what throws in toJSON', { toJSON: () => { throw new Error('no'); } }, 'object'], // biome-ignore format: one row
  ])('refuses to encode %s', (_what, value, got) => {
    expect(() => codec.encode(value)).toThrow(
      expect.objectContaining({
        code: 'INVALID_PAYLOAD',
        kind: 'local',
        message: expect.stringMatching(new RegExp(`expected a value that JSON can express, got .*${got}`)),
      }),
    );
  });

  test.each([
    ['nothing', new Uint8Array(), '0 bytes'],
    ['text', bytesOf('on'), '2 bytes'],
    ['JSON cut off', bytesOf('{"a":'), '5 bytes'],
    ['JSON with more behind', bytesOf('1 2'), '3 bytes'],
    ['a string that is no UTF-8', Uint8Array.of(0x22, 0xff, 0x22), '3 bytes'],
    ['JSON too deep to be read', bytesOf('['.repeat(100_000)), '100000 bytes'],
  ])('refuses to decode %s', (_what, payload, got) => {
    const decode = () => codec.decode(payload);
    expect(decode).toThrow(ClientError);
    expect(decode).toThrow(
      expect.objectContaining({
        code: 'INVALID_PAYLOAD',
        message: `expected a payload of JSON in UTF-8, got ${got} that are not`,
        cause: expect.any(Error),
      }),
    );
  });

  test('decodes no prototype into an object', () => {
    const decoded = codec.decode(bytesOf('{"__proto__":{"polluted":true}}')) as Record<string, unknown>;
    expect(decoded['polluted']).toBeUndefined();
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
  });
});
