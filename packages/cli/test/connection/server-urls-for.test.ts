import { describe, expect, test } from 'vitest';
import { CONNECTION_FLAGS } from '../../src/connection/connection-flags.ts';
import { serverUrlsFor } from '../../src/connection/server-urls-for.ts';
import { parseFlags } from '../../src/flags/parse-flags.ts';

const valuesOf = (...words: readonly string[]) => parseFlags(CONNECTION_FLAGS, words).values;

describe('A service in the domain name system', () => {
  test('has its servers in the order of their priority, and of equals the weightier first', async () => {
    const asked: string[] = [];
    const urls = await serverUrlsFor(valuesOf('-S', '-h', 'example.org'), async (name) => {
      asked.push(name);
      return [
        { name: 'spare.example.org', port: 1, priority: 20, weight: 99 },
        { name: 'light.example.org', port: 2, priority: 10, weight: 1 },
        { name: 'heavy.example.org', port: 3, priority: 10, weight: 9 },
      ];
    });
    expect(asked).toEqual(['_mqtt._tcp.example.org']);
    expect(urls).toEqual([
      'mqtt://heavy.example.org:3',
      'mqtt://light.example.org:2',
      'mqtt://spare.example.org:1',
    ]);
  });

  test('has another name over TLS', async () => {
    const urls = await serverUrlsFor(valuesOf('-S', '-h', 'a', '--tls-use-os-certs'), async (name) => [
      { name, port: 8884, priority: 0, weight: 0 },
    ]);
    expect(urls).toEqual(['mqtts://_secure-mqtt._tcp.a:8884']);
  });

  test('that is not found is told of, and has no port of its own', async () => {
    const failing = async (): Promise<never> => {
      throw new Error('querySrv ENOTFOUND _mqtt._tcp.a');
    };
    await expect(serverUrlsFor(valuesOf('-S', '-h', 'a'), failing)).rejects.toThrow(
      'cannot find the service _mqtt._tcp.a: querySrv ENOTFOUND _mqtt._tcp.a; is the domain right (-h)',
    );
    await expect(serverUrlsFor(valuesOf('-S', '-p', '1'), failing)).rejects.toThrow('expected it without -p');
  });
});
