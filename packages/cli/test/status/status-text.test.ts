import { expect, test } from 'vitest';
import { ageText } from '../../src/status/status-text.ts';

test.each([
  [-5, '0 seconds'],
  [999, '0 seconds'],
  [1000, '1 second'],
  [59_999, '59 seconds'],
  [60_000, '1 minute'],
  [3_599_999, '59 minutes'],
  [3_600_000, '1 hour'],
  [7_260_000, '2 hours 1 minute'],
  [86_400_000, '1 day'],
  [176_400_000, '2 days 1 hour'],
])('%i ms are told as %s', (ms, text) => {
  expect(ageText(ms)).toBe(text);
});
