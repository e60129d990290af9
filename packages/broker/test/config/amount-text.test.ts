import { describe, expect, test } from 'vitest';
import { amountPattern, amountText, parseAmount } from '../../src/config/amount-text.ts';

describe('An amount', () => {
  test.each([
    ['30s', 'ms', 30_000],
    ['30s', 's', 30],
    ['1h30m', 'ms', 5_400_000],
    ['1h 30m', 's', 5400],
    ['1.5h', 's', 5400],
    ['250ms', 'ms', 250],
    ['250ms', 's', 0.25],
    ['0.1s', 'ms', 100],
    ['2d', 's', 172_800],
    ['1w', 's', 604_800],
    ['5 min', 's', 300],
    ['42', 'ms', 42],
    ['64KiB', 'bytes', 65_536],
    ['64 kB', 'bytes', 64_000],
    ['1.5MiB', 'bytes', 1_572_864],
    ['1GiB', 'bytes', 1_073_741_824],
    ['7B', 'bytes', 7],
    ['7', 'bytes', 7],
  ])('%s in %s is %d', (text, unit, value) => {
    expect(parseAmount(text, unit)).toBe(value);
    expect(text).toMatch(new RegExp(amountPattern(unit)!));
  });

  test.each([
    ['', 's'],
    ['s', 's'],
    ['-5s', 's'],
    ['5 fortnights', 's'],
    ['5s s', 's'],
    ['1e3', 's'],
    ['5S', 's'],
    ['5MiB', 's'],
    ['5s', 'bytes'],
    ['5mib', 'bytes'],
    ['1MiB 5KiB', 'bytes'],
    ['5', 'messages'],
    ['9'.repeat(1000), 's'],
    [`${'1s'.repeat(20_000)}x`, 's'],
  ])('is none: %.20s in %s', (text, unit) => {
    expect(parseAmount(text, unit)).toBeUndefined();
  });

  test.each([
    [90_000, 'ms', '90 s'],
    [60_000, 'ms', '1 min'],
    [7_200_000, 'ms', '2 h'],
    [1, 'ms', '1 ms'],
    [0, 'ms', '0 ms'],
    [65_536, 'bytes', '64 KiB'],
    [65_537, 'bytes', '65,537 bytes'],
    [5000, 'messages', '5,000 messages'],
    [1883, 'port', '1,883'],
  ])('%d of %s is read as %s', (value, unit, text) => {
    expect(amountText(value, unit)).toBe(text);
  });
});
