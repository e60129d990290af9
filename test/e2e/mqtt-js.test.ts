// MQTT.js, over TCP and over WebSocket, in every version that it speaks.

import { ReasonCode } from '@martlet/protocol';
import type { IClientOptions, IPublishPacket, MqttClient, Packet } from 'mqtt';
import { connectAsync, connect as connectAtOnce } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { nextClose, nextDisconnect, nextMessages, urlOf } from '../mqtt-js.ts';
import { ServedBroker } from './served-broker.ts';

const VERSIONS = [
  { name: 'MQTT 3.1', options: { protocolId: 'MQIsdp', protocolVersion: 3 } },
  { name: 'MQTT 3.1.1', options: { protocolVersion: 4 } },
  { name: 'MQTT 5.0', options: { protocolVersion: 5 } },
] as const satisfies readonly { readonly name: string; readonly options: IClientOptions }[];
const PROTOCOLS = ['mqtt', 'ws'] as const;
const WAYS = PROTOCOLS.flatMap((protocol) =>
  VERSIONS.map(({ name, options }) => ({ protocol, name, options })),
);

let served: ServedBroker;
const clients: MqttClient[] = [];

beforeAll(async () => {
  served = await ServedBroker.start();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
});
afterAll(() => served.close());

async function connect(protocol: 'mqtt' | 'ws', options: IClientOptions = {}): Promise<MqttClient> {
  const url = urlOf(protocol === 'ws' ? served.webSocket : served.tcp, protocol);
  const client = await connectAsync(url, { reconnectPeriod: 0, ...options });
  clients.push(client);
  return client;
}

/** What a test compares: the topic name, the QoS and the payload as text. */
function seen({ topic, qos, payload }: IPublishPacket): string {
  return `${topic} ${qos} ${payload.toString()}`;
}

describe.each(WAYS)('$name over $protocol', ({ protocol, options }) => {
  test('publishes and subscribes at every QoS, by wildcard, and each message comes once', async () => {
    const client = await connect(protocol, options);
    const granted = await client.subscribeAsync({ 'room/+/temperature': { qos: 2 }, 'other/#': { qos: 1 } });
    expect(granted.map(({ qos }) => qos)).toEqual([2, 1]);
    const received = nextMessages(client, 5);
    for (const qos of [0, 1, 2] as const)
      await client.publishAsync(`room/${qos}/temperature`, `at ${qos}`, { qos });
    await client.publishAsync('room/1/humidity', 'not asked for', { qos: 2 });
    await client.publishAsync('other', 'the parent level', { qos: 0 });
    await client.publishAsync('other/a/b', 'lowered', { qos: 2 });
    expect((await received).map(seen).sort()).toEqual([
      'other 0 the parent level',
      'other/a/b 1 lowered',
      'room/0/temperature 0 at 0',
      'room/1/temperature 1 at 1',
      'room/2/temperature 2 at 2',
    ]);
  });

  test('unsubscribes', async () => {
    const client = await connect(protocol, options);
    await client.subscribeAsync('leaving', { qos: 1 });
    await client.subscribeAsync('staying', { qos: 1 });
    await client.unsubscribeAsync('leaving');
    const received = nextMessages(client, 1);
    await client.publishAsync('leaving', 'x', { qos: 1 });
    await client.publishAsync('staying', 'y', { qos: 1 });
    expect((await received).map(seen)).toEqual(['staying 1 y']);
  });

  test('gets a retained message, until it is cleared', async () => {
    const topicName = `retained/${protocol}/${options.protocolVersion}`;
    const publisher = await connect(protocol, options);
    await publisher.publishAsync(topicName, 'kept', { qos: 1, retain: true });
    const one = await connect(protocol, options);
    const received = nextMessages(one, 1);
    await one.subscribeAsync('retained/#', { qos: 1 });
    const [message] = await received;
    expect([message!.payload.toString(), message!.retain]).toEqual(['kept', true]);
    await publisher.publishAsync(topicName, '', { qos: 1, retain: true });
    const other = await connect(protocol, options);
    const later = nextMessages(other, 1);
    await other.subscribeAsync('retained/#', { qos: 1 });
    await publisher.publishAsync(topicName, 'live', { qos: 1 });
    expect((await later)[0]).toMatchObject({ retain: false, payload: Buffer.from('live') });
  });

  test('resumes its session, and gets what came meanwhile, in order', async () => {
    const session: IClientOptions = {
      ...options,
      clean: false,
      clientId: `durable-${protocol}-${options.protocolVersion}`,
      ...(options.protocolVersion === 5 ? { properties: { sessionExpiryInterval: 300 } } : {}),
    };
    const first = await connect(protocol, session);
    await first.subscribeAsync('durable', { qos: 2 });
    const gone = served.next('clientDisconnected', ({ clientId }) => clientId === session.clientId);
    await first.endAsync();
    await gone;
    const publisher = await connect(protocol, options);
    const numbers = Array.from({ length: 50 }, (_, index) => String(index));
    await Promise.all(numbers.map((text) => publisher.publishAsync('durable', text, { qos: 2 })));

    const url = urlOf(protocol === 'ws' ? served.webSocket : served.tcp, protocol);
    const again = connectAtOnce(url, { reconnectPeriod: 0, ...session });
    clients.push(again);
    // Before CONNACK: what waits may come in the same read.
    const received = nextMessages(again, numbers.length);
    const connack = await new Promise<{ sessionPresent: boolean }>((resolve) =>
      again.once('connect', resolve),
    );
    // CONNACK of MQTT 3.1 has no such flag.
    expect(connack.sessionPresent).toBe(options.protocolVersion !== 3);
    expect((await received).map(({ payload }) => payload.toString())).toEqual(numbers);
    await again.endAsync();
    await (await connect(protocol, { ...session, clean: true, properties: {} })).endAsync();
  });

  test('carries 5 MiB in one message', async () => {
    const client = await connect(protocol, options);
    await client.subscribeAsync('large', { qos: 1 });
    const payload = Buffer.alloc(5 * 1024 * 1024);
    for (let at = 0; at < payload.length; at += 4) payload.writeUInt32LE(at, at);
    const received = nextMessages(client, 1);
    await client.publishAsync('large', payload, { qos: 1 });
    expect(payload.equals((await received)[0]!.payload as Buffer)).toBe(true);
  });

  test('sends its will when the connection breaks', async () => {
    const watcher = await connect(protocol, options);
    await watcher.subscribeAsync('will', { qos: 1 });
    const received = nextMessages(watcher, 1);
    const broken = await connect(protocol, {
      ...options,
      will: { topic: 'will', payload: Buffer.from('gone'), qos: 1, retain: false },
    });
    broken.stream.destroy();
    expect((await received).map(seen)).toEqual(['will 1 gone']);
  });
});

