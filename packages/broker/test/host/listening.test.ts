import { once } from 'node:events';
import { connect } from 'node:net';
import { addressText, createBroker, EnvironmentError } from '@martlet/broker';
import type { MqttClient } from 'mqtt';
import { connectAsync } from 'mqtt';
import { expect, test } from 'vitest';
import { urlOf } from '../../../../test/mqtt-js.ts';

function nextPayload(client: MqttClient): Promise<string> {
  return new Promise((resolve) => client.once('message', (_topic, payload) => resolve(payload.toString())));
}

test('A broker listens in several places at once, and clients of all see each other', async () => {
  const broker = createBroker();
  const first = await broker.listen({ port: 0 });
  const second = await broker.listen({ port: 0, name: 'inside' });
  const web = await broker.listenWebSocket({ port: 0, path: '/other' });
  expect(broker.listeners).toEqual([first, second, web]);
  expect(second.name).toBe('inside');
  expect(first.name).toMatch(/^tcp:\d+$/);

  const subscriber = await connectAsync(urlOf(first));
  const publisher = await connectAsync(urlOf(second));
  const browser = await connectAsync(`ws://${addressText(web.address)}/other`);
  expect([first.connections, second.connections, web.connections]).toEqual([1, 1, 1]);
  await subscriber.subscribeAsync('t');
  for (const client of [publisher, browser]) {
    const received = nextPayload(subscriber);
    await client.publishAsync('t', client.options.protocol ?? '');
    expect(await received).toBe(client.options.protocol);
  }
  await Promise.all([subscriber.endAsync(), publisher.endAsync(), browser.endAsync()]);
  await broker.close();
});

test('Listening on a port in use rejects with a stable code, and the broker stays usable', async () => {
  const one = createBroker();
  const other = createBroker();
  const taken = await one.listen({ port: 0 });
  const { address } = taken;
  if (address.kind !== 'tcp') throw new Error('expected a TCP port');
  for (const attempt of [
    other.listen({ port: address.port }),
    other.listenWebSocket({ port: address.port }),
  ]) {
    const error: unknown = await attempt.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(error).toMatchObject({ code: 'ADDRESS_IN_USE', cause: { code: 'EADDRINUSE' } });
    expect((error as Error).message).toContain(`port ${address.port} is already in use`);
    expect((error as Error).message).not.toContain('\n');
  }
  expect(other.listeners).toEqual([]);
  await other.listen({ port: 0 });
  await Promise.all([one.close(), other.close()]);
});

test('Two brokers in one process never see each other', async () => {
  const brokers = [createBroker(), createBroker()];
  const clients = await Promise.all(
    brokers.map(async (broker) =>
      connectAsync(urlOf(await broker.listen({ port: 0 })), { clientId: 'same' }),
    ),
  );
  const seen: string[][] = [[], []];
  for (const [index, client] of clients.entries()) {
    client.on('message', (_topic, payload) => seen[index]!.push(payload.toString()));
    await client.subscribeAsync('#', { qos: 1 });
    brokers[index]!.subscribe('#', (message) => seen[index]!.push(`local ${message.text()}`));
  }
  for (const [index, client] of clients.entries()) {
    const arrived = nextPayload(client);
    await client.publishAsync('t', `of ${index}`, { qos: 1, retain: true });
    await arrived;
  }
  // A further round trip with each: whatever had gone astray would have come by now.
  for (const client of clients) await client.publishAsync('end', 'end', { qos: 1 });
  for (const [index, texts] of seen.entries()) {
    expect(texts.filter((text) => !text.endsWith('end')).sort()).toEqual([
      `local of ${index}`,
      `of ${index}`,
    ]);
  }
  expect(brokers.map((broker) => broker.gauges.connections)).toEqual([1, 1]);
  expect(brokers.map((broker) => broker.metrics.connectionsOpened)).toEqual([1, 1]);
  await clients[0]!.endAsync();
  await brokers[0]!.close();
  // The other one goes on.
  await clients[1]!.publishAsync('t', 'alone', { qos: 1 });
  await clients[1]!.endAsync();
  await brokers[1]!.close();
});

test('A raised packet limit holds over WebSocket too', async () => {
  const broker = createBroker({ limits: { maximumPacketSize: 20 * 1024 * 1024 } });
  const client = await connectAsync(urlOf(await broker.listenWebSocket({ port: 0 }), 'ws'), {
    reconnectPeriod: 0,
  });
  const received = new Promise<number>((resolve) => {
    broker.subscribe('large', (message) => resolve(message.payload.length));
  });
  await client.publishAsync('large', Buffer.alloc(18 * 1024 * 1024), { qos: 1 });
  expect(await received).toBe(18 * 1024 * 1024);
  await client.endAsync();
  await broker.close();
});

test('A connection beyond the limit is closed at once and counted', async () => {
  const broker = createBroker({ limits: { connections: 1 } });
  const listener = await broker.listen({ port: 0 });
  const client = await connectAsync(urlOf(listener));
  const { address } = listener;
  if (address.kind !== 'tcp') throw new Error('expected a TCP port');
  const socket = connect(address.port, address.host);
  await once(socket, 'close');
  expect(broker.metrics.connectionsRefused).toBe(1);
  await client.publishAsync('t', 'still served', { qos: 1 });
  await client.endAsync();
  await broker.close();
});
