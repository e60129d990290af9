import { expect, test } from 'vitest';
import { SN_FLAGS } from '../../src/sn/sn-flags.ts';

test.each([
  ['*', '::'],
  ['192.0.2.7', '192.0.2.7'],
])('--bind %s listens on %s', (given, address) => {
  expect(SN_FLAGS.bind.parse(given)).toBe(address);
});

test('--bind without an address is refused', () => {
  expect(() => SN_FLAGS.bind.parse('')).toThrow('an address');
});
