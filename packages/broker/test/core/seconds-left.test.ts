import { expect, test } from 'vitest';
import { secondsLeft } from '../../src/core/publish/publication.ts';

test('A message that has not waited keeps its Message Expiry Interval, whatever fractions the clock has', () => {
  for (let step = 0; step < 2000; step++) {
    const nowMs = step * 7919.137;
    expect(secondsLeft(nowMs + 60_000, nowMs)).toBe(60);
  }
});

test('What is left of a second counts as a second, until nothing is left', () => {
  expect(secondsLeft(10_000, 9000)).toBe(1);
  expect(secondsLeft(10_000, 9999)).toBe(1);
  expect(secondsLeft(10_000, 8999)).toBe(2);
  expect(secondsLeft(10_000, 10_000)).toBe(0);
  expect(secondsLeft(10_000, 11_000)).toBe(0);
});

test('A message without an interval never expires', () => {
  expect(secondsLeft(Number.POSITIVE_INFINITY, 5)).toBe(-1);
});
