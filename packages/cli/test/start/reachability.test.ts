import { configurationFrom } from '@martlet/broker/config';
import { describe, expect, test } from 'vitest';
import { isLoopback, warnOfStrangers } from '../../src/start/reachability.ts';

async function warningsFor(input: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const warnings: string[] = [];
  const log = {
    write: (level: string, code: string, text: string): void =>
      void warnings.push(`${level} ${code} ${text}`),
  };
  const { configuration } = configurationFrom(input);
  const listeners = configuration.listeners.map(({ name, host, port }) => ({
    name,
    address: { kind: 'tcp', host, port } as const,
  }));
  await warnOfStrangers(configuration, listeners, 'do this', log);
  return warnings;
}

const OPEN = { authentication: { anonymous: true } };

describe('Only this machine reaches', () => {
  test.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost', '::ffff:127.0.0.1'])('%s', async (host) => {
    expect(await isLoopback(host)).toBe(true);
    expect(await warningsFor({ ...OPEN, listeners: [{ host }] })).toEqual([]);
  });
});

describe('Others may reach', () => {
  test.each(['0.0.0.0', '::', '192.168.1.5', '10.0.0.1', 'fe80::1'])('%s', async (host) => {
    expect(await isLoopback(host)).toBe(false);
  });

  test('a broker without passwords, and it says so', async () => {
    const listeners = [
      { host: '0.0.0.0', port: 1883 },
      { host: '::', port: 8080 },
      { name: 'own', port: 1 },
    ];
    expect(await warningsFor({ ...OPEN, listeners })).toEqual([
      'warning open-to-everyone whoever can reach 0.0.0.0:1883 or [::]:8080 can connect without a password, ' +
        'read everything and publish anything; do this',
    ]);
  });

  test('a broker that says what they may do, and it says what they need', async () => {
    const authorization = { rules: [{ allow: ['receive'], topics: ['#'], who: {} }] };
    expect(await warningsFor({ ...OPEN, authorization, listeners: [{ host: '*' }] })).toEqual([
      expect.stringMatching(/can connect without a password; do this$/),
    ]);
  });

  test('a broker that asks for a user name, without a warning', async () => {
    expect(await warningsFor({ listeners: [{ host: '0.0.0.0' }] })).toEqual([]);
    expect(
      await warningsFor({ ...OPEN, listeners: [{ host: '0.0.0.0', authentication: { anonymous: false } }] }),
    ).toEqual([]);
  });
});