describe.each(PROTOCOLS)('MQTT 5.0 over %s', (protocol) => {
  test('uses topic aliases both ways, and every message keeps its topic name', async () => {
    const client = await connect(protocol, {
      protocolVersion: 5,
      autoAssignTopicAlias: true,
      properties: { topicAliasMaximum: 10 },
    });
    const wire: { readonly way: string; readonly packet: IPublishPacket }[] = [];
    const record = (way: string) => (packet: Packet) => {
      if (packet.cmd === 'publish') wire.push({ way, packet: { ...packet } });
    };
    client.on('packetsend', record('sent'));
    await client.subscribeAsync('a/rather/long/topic/name/+', { qos: 1 });
    const received = nextMessages(client, 20);
    const names = Array.from({ length: 20 }, (_, index) => `a/rather/long/topic/name/${index % 2}`);
    for (const [index, name] of names.entries()) await client.publishAsync(name, String(index), { qos: 1 });
    const messages = await received;
    expect(messages.map(({ payload }) => payload.toString())).toEqual(names.map((_, index) => String(index)));
    expect(wire.filter(({ way, packet }) => way === 'sent' && packet.topic === '')).toHaveLength(18);
    // The broker assigns aliases of its own; MQTT.js puts the topic name back before it hands the message on.
    expect(messages.filter(({ properties }) => properties?.topicAlias !== undefined).length).toBeGreaterThan(
      0,
    );
  });

  test('hands properties through, and user properties in order', async () => {
    const client = await connect(protocol, { protocolVersion: 5 });
    await client.subscribeAsync('properties', { qos: 1, properties: { subscriptionIdentifier: 7 } });
    const received = nextMessages(client, 1);
    await client.publishAsync('properties', 'x', {
      qos: 1,
      properties: {
        contentType: 'application/json',
        responseTopic: 'answers',
        correlationData: Buffer.from([1, 2, 3]),
        messageExpiryInterval: 60,
        payloadFormatIndicator: true,
        userProperties: { a: ['1', '2'], b: '3' },
      },
    });
    expect((await received)[0]!.properties).toMatchObject({
      contentType: 'application/json',
      responseTopic: 'answers',
      correlationData: Buffer.from([1, 2, 3]),
      messageExpiryInterval: 60,
      payloadFormatIndicator: true,
      subscriptionIdentifier: 7,
      userProperties: { a: ['1', '2'], b: '3' },
    });
  });

  test('is told when another client takes its session', async () => {
    const first = await connect(protocol, { protocolVersion: 5, clientId: `same-${protocol}` });
    const told = nextDisconnect(first);
    const closed = nextClose(first);
    await connect(protocol, { protocolVersion: 5, clientId: `same-${protocol}` });
    expect((await told).reasonCode).toBe(ReasonCode.SessionTakenOver);
    await closed;
  });

  test('shares a subscription between two clients', async () => {
    const members = await Promise.all([
      connect(protocol, { protocolVersion: 5 }),
      connect(protocol, { protocolVersion: 5 }),
    ]);
    const counts = [0, 0];
    const all = new Promise<void>((resolve) => {
      for (const [index, member] of members.entries()) {
        member.on('message', () => {
          counts[index]!++;
          if (counts[0]! + counts[1]! === 20) resolve();
        });
      }
    });
    for (const member of members) await member.subscribeAsync('$share/workers/jobs', { qos: 1 });
    const publisher = await connect(protocol, { protocolVersion: 5 });
    for (let job = 0; job < 20; job++) await publisher.publishAsync('jobs', String(job), { qos: 1 });
    await all;
    expect(counts).toEqual([10, 10]);
  });
});

test('Clients of every version over either protocol see the same message', async () => {
  const all = await Promise.all(WAYS.map(({ protocol, options }) => connect(protocol, options)));
  for (const client of all) await client.subscribeAsync('everyone', { qos: 2 });
  for (const [index, publisher] of all.entries()) {
    const received = all.map((client) => nextMessages(client, 1));
    await publisher.publishAsync('everyone', `from ${index}`, { qos: 2 });
    for (const [message] of await Promise.all(received))
      expect(seen(message!)).toBe(`everyone 2 from ${index}`);
  }
});
