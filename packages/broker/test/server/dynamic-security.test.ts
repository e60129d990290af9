import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nextClose, nextMessages } from '../../../../test/mqtt-js.ts';
import type { LoadedConfiguration } from '../../src/config/load-configuration.ts';
import type { Server } from '../../src/server/server.ts';
import { portOf, ServedTest } from './served.ts';

let served: ServedTest;
let clients: MqttClient[];
let file: string;

beforeEach(() => {
  served = new ServedTest();
  clients = [];
  file = join(served.directory, 'dynamic-security.json');
});

afterEach(async () => {
  for (const client of clients) client.end(true);
  await served.end();
});

function secured(more: Readonly<Record<string, unknown>> = {}): LoadedConfiguration {
  return served.configuration({
    dynamicSecurity: { file },
    authentication: { methods: ['dynamicSecurity'] },
    authorization: { methods: ['dynamicSecurity'] },
    ...more,
  });
}

async function connected(server: Server, username: string, password: string): Promise<MqttClient> {
  const url = `mqtt://127.0.0.1:${portOf(server, 'main')}`;
  const client = await connectAsync(url, { username, password, reconnectPeriod: 0, protocolVersion: 5 });
  clients.push(client);
  return client;
}

/** The password that was made up for `admin`. */
function adminPassword(): string {
  return /admin\s+(\S+)/.exec(readFileSync(`${file}.pw`, 'utf8'))![1]!;
}

async function command(admin: MqttClient, ...commands: readonly object[]): Promise<string> {
  const answer = nextMessages(admin, 1);
  await admin.publishAsync('$CONTROL/dynamic-security/v1', JSON.stringify({ commands }), { qos: 1 });
  return (await answer)[0]!.payload.toString();
}

describe('Dynamic security at a server', () => {
  test('takes commands, before and after a reload, and keeps what they made', async () => {
    const server = await served.start(secured());
    const admin = await connected(server, 'admin', adminPassword());
    await admin.subscribeAsync('$CONTROL/dynamic-security/v1/response', { qos: 1 });
    expect(
      await command(admin, { command: 'createClient', username: 'ann', password: 'pass' }),
    ).not.toContain('error');
    const ann = await connected(server, 'ann', 'pass');
    const report = await server.reload(secured({ limits: { queuedMessages: 7 } }));
    expect(report.disconnected).toEqual([]);
    expect(ann.connected).toBe(true);
    const closed = nextClose(ann);
    expect(await command(admin, { command: 'deleteClient', username: 'ann' })).not.toContain('error');
    await closed;
    await expect(connected(server, 'ann', 'pass')).rejects.toThrow();
  });

  test('makes no file for a plan, and is gone when the configuration is without it', async () => {
    const server = await served.start(served.configuration());
    await server.plan(secured());
    expect(existsSync(file)).toBe(false);
    await server.reload(secured());
    const admin = await connected(server, 'admin', adminPassword());
    const closed = nextClose(admin);
    await server.reload(served.configuration({ authentication: { anonymous: false } }));
    await closed;
  });
});
