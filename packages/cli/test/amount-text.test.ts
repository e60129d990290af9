import { expect, test } from 'vitest';
import { bytesText, counted } from '../src/amount-text.ts';

test('Bytes are told in the unit in which they are a number below 1024', () => {
  const amounts = [0, 1023, 1024, 1536, 10 * 1024, 1024 ** 2 * 12.4, 1024 ** 3 * 1.25, 1024 ** 5 * 3];
  expect(amounts.map(bytesText)).toEqual([
    '0 bytes',
    '1,023 bytes',
    '1 KiB',
    '1.5 KiB',
    '10 KiB',
    '12 MiB',
    '1.3 GiB',
    '3,072 TiB',
  ]);
});

test('One is told in the singular', () => {
  expect([0, 1, 2, 12_000].map((count) => counted(count, 'session'))).toEqual([
    '0 sessions',
    '1 session',
    '2 sessions',
    '12,000 sessions',
  ]);
});
