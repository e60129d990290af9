import { describe, expect, it } from 'vitest';
import { mayConnect } from '../../src/listeners/web-origin.ts';

describe('a web page that opens a WebSocket', () => {
  const named = ['https://a.example'];
  const cases: readonly [string, Parameters<typeof mayConnect>, boolean][] = [
    ['is no page', [undefined, '127.0.0.1', undefined], true],
    ['is of this machine, by name', ['http://localhost:5173', '127.0.0.1', undefined], true],
    ['is of this machine, by address', ['http://127.0.0.1:3000', '::1', undefined], true],
    ['is of this machine, by IPv6 address', ['http://[::1]:3000', '::1', undefined], true],
    ['is from elsewhere', ['https://evil.example', '127.0.0.1', undefined], false],
    [
      'is from elsewhere, over a mapped address',
      ['https://evil.example', '::ffff:127.0.0.1', undefined],
      false,
    ],
    ['only looks local', ['https://localhost.evil.example', '127.0.0.1', undefined], false],
    ['hides where it is from', ['null', '127.0.0.1', undefined], false],
    ['connects to an address of the network', ['https://any.example', '192.168.1.2', undefined], true],
    ['is named', ['https://a.example', '127.0.0.1', named], true],
    ['is not among the named', ['http://localhost', '127.0.0.1', named], false],
  ];
  for (const [what, given, allowed] of cases) {
    it(`${allowed ? 'may' : 'may not'} connect if it ${what}`, () => {
      expect(mayConnect(...given)).toBe(allowed);
    });
  }
});
