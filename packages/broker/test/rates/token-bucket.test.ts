import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TokenBucket } from '../../src/core/rates/token-bucket.ts';

describe('a token bucket', () => {
  test('gives its capacity at once, and then as much a second as it says', () => {
    const bucket = new TokenBucket(10, 20, 0);
    for (let i = 0; i < 20; i++) expect(bucket.tryTake(0)).toBe(true);
    expect(bucket.tryTake(0)).toBe(false);
    expect(bucket.waitMs(0)).toBe(100);
    expect(bucket.tryTake(99)).toBe(false);
    expect(bucket.tryTake(100)).toBe(true);
    expect(bucket.tryTake(100)).toBe(false);
  });

  test('lets more than it has be charged, which is paid back by waiting', () => {
    const bucket = new TokenBucket(1000, 1000, 0);
    bucket.charge(5000, 0);
    expect(bucket.waitMs(0)).toBe(4001);
    expect(bucket.hasRoom(4000)).toBe(false);
    expect(bucket.hasRoom(4001)).toBe(true);
  });

  test('has room for one, however low its rate is', () => {
    const bucket = new TokenBucket(0.001, 0.001, 0);
    expect(bucket.tryTake(0)).toBe(true);
    expect(bucket.waitMs(0)).toBeCloseTo(1_000_000);
  });

  test('gains nothing by a clock that goes backwards, and does not stand still after it', () => {
    const bucket = new TokenBucket(1, 1, 1_000_000);
    expect(bucket.tryTake(1_000_000)).toBe(true);
    expect(bucket.tryTake(0)).toBe(false);
    expect(bucket.waitMs(0)).toBe(1000);
    expect(bucket.tryTake(1000)).toBe(true);
  });

  test('holds no more than its capacity after any time', () => {
    const bucket = new TokenBucket(1e9, 3, 0);
    expect(bucket.tokensAt(Number.MAX_SAFE_INTEGER)).toBe(3);
  });

  test('lets pass, over any time, its capacity and its rate and no more, whatever the clock does', () => {
    const step = fc.record({
      ms: fc.double({ min: -1000, max: 5000, noNaN: true }),
      attempts: fc.integer({ min: 0, max: 50 }),
    });
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 1000, noNaN: true }),
        fc.double({ min: 1, max: 100, noNaN: true }),
        fc.array(step, { maxLength: 50 }),
        (perSecond, capacity, steps) => {
          const bucket = new TokenBucket(perSecond, capacity, 0);
          let nowMs = 0;
          let forwardMs = 0;
          let passed = 0;
          for (const { ms, attempts } of steps) {
            nowMs += ms;
            forwardMs += Math.max(0, ms);
            for (let i = 0; i < attempts; i++) if (bucket.tryTake(nowMs)) passed++;
          }
          expect(passed).toBeLessThanOrEqual(capacity + (perSecond * forwardMs) / 1000 + 1e-3);
        },
      ),
    );
  });

  test('lets pass all that waits for it: who waits as long as it says always gets one', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 100_000, noNaN: true }),
        fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), { maxLength: 30 }),
        (perSecond, amounts) => {
          const bucket = new TokenBucket(perSecond, perSecond, 12_345.678);
          let nowMs = 12_345.678;
          for (const amount of amounts) {
            bucket.charge(amount, nowMs);
            nowMs += bucket.waitMs(nowMs);
            expect(bucket.hasRoom(nowMs)).toBe(true);
          }
        },
      ),
    );
  });
});
