import { describe, expect, test } from 'vitest';
import { EnvironmentError } from '../../src/environment-error.ts';
import type { ListenerAddress } from '../../src/listeners/listener.ts';
import { addressText, listenError } from '../../src/listeners/listener.ts';
import { peerName } from '../../src/listeners/peer.ts';

const tcp: ListenerAddress = { kind: 'tcp', host: '127.0.0.1', port: 1883 };
const unix: ListenerAddress = { kind: 'unix', path: '/run/martlet.sock' };

describe('An address', () => {
  test('is written as people write it', () => {
    expect(addressText(tcp)).toBe('127.0.0.1:1883');
    expect(addressText({ kind: 'tcp', host: '::1', port: 1883 })).toBe('[::1]:1883');
    expect(addressText(unix)).toBe('/run/martlet.sock');
  });

  test.each([
    ['127.0.0.1', 5, '127.0.0.1:5'],
    ['::1', 5, '[::1]:5'],
    ['::ffff:10.0.0.7', 5, '10.0.0.7:5'],
    ['::ffff:1:2', 5, '[::ffff:1:2]:5'],
    [undefined, undefined, 'unknown'],
  ])('of a peer is told: %s', (address, port, name) => {
    expect(peerName(address, port)).toBe(name);
  });
});

describe('What keeps a listener from opening', () => {
  test.each([
    ['EADDRINUSE', tcp, 'ADDRESS_IN_USE', 'port 1883 is already in use'],
    ['EADDRINUSE', unix, 'ADDRESS_IN_USE', '/run/martlet.sock is already in use'],
    ['EACCES', tcp, 'LISTEN_NOT_PERMITTED', 'no permission to listen on port 1883'],
    [
      'EACCES',
      unix,
      'LISTEN_NOT_PERMITTED',
      'the directory does not exist, or this user may not write to it',
    ],
    ['EADDRNOTAVAIL', tcp, 'ADDRESS_NOT_AVAILABLE', 'this machine has no such address (EADDRNOTAVAIL)'],
    ['ENOTFOUND', tcp, 'ADDRESS_NOT_AVAILABLE', 'this machine has no such address (ENOTFOUND)'],
    ['EMFILE', tcp, 'LISTEN_FAILED', 'cannot listen on 127.0.0.1:1883: EMFILE'],
  ] as const)('%s is told in one line, with a stable code', (systemCode, address, code, words) => {
    const cause = Object.assign(new Error('system'), { code: systemCode });
    const error = listenError(cause, address, '--port');
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
    expect(error.message).not.toContain('\n');
    expect(error.cause).toBe(cause);
  });
});
