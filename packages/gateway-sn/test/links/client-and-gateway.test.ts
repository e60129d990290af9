// Our client and our gateway over real UDP of this machine.

import { createBroker } from '@martlet/broker';
import { afterEach, expect, test } from 'vitest';
import { publishUnconnected } from '../../src/client/publish-unconnected.ts';
import type { SnConnectOptions } from '../../src/client/sn-client.ts';
import { connectSn } from '../../src/client/sn-client.ts';
import type { SnMessageReceived } from '../../src/client/sn-client-options.ts';
import type { SnGatewayOptions } from '../../src/host/sn-gateway.ts';
import { SnGateway, toBroker } from '../../src/host/sn-gateway.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function world(options: SnGatewayOptions = {}) {
  const broker = createBroker({ sysInterval: 0 });
  closing.push(() => broker.close());
  const gateway = await SnGateway.listen({ port: 0 }, options, toBroker(broker));
  closing.push(() => gateway.close());
  const connect = async (more: Partial<SnConnectOptions> = {}) => {
    const messages: SnMessageReceived[] = [];
    const waiting: (() => void)[] = [];
    const client = await connectSn({
      port: gateway.address.port,
      clientId: 'dev',
      onMessage: (message) => {
        messages.push(message);
        for (const done of waiting.splice(0)) done();
      },
      ...more,
    });
    closing.push(() => client.close());
    const next = async () => {
      while (messages.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
      const message = messages.shift()!;
      return `${message.topicName} ${message.qos} ${new TextDecoder().decode(message.payload)}`;
    };
    return { client, messages, next };
  };
  return { broker, gateway, connect };
}

test('messages go both ways at every QoS, over names, wildcards, short and predefined topics', async () => {
  const predefined = { topicId: 5, topicName: 'pre/defined' };
  const { connect } = await world({ predefinedTopics: [predefined] });
  const { client, next } = await connect({ predefinedTopics: new Map([[5, 'pre/defined']]) });
  expect(await client.subscribe('a/+', 2)).toBe(2);
  expect(await client.subscribe({ short: 'zz' }, 1)).toBe(1);
  expect(await client.subscribe({ predefined: 5 }, 0)).toBe(0);
  for (const qos of [0, 1, 2] as const) {
    await client.publish(`a/${qos}`, `at ${qos}`, { qos });
    expect(await next()).toBe(`a/${qos} ${qos} at ${qos}`);
  }
  await client.publish({ short: 'zz' }, 'short', { qos: 1 });
  expect(await next()).toBe('zz 1 short');
  await client.publish({ predefined: 5 }, 'predefined', { qos: 2 });
  expect(await next()).toBe('pre/defined 0 predefined');
  await client.unsubscribe('a/+');
  await client.disconnect();
});

test('a sleeper gets what came when it looks, and wakes for good by connecting', async () => {
  const { broker, connect, gateway } = await world();
  const { client, messages, next } = await connect({ cleanSession: false });
  await client.subscribe('t/#', 1);
  await client.sleep(60);
  expect(gateway.core.stateOf('dev')).toBe('asleep');
  for (const text of ['1', '2']) await broker.publish('t/x', text, { qos: 1 });
  await client.checkMessages();
  expect(messages.map(({ payload }) => new TextDecoder().decode(payload))).toEqual(['1', '2']);
  messages.length = 0;
  await broker.publish('t/y', '3', { qos: 1 });
  await client.connect();
  expect(await next()).toBe('t/y 1 3');
  await client.disconnect();
});

test('a will can be changed, and is published for who goes without a word', async () => {
  const { broker, connect, gateway } = await world({ options: { tolerance: 1 } });
  const seen: string[] = [];
  const published = new Promise<void>((resolve) => {
    broker.subscribe('will/#', (message) => {
      seen.push(`${message.topicName} ${message.text()}`);
      resolve();
    });
  });
  const will = {
    topic: { topicName: 'will/1', qos: 1, retain: false },
    payload: Buffer.from('first'),
  } as const;
  const { client } = await connect({ will, keepAlive: 1 });
  await client.updateWillTopic({ topicName: 'will/2', qos: 1, retain: false });
  await client.updateWillMessage('second');
  await client.close();
  await published;
  expect(seen).toEqual(['will/2 second']);
  expect(gateway.connections).toBe(0);
});

test('QoS -1 needs no connection, where it is taken', async () => {
  const { broker, gateway } = await world({
    unconnected: { clientId: 'sensors', accepts: (peer) => peer.trusted },
    predefinedTopics: [{ topicId: 5, topicName: 'pre/defined' }],
  });
  const seen = new Promise<string>((resolve) => {
    broker.subscribe('pre/defined', (message) => resolve(message.text()));
  });
  const to = { host: '127.0.0.1', port: gateway.address.port };
  await publishUnconnected(to, { topic: { predefined: 5 }, payload: Buffer.from('hello') });
  expect(await seen).toBe('hello');
});

test('a gateway that is not there is told after the retries', async () => {
  const refused = connectSn({ port: 9, clientId: 'dev', retryMs: 20, retries: 1 });
  await expect(refused).rejects.toMatchObject({ code: 'GATEWAY_LOST' });
});
