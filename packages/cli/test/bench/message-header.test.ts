import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  blankPayload,
  HEADER_BYTES,
  intendedUsOf,
  isOfRun,
  isWhole,
  publisherOf,
  sequenceOf,
  writeHeader,
} from '../../src/bench/message-header.ts';

const words = fc.nat(0xffff_ffff);

describe('The header of a measured message', () => {
  test('is read as it was written', () => {
    const times = fc.nat(Number.MAX_SAFE_INTEGER);
    fc.assert(
      fc.property(words, words, words, times, (run, publisher, sequence, intendedUs) => {
        const payload = blankPayload(64);
        writeHeader(payload, run, publisher, sequence, intendedUs);
        expect(isOfRun(payload, run)).toBe(true);
        expect(publisherOf(payload)).toBe(publisher);
        expect(sequenceOf(payload)).toBe(sequence);
        expect(intendedUsOf(payload)).toBe(intendedUs);
        expect(isWhole(payload, 64)).toBe(true);
      }),
    );
  });

  test('is not that of another run, of other bytes, or of too few', () => {
    const payload = blankPayload(HEADER_BYTES);
    expect(isOfRun(payload, 1)).toBe(false);
    writeHeader(payload, 1, 0, 0, 0);
    expect(isOfRun(payload, 2)).toBe(false);
    expect(isOfRun(payload.subarray(1), 1)).toBe(false);
    expect(isOfRun(new Uint8Array(0), 1)).toBe(false);
  });

  test('shows a payload that was cut, or altered at either end', () => {
    const payload = blankPayload(32);
    writeHeader(payload, 1, 0, 0, 0);
    expect(isWhole(payload.subarray(0, 31), 32)).toBe(false);
    payload[31] = 0;
    expect(isWhole(payload, 32)).toBe(false);
    expect(isWhole(blankPayload(24), 24)).toBe(true);
  });
});
