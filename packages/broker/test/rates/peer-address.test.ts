import { expect, test } from 'vitest';
import { peerAddress } from '../../src/core/rates/peer-address.ts';

test.each([
  ['192.0.2.7:50312', '192.0.2.7'],
  ['192.0.2.7', '192.0.2.7'],
  ['[2001:db8::7]:50312', '2001:db8:0:0::/64'],
  ['[2001:DB8:0:0:1:2:3:4]:1', '2001:db8:0:0::/64'],
  ['2001:0db8:1::7', '2001:db8:1:0::/64'],
  ['[::1]:1883', '0:0:0:0::/64'],
  ['[fe80::1%eth0]:1', 'fe80:0:0:0::/64'],
  ['[::ffff:192.0.2.7]:50312', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['/run/martlet.sock', '/run/martlet.sock'],
  ['[broken', '[broken'],
  ['', ''],
])('the peer %j is counted by %j', (peer, address) => {
  expect(peerAddress(peer)).toBe(address);
});
