import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ReasonCode } from '@martlet/protocol';
import type { IClientOptions, MqttClient } from 'mqtt';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nextClose, nextDisconnect } from '../../../../test/mqtt-js.ts';
import { hashPassword, passwordHashText } from '../../src/access/password-hash.ts';
import { ConfigurationError } from '../../src/config/configuration-error.ts';
import { openServedListener } from '../../src/server/listeners/open-served-listener.ts';
import { reportLines } from '../../src/server/reload/reload-report.ts';
import type { Server } from '../../src/server/server.ts';
import { portOf, ServedTest } from './served.ts';

let served: ServedTest;
let clients: MqttClient[];

beforeEach(() => {
  served = new ServedTest();
  clients = [];
});

afterEach(async () => {
  for (const client of clients) client.end(true);
  await served.end();
});

async function connected(server: Server, name: string, options: IClientOptions = {}): Promise<MqttClient> {
  const url = `mqtt://127.0.0.1:${portOf(server, name)}`;
  const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0, ...options });
  clients.push(client);
  return client;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

describe('A reload', () => {
  test('opens, keeps and closes listeners; clients of those that stay notice nothing', async () => {
    const server = await served.start(
      served.configuration({
        listeners: [
          { name: 'stays', port: 0 },
          { name: 'goes', port: 0 },
        ],
      }),
    );
    const staying = await connected(server, 'stays', { clientId: 'staying' });
    const going = await connected(server, 'goes', { clientId: 'going' });
    const told = nextDisconnect(going);
    const report = await server.reload(
      served.configuration({
        listeners: [
          { name: 'stays', port: 0, maximumQos: 1 },
          { name: 'comes', port: 0 },
        ],
      }),
    );
    expect(report.listeners.map(({ name, fate, connections }) => [name, fate, connections])).toEqual([
      ['stays', 'updated', 1],
      ['comes', 'opened', 0],
      ['goes', 'closed', 1],
    ]);
    expect(report.disconnected).toEqual([
      { clientId: 'going', username: null, listener: 'goes', reason: 'its listener is closed' },
    ]);
    expect((await told).reasonCode).toBe(ReasonCode.AdministrativeAction);
    await staying.publishAsync('t', 'x', { qos: 1 });
    const coming = await connected(server, 'comes');
    await coming.publishAsync('t', 'x', { qos: 1 });
    expect(server.listeners.map(({ name }) => name)).toEqual(['stays', 'comes']);
  });

  test('changes limits and the log in one step, and says what has changed', async () => {
    const server = await served.start(served.configuration());
    const path = join(served.directory, 'martlet.log');
    const report = await server.reload(
      served.configuration({
        limits: { queuedMessages: 7 },
        log: { timestamps: 'none', destinations: [{ type: 'file', path }] },
      }),
    );
    expect(server.broker.profile.limits.queuedMessages).toBe(7);
    expect(reportLines(report)).toContainEqual(expect.stringMatching(/^limits\.queuedMessages: \d+ → 7$/));
    await server.close();
    const text = readFileSync(path, 'utf8');
    expect(text).toMatch(/notice reload-change: limits\.queuedMessages: \d+ → 7\n/);
    expect(text).toMatch(
      /notice reloaded: the configuration is in effect: (1 key|\d keys) changed, 0 of 1 listener touched, 0 clients disconnected\n/,
    );
  });

  test('changes nothing when one thing of it is wrong', async () => {
    const occupied = createServer().listen(0, '127.0.0.1');
    await once(occupied, 'listening');
    const { port } = occupied.address() as AddressInfo;
    const server = await served.start(served.configuration());
    const client = await connected(server, 'main');
    const before = server.configuration;
    await expect(
      server.reload(
        served.configuration({
          limits: { queuedMessages: 7 },
          listeners: [
            { name: 'other', port: 0 },
            { name: 'taken', port },
          ],
        }),
      ),
    ).rejects.toThrow(`port ${port} is already in use`);
    expect(server.configuration).toBe(before);
    expect(server.broker.profile.limits.queuedMessages).not.toBe(7);
    expect(server.listeners.map(({ name }) => name)).toEqual(['main']);
    await client.publishAsync('t', 'x', { qos: 1 });
    expect(served.lines.at(-1)).toMatch(/^error reload-failed: nothing has changed, .*already in use/);
    occupied.close();
  });

  test('tells a file that is wrong with its line, and everything stays', async () => {
    const file = join(served.directory, 'passwords');
    writeFileSync(file, 'ann:plain\n');
    const server = await served.start(served.configuration());
    const wrong = served.configuration({ authentication: { methods: [{ type: 'passwordFile', file }] } });
    await expect(server.reload(wrong)).rejects.toThrow(ConfigurationError);
    expect(served.lines.find((line) => line.startsWith('error'))).toContain(`${file}:1`);
    await connected(server, 'main');
  });

  test('refuses what needs a restart, and names the line and what to do', async () => {
    const server = await served.start(
      served.parsed('store: { directory: false }\ncontrol: { socket: none }\nlisteners: [{ port: 0 }]\n'),
    );
    await expect(
      server.reload(
        served.parsed(
          'store:\n  directory: elsewhere\ncontrol: { socket: none }\nlisteners: [{ port: 0 }]\n',
        ),
      ),
    ).rejects.toThrow(
      /martlet\.yaml:2:\d+: store\.directory: cannot change while the broker runs: .*; put it back, or restart the broker/,
    );
  });

  test('moves a listener to another port, and disconnects its clients', async () => {
    const server = await served.start(served.configuration());
    const before = portOf(server, 'main');
    const client = await connected(server, 'main');
    const closed = nextClose(client);
    const port = await freePort();
    const report = await server.reload(served.configuration({ listeners: [{ name: 'main', port }] }));
    await closed;
    expect(report.listeners).toMatchObject([{ fate: 'moved', place: `127.0.0.1:${port}`, connections: 1 }]);
    expect(portOf(server, 'main')).toBe(port);
    await expect(connectAsync(`mqtt://127.0.0.1:${before}`, { reconnectPeriod: 0 })).rejects.toThrow();
    await connected(server, 'main');
  });

  test('opens a listener anew at its own port when its protocol changes', async () => {
    const port = await freePort();
    const server = await served.start(served.configuration({ listeners: [{ name: 'main', port }] }));
    const closed = nextClose(await connected(server, 'main'));
    const report = await server.reload(
      served.configuration({ listeners: [{ name: 'main', port, protocol: 'websocket' }] }),
    );
    await closed;
    expect(report.listeners).toMatchObject([{ fate: 'reopened' }]);
    const client = await connectAsync(`ws://127.0.0.1:${port}/mqtt`, { reconnectPeriod: 0 });
    clients.push(client);
  });

  test('gives an address back when what was to take it cannot be opened, and its clients stay', async () => {
    const [port, other] = [await freePort(), await freePort()];
    const occupied = createServer().listen(other, '127.0.0.1');
    await once(occupied, 'listening');
    const server = await served.start(served.configuration({ listeners: [{ name: 'main', port }] }));
    const client = await connected(server, 'main');
    const failing = served.configuration({
      listeners: [
        { name: 'main', port, protocol: 'websocket' },
        { name: 'second', port, host: '192.0.2.1' },
      ],
    });
    await expect(server.reload(failing)).rejects.toThrow('192.0.2.1');
    await client.publishAsync('t', 'x', { qos: 1 });
    await connected(server, 'main');
    const report = await server.reload(served.configuration({ listeners: [{ name: 'new', port: 0 }] }));
    expect(report.disconnectedCount).toBe(2);
    await expect.poll(() => client.connected).toBe(false);
    occupied.close();
  });

  test('that cannot give an address back says so, and the next one opens the listener', async () => {
    const port = await freePort();
    let mayOpen = true;
    const server = await served.start(served.configuration({ listeners: [{ name: 'main', port }] }), {
      openListener: (configuration, services) =>
        mayOpen
          ? openServedListener(configuration, services)
          : Promise.reject(new Error('somebody else listens there')),
    });
    const closed = nextClose(await connected(server, 'main'));
    mayOpen = false;
    const changed = served.configuration({ listeners: [{ name: 'main', port, protocol: 'websocket' }] });
    await expect(server.reload(changed)).rejects.toThrow('somebody else listens there');
    await closed;
    expect(served.lines.join('\n')).toMatch(/^error listener-not-restored: main could not be opened again/m);
    mayOpen = true;
    await server.reload(served.configuration({ listeners: [{ name: 'main', port }] }));
    await connected(server, 'main');
  });

  test('takes place one after another, and those that wait are one', async () => {
    const loads: number[] = [];
    const server = await served.start(served.configuration(), {
      load: async () => {
        loads.push(loads.length);
        return served.configuration({ limits: { queuedMessages: 10 + loads.length } });
      },
    });
    const all = await Promise.all([server.reload(), server.reload(), server.reload()]);
    expect(loads.length).toBeLessThanOrEqual(2);
    expect(all.at(-1)).toBe(all.at(-2));
    const last = server.reload(served.configuration({ limits: { queuedMessages: 99 } }));
    await Promise.all([server.reload(served.configuration({ limits: { queuedMessages: 50 } })), last]);
    expect(server.broker.profile.limits.queuedMessages).toBe(50);
  });

  test('disconnects those whose users are gone or have other passwords, and nobody else', async () => {
    const file = join(served.directory, 'passwords');
    const lineOf = async (user: string, password: string): Promise<string> =>
      `${user}:${passwordHashText(await hashPassword(Buffer.from(password), 'sha512-pbkdf2'))}\n`;
    const [ann, bob, carol] = [
      await lineOf('ann', 'a'),
      await lineOf('bob', 'b'),
      await lineOf('carol', 'c'),
    ];
    writeFileSync(file, ann + bob + carol);
    const configuration = served.configuration({
      authentication: { methods: [{ type: 'passwordFile', file }] },
    });
    const server = await served.start(configuration);
    const staying = await connected(server, 'main', { username: 'ann', password: 'a', clientId: 'a' });
    await connected(server, 'main', { username: 'bob', password: 'b', clientId: 'b' });
    await connected(server, 'main', { username: 'carol', password: 'c', clientId: 'c' });
    writeFileSync(file, ann + (await lineOf('bob', 'other')));
    const report = await server.reload(configuration);
    expect(report.disconnected.map(({ clientId, reason }) => `${clientId}: ${reason}`).sort()).toEqual([
      'b: the credentials of its user have changed: connect again',
      'c: its user would not be let in any more',
    ]);
    await staying.publishAsync('t', 'x', { qos: 1 });
    expect(JSON.stringify(report) + served.lines.join()).not.toContain('$7$');
  });

  test('disconnects clients without a user name when they may not come any more', async () => {
    const server = await served.start(served.configuration({ authentication: { anonymous: true } }));
    const told = nextDisconnect(await connected(server, 'main'));
    await server.reload(served.configuration({ authentication: { anonymous: false } }));
    expect((await told).properties?.reasonString).toBe(
      'nobody may be connected without a user name any more',
    );
  });

  test('has rights hold for clients that are connected', async () => {
    const server = await served.start(served.configuration());
    const client = await connected(server, 'main');
    await client.publishAsync('a', 'x', { qos: 1 });
    await server.reload(
      served.configuration({ authorization: { rules: [{ allow: ['publish'], topics: ['b'], who: {} }] } }),
    );
    await expect(client.publishAsync('a', 'x', { qos: 1 })).rejects.toThrow();
    await client.publishAsync('b', 'x', { qos: 1 });
  });
});

describe('A plan', () => {
  test('says what a reload would do, and does nothing', async () => {
    const server = await served.start(served.configuration());
    const client = await connected(server, 'main', { clientId: 'c' });
    const port = await freePort();
    const before = server.configuration;
    const report = await server.plan(served.configuration({ listeners: [{ name: 'other', port }] }));
    expect(reportLines(report)).toEqual([
      expect.stringContaining('listeners'),
      expect.stringContaining('listeners'),
      `listener other at 127.0.0.1:${port}: would be opened`,
      `listener main at 127.0.0.1:${portOf(server, 'main')}: would be closed, 1 connection ended`,
      'would disconnect c of main: its listener is closed',
    ]);
    expect(server.configuration).toBe(before);
    expect(server.listeners.map(({ name }) => name)).toEqual(['main']);
    await client.publishAsync('t', 'x', { qos: 1 });
  });

  test('finds what a reload would fail with', async () => {
    const server = await served.start(served.configuration());
    const wrong = served.configuration({
      authorization: { methods: [{ type: 'aclFile', file: join(served.directory, 'missing') }] },
    });
    await expect(server.plan(wrong)).rejects.toThrow(/missing/);
    expect(served.lines.filter((line) => line.startsWith('error'))).toEqual([]);
  });
});
