import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteSink } from '../../../src/stores/disk/bytes/byte-sink.ts';
import { ByteSource, ByteSourceError } from '../../../src/stores/disk/bytes/byte-source.ts';

type Written =
  | readonly ['u8', number]
  | readonly ['u16', number]
  | readonly ['u32', number]
  | readonly ['varint', number]
  | readonly ['zigzag', number]
  | readonly ['text', string]
  | readonly ['bytes', Uint8Array];

const written: fc.Arbitrary<Written> = fc.oneof(
  fc.tuple(fc.constant('u8' as const), fc.integer({ min: 0, max: 0xff })),
  fc.tuple(fc.constant('u16' as const), fc.integer({ min: 0, max: 0xffff })),
  fc.tuple(fc.constant('u32' as const), fc.integer({ min: 0, max: 0xffff_ffff })),
  fc.tuple(fc.constant('varint' as const), fc.maxSafeNat()),
  fc.tuple(fc.constant('zigzag' as const), fc.integer({ min: -(2 ** 52), max: 2 ** 52 - 1 })),
  fc.tuple(fc.constant('text' as const), fc.string({ unit: 'binary', maxLength: 200 })),
  fc.tuple(fc.constant('bytes' as const), fc.uint8Array({ maxLength: 200 })),
);

function write(sink: ByteSink, each: Written): void {
  if (each[0] === 'u8') sink.writeU8(each[1]);
  else if (each[0] === 'u16') sink.writeU16(each[1]);
  else if (each[0] === 'u32') sink.writeU32(each[1]);
  else if (each[0] === 'varint') sink.writeVarint(each[1]);
  else if (each[0] === 'zigzag') sink.writeZigzag(each[1]);
  else if (each[0] === 'text') sink.writeText(each[1]);
  else sink.writeBytes(each[1], 0, each[1].length);
}

function read(source: ByteSource, each: Written): Written {
  const [kind, value] = each;
  if (kind === 'u8') return [kind, source.readU8()];
  if (kind === 'u16') return [kind, source.readU16()];
  if (kind === 'u32') return [kind, source.readU32()];
  if (kind === 'varint') return [kind, source.readVarint()];
  if (kind === 'zigzag') return [kind, source.readZigzag()];
  if (kind === 'text') return [kind, source.readText()];
  return [kind, source.readBytes((value as Uint8Array).length)];
}

describe('ByteSink', () => {
  test.each([
    [0, '00'],
    [127, '7f'],
    [128, '8001'],
    [16_383, 'ff7f'],
    [2 ** 28 - 1, 'ffffff7f'],
    [2 ** 28, '8080808001'],
    [2 ** 31 - 1, 'ffffffff07'],
    [2 ** 31, '8080808008'],
    [2 ** 32, '8080808010'],
    [2 ** 53 - 1, 'ffffffffffffff0f'],
  ])('writes the varint %i as %s', (value, hex) => {
    const sink = new ByteSink();
    sink.writeVarint(value);
    expect(Buffer.from(sink.bytes).toString('hex')).toBe(hex);
    expect(new ByteSource(sink.bytes).readVarint()).toBe(value);
  });

  test('gives everything back, wherever it had to grow', () => {
    fc.assert(
      fc.property(
        fc.array(written, { maxLength: 60 }),
        fc.integer({ min: 0, max: 50 }),
        (values, capacity) => {
          const sink = new ByteSink(capacity);
          for (const each of values) write(sink, each);
          const source = new ByteSource(sink.bytes);
          expect(values.map((each) => read(source, each))).toEqual(values);
          expect([source.at, source.end]).toEqual([sink.length, sink.length]);
        },
      ),
    );
  });

  test('copies the part of the source that was asked for', () => {
    const source = Uint8Array.from({ length: 200 }, (_, i) => i);
    const sink = new ByteSink(1);
    sink.writeBytes(source, 3, 5);
    sink.writeBytes(source, 10, 180);
    expect([...sink.bytes]).toEqual([3, 4, ...source.subarray(10, 180)]);
    expect([...sink.slice(1, 4)]).toEqual([4, 10, 11]);
  });

  test('keeps earlier views as they were when it grows', () => {
    const sink = new ByteSink(4);
    sink.writeU32(0x04030201);
    const view = sink.bytes;
    sink.reserve(100_000);
    sink.writeU8(5);
    expect([...view]).toEqual([1, 2, 3, 4]);
    expect([...sink.bytes]).toEqual([1, 2, 3, 4, 5]);
  });

  test('is empty after it was cleared, and gives back what a large batch took', () => {
    const sink = new ByteSink(16);
    sink.reserve(2_000_000);
    sink.writeU8(1);
    const large = sink.bytes.buffer.byteLength;
    sink.clear();
    expect([sink.length, sink.bytes.length]).toEqual([0, 0]);
    sink.writeU8(2);
    expect([...sink.bytes]).toEqual([2]);
    expect(large).toBeGreaterThanOrEqual(2_000_000);
    expect(sink.bytes.buffer.byteLength).toBeLessThan(10_000);
  });
});

describe('ByteSource', () => {
  test('refuses to read behind the end', () => {
    const source = new ByteSource(Uint8Array.of(1, 2));
    expect(() => source.readU32()).toThrow(new ByteSourceError('expected 4 bytes at byte 0, got 2'));
    expect(source.readU16()).toBe(0x0201);
    expect(() => source.readU8()).toThrow(ByteSourceError);
    expect(() => source.readVarint()).toThrow(ByteSourceError);
  });
});
