import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import type { MqttClient } from 'mqtt';
import { connectAsync } from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LoadedConfiguration } from '../../src/config/load-configuration.ts';
import type { Server } from '../../src/server/server.ts';
import { portOf, ServedTest } from './served.ts';

const RELOADS = 20;
const PUBLISHERS = 4;

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

async function freePorts(count: number): Promise<readonly number[]> {
  const probes = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(probes.map((probe) => once(probe, 'listening')));
  const ports = probes.map((probe) => (probe.address() as AddressInfo).port);
  await Promise.all(probes.map((probe) => once(probe.close(), 'close')));
  return ports;
}

/** Two listeners that stay, with other limits each time; a third that comes, moves and goes. */
function round(at: number, [first, second]: readonly number[]): LoadedConfiguration {
  const third = [[], [{ name: 'third', port: first }], [{ name: 'third', port: second }]][at % 3]!;
  const listeners = [
    { name: 'publishers', port: 0, maximumConnections: 100 + at },
    { name: 'subscribers', port: 0 },
    ...third,
  ];
  return served.configuration({ listeners, limits: { queuedMessages: 10_000 + at } });
}

async function connected(server: Server, name: string): Promise<MqttClient> {
  const client = await connectAsync(`mqtt://127.0.0.1:${portOf(server, name)}`, {
    protocolVersion: 5,
    reconnectPeriod: 0,
  });
  clients.push(client);
  return client;
}

test('Twenty reloads under load end no connection that should stay, and lose no message of QoS 1', async () => {
  const ports = await freePorts(2);
  const server = await served.start(round(0, ports));
  const subscribers = await Promise.all([connected(server, 'subscribers'), connected(server, 'subscribers')]);
  const received = subscribers.map(() => new Map<string, number[]>());
  for (const [at, subscriber] of subscribers.entries()) {
    subscriber.on('message', (topic, payload) => {
      const numbers = received[at]!.get(topic) ?? [];
      numbers.push(Number(payload));
      received[at]!.set(topic, numbers);
    });
    await subscriber.subscribeAsync('load/#', { qos: 1 });
  }
  const publishers = await Promise.all(
    Array.from({ length: PUBLISHERS }, () => connected(server, 'publishers')),
  );
  const stayed = [...subscribers, ...publishers];
  let ended = 0;
  for (const client of stayed) client.on('close', () => ended++);

  let isDone = false;
  const published = publishers.map(async (publisher, at) => {
    let count = 0;
    while (!isDone) await publisher.publishAsync(`load/${at}`, String(count++), { qos: 1 });
    return count;
  });
  for (let at = 1; at <= RELOADS; at++) {
    const third = server.listeners.some(({ name }) => name === 'third')
      ? await connected(server, 'third')
      : null;
    const report = await server.reload(round(at, ports));
    expect(report.disconnectedCount).toBe(third === null ? 0 : 1);
    if (third !== null) await expect.poll(() => third.connected).toBe(false);
  }
  isDone = true;
  const counts = await Promise.all(published);
  expect(ended).toBe(0);
  for (const each of received)
    for (const [at, count] of counts.entries()) {
      await expect.poll(() => each.get(`load/${at}`)?.length).toBe(count);
      expect(each.get(`load/${at}`)).toEqual(Array.from({ length: count }, (_, number) => number));
    }
  expect(Math.min(...counts)).toBeGreaterThan(RELOADS);
});
