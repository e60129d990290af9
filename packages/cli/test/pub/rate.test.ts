import { describe, expect, test } from 'vitest';
import { Pacer, parseRate } from '../../src/pub/rate.ts';

describe('A rate', () => {
  test('is a number of messages in a second, a minute or an hour', () => {
    expect(parseRate('500/s')).toBe(500);
    expect(parseRate('500')).toBe(500);
    expect(parseRate('30/m')).toBe(0.5);
    expect(parseRate('36/h')).toBeCloseTo(0.01, 10);
    expect(parseRate('.5/s')).toBe(0.5);
    expect(parseRate('20k/s')).toBe(20_000);
    expect(parseRate('1.5k')).toBe(1500);
    expect(parseRate('6k/m')).toBe(100);
  });

  test.each(['', '0', '0/s', '-1/s', '5/d', '5s', '1e9', '10000001/s', 'fast'])('is not %j', (given) => {
    expect(() => parseRate(given)).toThrow(
      'expected how many a second, above 0 and up to 10000000, such as 500, 10k or 30/m',
    );
  });
});

describe('A pacer', () => {
  test('lets one message go in each interval, from the beginning on', () => {
    const pacer = new Pacer(10, 1000);
    expect(pacer.take(5, 999)).toBe(0);
    expect(pacer.take(5, 1000)).toBe(1);
    expect(pacer.take(5, 1099)).toBe(0);
    expect(pacer.nextMs).toBe(1100);
    expect(pacer.take(5, 1100)).toBe(1);
  });

  test('makes up what was missed for a second, and takes no more than there is', () => {
    const pacer = new Pacer(10, 0);
    expect(pacer.take(100, 450)).toBe(5);
    expect(pacer.take(2, 950)).toBe(2);
    expect(pacer.take(100, 950)).toBe(3);
    expect(pacer.take(100, 60_000)).toBe(11);
    expect(pacer.take(100, 60_000)).toBe(0);
    expect(pacer.take(100, 60_100)).toBe(1);
  });

  test('keeps to the rate over any number of looks', () => {
    const pacer = new Pacer(3000, 0);
    let taken = 0;
    for (let nowMs = 0; nowMs < 10_000; nowMs += 7) taken += pacer.take(1_000_000, nowMs);
    expect(taken).toBeGreaterThan(29_970);
    expect(taken).toBeLessThanOrEqual(30_000);
  });
});
