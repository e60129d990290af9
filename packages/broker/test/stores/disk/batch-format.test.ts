import { describe, expect, test } from 'vitest';
import {
  batchSeed,
  decodeBatchHeader,
  decodeSegmentHeader,
  encodeBatchHeader,
  encodeSegmentHeader,
  segmentName,
  segmentOfName,
} from '../../../src/stores/disk/log/batch-format.ts';

const storeId = Uint8Array.from({ length: 16 }, (_, at) => at);
const segmentHeader = { version: 1, segment: 3, firstSequence: 2 ** 32 + 5, storeId };
const batchHeader = {
  sequence: 2 ** 40 + 1,
  syncedSequence: 2 ** 40,
  dataLength: 1000,
  metaLength: 20,
  dataCrc: 0xdead_beef,
  metaCrc: 0x0102_0304,
  flags: 1,
};

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function encodedBatch(seed: number): Uint8Array {
  const bytes = new Uint8Array(64);
  encodeBatchHeader(bytes, batchHeader, seed);
  return bytes;
}

describe('The header of a segment', () => {
  test('has its fields where the format says', () => {
    const bytes = hex(encodeSegmentHeader(segmentHeader));
    expect(bytes.slice(0, 120)).toBe(
      '4d4152544c455400' + // MARTLET\0
        '01000000' + // version
        '03000000' + // segment
        '0500000001000000' + // first sequence
        '000102030405060708090a0b0c0d0e0f' +
        '00'.repeat(20),
    );
    expect(bytes.slice(120)).toBe('e8e6476b');
  });

  test('is read as it was written', () => {
    expect(decodeSegmentHeader(encodeSegmentHeader(segmentHeader))).toEqual(segmentHeader);
  });

  test('is not read with any bit wrong', () => {
    for (let bit = 0; bit < 64 * 8; bit++) {
      const bytes = encodeSegmentHeader(segmentHeader);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(decodeSegmentHeader(bytes)).toBeUndefined();
    }
  });
});

describe('The header of a batch', () => {
  test('has its fields where the format says', () => {
    expect(hex(encodedBatch(0))).toBe(
      '4d424154' + // magic
        '67aa4b75' +
        '0100000000010000' + // sequence
        '0000000000010000' + // synced sequence
        'e8030000' + // data length
        '14000000' + // meta length
        'efbeadde' + // crc of the data
        '04030201' + // crc of the records
        '01000000' + // flags
        '00'.repeat(20),
    );
  });

  test('is read as it was written, and has nothing of an earlier one', () => {
    const bytes = encodedBatch(5);
    encodeBatchHeader(bytes, { ...batchHeader, flags: 0, sequence: 1 }, 5);
    encodeBatchHeader(bytes, batchHeader, 5);
    expect(bytes).toEqual(encodedBatch(5));
    expect(decodeBatchHeader(bytes, 5)).toEqual(batchHeader);
  });

  test('is not read with any bit wrong, nor in another file or store', () => {
    const seed = batchSeed(storeId, 3);
    for (let bit = 0; bit < 64 * 8; bit++) {
      const bytes = encodedBatch(seed);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(decodeBatchHeader(bytes, seed)).toBeUndefined();
    }
    expect(decodeBatchHeader(encodedBatch(seed), batchSeed(storeId, 4))).toBeUndefined();
    expect(decodeBatchHeader(encodedBatch(seed), batchSeed(new Uint8Array(16), 3))).toBeUndefined();
  });
});

describe('The name of a segment', () => {
  test('is its number, in eight digits or more', () => {
    expect(segmentName(1)).toBe('00000001.log');
    expect(segmentName(123_456_789)).toBe('123456789.log');
    expect([1, 99_999_999, 100_000_000].map((number) => segmentOfName(segmentName(number)))).toEqual([
      1, 99_999_999, 100_000_000,
    ]);
  });

  test.each(['00000000.log', '1.log', '000000001.log', '00000001.log.bak', 'lock.1.sock', '00000001.LOG'])(
    'is not %s',
    (name) => {
      expect(segmentOfName(name)).toBeUndefined();
    },
  );
});
