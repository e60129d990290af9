import type { Message } from '@martlet/client';
import type { PublishPacket, PublishProperties } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { World } from '../world/world.ts';

function publishOf(properties: PublishProperties, topicName = 'a/b'): PublishPacket {
  const payload = new TextEncoder().encode('text');
  return { type: 'publish', topicName, payload, qos: 0, retain: false, dup: false, packetId: 0, properties };
}

describe('Messages with the same properties', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  test('each have all of them', async () => {
    const received: Message[] = [];
    const client = world.connect();
    client.subscribe('a/#', {}, (message) => received.push(message));
    const server = await world.accept();
    const short: PublishProperties = { messageExpiryInterval: 7, payloadFormatIndicator: 1 };
    const long: PublishProperties = { userProperties: [['key', 'value']] };
    const correlated: PublishProperties = { correlationData: new Uint8Array([1, 2, 3]) };
    const all = [short, short, long, correlated, long, correlated, {}, short];
    server.send(...all.map((properties) => publishOf(properties)));
    expect(received.map(({ properties }) => ({ ...properties }))).toEqual(all);
  });

  test('go to whom the Subscription Identifier names, also when another one is between them', async () => {
    const received: string[] = [];
    const client = world.connect();
    for (const filter of ['a/#', 'a/+']) {
      client.subscribe(filter, {}, () => received.push(filter));
    }
    const server = await world.accept({ properties: {} });
    const [first, second] = [1, 2].map(() => server.take('subscribe').properties.subscriptionIdentifier!) as [
      number,
      number,
    ];
    const ofIdentifiers = (...subscriptionIdentifiers: number[]) => publishOf({ subscriptionIdentifiers });
    server.send(ofIdentifiers(first), ofIdentifiers(first), ofIdentifiers(second), ofIdentifiers(first));
    expect(received).toEqual(['a/#', 'a/#', 'a/+', 'a/#']);
    received.length = 0;
    server.send(publishOf({}), ofIdentifiers(second), ofIdentifiers(first, second));
    expect(received).toEqual(['a/#', 'a/+', 'a/+', 'a/#', 'a/+']);
  });

  test('go no longer to whom has unsubscribed', async () => {
    const received: string[] = [];
    const client = world.connect();
    const subscriptions = ['a/#', 'a/+'].map(
      (filter) => client.subscribe(filter, {}, () => received.push(filter)).subscription,
    );
    const server = await world.accept();
    const identifier = server.take('subscribe').properties.subscriptionIdentifier!;
    const message = publishOf({ subscriptionIdentifiers: [identifier] });
    server.send(message);
    void subscriptions[0]!.unsubscribe();
    server.send(message);
    expect(received).toEqual(['a/#', 'a/+']);
  });

  test('are as their topic alias says', async () => {
    const received: string[] = [];
    const client = world.connect();
    client.subscribe('#', {}, ({ topicName }) => received.push(topicName));
    const server = await world.accept();
    const named = publishOf({ topicAlias: 1 }, 'first');
    const renamed = publishOf({ topicAlias: 1 }, 'second');
    const unnamed = publishOf({ topicAlias: 1 }, '');
    server.send(named, unnamed, unnamed, renamed, unnamed);
    expect(received).toEqual(['first', 'first', 'first', 'second', 'second']);
  });
});

test('A payload is no Buffer, whatever the transport reads: a copy of it is a copy', async () => {
  const world = new World();
  const received: Message[] = [];
  const client = world.connect();
  client.subscribe('a/#', {}, (message) => received.push(message));
  const server = await world.accept();
  server.sendBytes(Buffer.from([0x30, 6, 0, 1, 0x61, 0, 0x78, 0x79]));
  const [{ payload }] = received as [Message];
  expect(payload).toEqual(new Uint8Array([0x78, 0x79]));
  expect(Buffer.isBuffer(payload)).toBe(false);
  expect(payload.slice().buffer).not.toBe(payload.buffer);
  await world.close();
});
