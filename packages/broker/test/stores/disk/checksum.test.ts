import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { Checksum } from '../../../src/stores/disk/bytes/checksum.ts';

test('is the CRC-32 of zlib at every length, wherever the bytes begin', () => {
  const checksum = new Checksum();
  const bytes = Uint8Array.from({ length: 600 }, (_, i) => (i * 151) ^ (i >> 3));
  for (let start = 0; start < 9; start++) {
    for (let end = start; end <= bytes.length; end++) {
      expect(checksum.of(bytes, start, end)).toBe(crc32(bytes.subarray(start, end)));
    }
  }
});
