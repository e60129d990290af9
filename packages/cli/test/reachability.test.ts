import { describe, expect, test } from 'vitest';
import { isLoopback, warnOfStrangers } from '../src/reachability.ts';

const listeners = [
  { address: { kind: 'tcp', host: '0.0.0.0', port: 1883 } },
  { address: { kind: 'tcp', host: '::', port: 8080 } },
] as const;

async function warningsFor(host: string): Promise<readonly string[]> {
  const warnings: string[] = [];
  const log = {
    write: (level: string, code: string, text: string): void =>
      void warnings.push(`${level} ${code} ${text}`),
  };
  await warnOfStrangers(host, listeners, log);
  return warnings;
}

describe('Only this machine reaches', () => {
  test.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost', '::ffff:127.0.0.1'])('%s', async (host) => {
    expect(await isLoopback(host)).toBe(true);
    expect(await warningsFor(host)).toEqual([]);
  });
});

describe('Others may reach', () => {
  test.each(['0.0.0.0', '::', '192.168.1.5', '10.0.0.1', 'fe80::1'])('%s', async (host) => {
    expect(await isLoopback(host)).toBe(false);
  });

  test('a broker without passwords, and it says so', async () => {
    const warnings = await warningsFor('0.0.0.0');
    expect(warnings).toEqual([
      expect.stringMatching(
        /^warning open-to-everyone .*0\.0\.0\.0:1883 or \[::\]:8080 can connect without a password/,
      ),
    ]);
  });
});
