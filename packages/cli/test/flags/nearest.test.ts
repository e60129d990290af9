import { expect, test } from 'vitest';
import { nearest } from '../../src/flags/nearest.ts';

test.each([
  ['--hots', '--host'],
  ['--Help', '--help'],
  ['-help', '--help'],
  ['UUID', 'uuid'],
  // Every other letter is one change away.
  ['-Z', undefined],
  ['--nothing-like-it', undefined],
])('Nearest to %s is %s', (word, expected) => {
  expect(nearest(word, ['-t', '--host', '--help', 'uuid'])).toBe(expected);
});
