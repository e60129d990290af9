// What Mosquitto 2.0.11 does not have; the rest is compared with it in test/e2e/cli/sub-formats.test.ts.

import { describe, expect, test } from 'vitest';
import { ByteBuffer } from '../../src/messages/byte-buffer.ts';
import { Format } from '../../src/messages/format.ts';

const AT_MS = Date.UTC(2026, 10, 20, 19, 49, 9, 7);

function printed(format: string, payload: Uint8Array | string): { text: string; errors: string } {
  let errors = '';
  const onError = (text: string): void => {
    errors += text;
  };
  const buffer = new ByteBuffer(1);
  const message = {
    topicName: 't',
    payload: Buffer.from(payload),
    qos: 0,
    retain: false,
    properties: {},
  } as const;
  new Format(format, { isPretty: false, onError }).append(buffer, message, AT_MS);
  return { text: buffer.take().toString('utf8'), errors };
}

const float = (value: number): Uint8Array => new Uint8Array(Float32Array.of(value).buffer);
const double = (value: number): Uint8Array => new Uint8Array(Float64Array.of(value).buffer);

describe('a format', () => {
  test.each([
    ['%x', '18835a', '18835a'],
    ['%.2x', '18835a', '18 83 5a'],
    ['%.2:x', '18835a', '18:83:5a'],
    ['%.4-X', '18835a', '1883-5A'],
    ['%.3.x', '18835a', '188.35a'],
    ['%.0x', '18835a', '18835a'],
    ['%.9x', '18835a', '18835a'],
    ['%.2x', '', ''],
  ])('%s shows the bytes %s as %s', (format, hex, text) => {
    expect(printed(format, Buffer.from(hex, 'hex'))).toEqual({ text, errors: '' });
  });

  test.each([
    ['%f', float(21.5), '21.500000'],
    ['%d', double(-0.1), '-0.100000'],
    ['%.1f', float(21.25), '21.3'],
    ['%.0d', double(1e22), '10000000000000000000000'],
    ['%10.2d', double(Math.PI), '      3.14'],
    ['%-10.2d|', double(Math.PI), '3.14      |'],
    ['%010.2d', double(-Math.PI), '-000003.14'],
    ['%08d', double(Number.POSITIVE_INFINITY), '     inf'],
    ['%d', double(Number.NaN), 'nan'],
    ['%.3d', double(-0), '-0.000'],
  ])('%s shows a payload as a number of C', (format, payload, text) => {
    expect(printed(format, payload)).toEqual({ text, errors: '' });
  });

  test('tells of a payload that is no such number, and prints nothing in its place', () => {
    expect(printed('<%d>', 'abc')).toEqual({
      text: '<>',
      errors: 'Error: Expected 8 bytes for %d, got a payload of 3 on topic t.\n',
    });
  });

  test('has the time in seconds and nanoseconds, as far as the clock knows them', () => {
    const seconds = Math.floor(AT_MS / 1000);
    expect(printed('%U @s @N', '').text).toBe(`${seconds}.007000000 ${seconds} 007000000`);
  });

  test.each([
    ['%s', "expected one of A C D E F I J P R S U X d f j l m p q r t x after '%', got 's' in '%s'"],
    ['a%', "expected a letter after '%' at the end of 'a%'"],
    ['\\q', "expected one of 0 \\ a e n r t v after '\\', got 'q' in '\\q'"],
    ['%100001t', "expected a width of at most 100000, got 100001 in '%100001t'"],
    ['%.2:t', "expected one of A C D E F I J P R S U X d f j l m p q r t x after '%', got ':' in '%.2:t'"],
  ])('%s is refused with what was expected', (format, text) => {
    expect(() => printed(format, '')).toThrow(text);
  });
});
