// How values go on.

import { describe, expect, test } from 'vitest';
import { ChangingValue } from '../../src/simulate/changing-value.ts';
import type { ValueKind } from '../../src/simulate/scenario.ts';
import { seededRandom } from '../../src/simulate/seeded-random.ts';

function valuesOf(
  kind: ValueKind,
  count: number,
  more: { noise?: number; digits?: number } = {},
): readonly string[] {
  const value = new ChangingValue({ ...kind, noise: 0, digits: 2, ...more }, seededRandom(1));
  return Array.from({ length: count }, (_, i) => value.next(i * 1000));
}

test('a counter counts, in either direction', () => {
  expect(valuesOf({ kind: 'counter', start: 5, step: 1 }, 3, { digits: 0 })).toEqual(['5', '6', '7']);
  expect(valuesOf({ kind: 'counter', start: 0.2, step: -0.1 }, 4, { digits: 1 })).toEqual([
    '0.2',
    '0.1',
    '0.0',
    '-0.1',
  ]);
});

test('what rounds to nothing has no sign', () => {
  expect(valuesOf({ kind: 'counter', start: -0.001, step: 0 }, 1)).toEqual(['0.00']);
});

test('drift goes by its step at most, and stays within its bounds', () => {
  const numbers = valuesOf({ kind: 'drift', start: 21, step: 0.5, min: 20, max: 22 }, 5000, {
    digits: 6,
  }).map(Number);
  expect(numbers[0]).toBe(21);
  expect(Math.min(...numbers)).toBe(20);
  expect(Math.max(...numbers)).toBe(22);
  for (const [i, number] of numbers.slice(1).entries())
    expect(Math.abs(number - numbers[i]!)).toBeLessThanOrEqual(0.500001);
});

test('noise is in what is said, and not in what goes on', () => {
  const numbers = valuesOf({ kind: 'counter', start: 0, step: 1 }, 1000, { noise: 0.25, digits: 4 }).map(
    Number,
  );
  expect(numbers.every((number, i) => Math.abs(number - i) <= 0.25)).toBe(true);
  expect(new Set(numbers.map((number, i) => Math.round((number - i) * 100))).size).toBeGreaterThan(20);
});

test('a wave comes back after its period', () => {
  const wave = { kind: 'wave', mean: 10, amplitude: 2, periodMs: 60_000 } as const;
  const numbers = valuesOf(wave, 121, { digits: 6 }).map(Number);
  expect(numbers[60]).toBeCloseTo(numbers[0]!, 5);
  expect(Math.max(...numbers)).toBeCloseTo(12, 1);
  expect(Math.min(...numbers)).toBeCloseTo(8, 1);
});

test('uniform stays within its bounds and reaches all of them', () => {
  const numbers = valuesOf({ kind: 'uniform', min: -1, max: 1 }, 2000).map(Number);
  expect(Math.min(...numbers)).toBeLessThan(-0.98);
  expect(Math.max(...numbers)).toBeGreaterThan(0.98);
  expect(numbers.every((number) => number >= -1 && number <= 1)).toBe(true);
});

describe('a choice', () => {
  test('is each of its words at some time, and never another', () => {
    expect(new Set(valuesOf({ kind: 'choice', of: ['on', 'off', 'x'] }, 100))).toEqual(
      new Set(['on', 'off', 'x']),
    );
  });
});
