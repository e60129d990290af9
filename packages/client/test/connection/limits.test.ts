// What each side may have under way, and the topic aliases of both: they hold for one connection.

import type { Packet, PublishPacket, Qos } from '@martlet/protocol';
import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

function publish(topicName: string, qos: Qos, packetId: number, topicAlias?: number): Packet {
  const properties = topicAlias === undefined ? {} : { topicAlias };
  const payload = new Uint8Array(1);
  return { type: 'publish', topicName, payload, qos, packetId, retain: false, dup: false, properties };
}

/** The topic names and aliases of what the client has published. */
function published(server: TestServer): [string, number | undefined][] {
  const packets = server.takeAll().filter((packet): packet is PublishPacket => packet.type === 'publish');
  return packets.map(({ topicName, properties }) => [topicName, properties.topicAlias]);
}

describe('The Receive Maximum', () => {
  test('[MQTT-3.3.4-7] v5 of the server holds back what is published', async () => {
    const client = world.connect();
    const server = await world.accept({ properties: { receiveMaximum: 2 } });
    for (let i = 0; i < 5; i++) client.publish('a', String(i), { qos: i % 2 === 0 ? 1 : 2 });
    client.publish('a', 'free').sent.catch(() => {});
    await world.settle();
    expect(published(server)).toHaveLength(2);
    server.send({ type: 'puback', packetId: 1, reasonCode: 0, properties: {} });
    await world.settle();
    expect(published(server)).toHaveLength(1);
    server.send({ type: 'pubrec', packetId: 2, reasonCode: 0, properties: {} });
    await world.settle();
    expect(published(server)).toHaveLength(0);
    server.send({ type: 'pubcomp', packetId: 2, reasonCode: 0, properties: {} });
    await world.settle();
    expect(published(server)).toHaveLength(1);
  });

  test('of the client does not count QoS 0', async () => {
    const client = world.connect({ receiveMaximum: 1, unroutedMessages: 0 });
    const server = await world.accept();
    for (let i = 0; i < 10; i++) server.send(publish('a', 0, 0));
    expect(client.state).toBe('online');
  });
});

describe('Topic aliases that the client gives', () => {
  test('[MQTT-3.3.2-9] v5 are as many as the server takes, for names that come again', async () => {
    const client = world.connect();
    const server = await world.accept({ properties: { topicAliasMaximum: 2 } });
    for (const name of ['a', 'b', 'c', 'a', 'b', 'a', 'b', 'c']) client.publish(name, 'x');
    await world.settle();
    expect(published(server)).toEqual([
      ['a', undefined],
      ['b', undefined],
      ['c', undefined],
      ['a', 1],
      ['b', 2],
      ['', 1],
      ['', 2],
      // The one used longest ago goes to a new name.
      ['c', 1],
    ]);
  });

  test.each([
    ['the server takes none', {}, 0],
    ['the client is to give none', { outgoingTopicAliases: 0 }, 10],
    ['there are none in this version', { protocolVersion: 4 as const }, 0],
  ])('are not given where %s', async (_why, options, topicAliasMaximum) => {
    const client = world.connect(options);
    const server = await world.accept({ properties: topicAliasMaximum === 0 ? {} : { topicAliasMaximum } });
    for (let i = 0; i < 3; i++) client.publish('a', 'x');
    await world.settle();
    expect(published(server)).toEqual(new Array(3).fill(['a', undefined]));
  });

  test('[MQTT-3.3.2-7] v5 are forgotten with the connection: what is sent again has its name', async () => {
    const client = world.connect();
    const properties = { topicAliasMaximum: 5 };
    const first = await world.accept({ properties });
    for (let i = 0; i < 4; i++) client.publish('a', 'x', { qos: 1 });
    await world.settle();
    expect(published(first).at(-1)).toEqual(['', 1]);
    first.cut();
    await world.advance(500);
    const second = await world.accept({ sessionPresent: true, properties });
    for (let id = 1; id <= 4; id++) {
      second.send({ type: 'puback', packetId: id, reasonCode: 0, properties: {} });
      await world.settle();
    }
    const names = published(second);
    expect(names).toHaveLength(4);
    expect(names[0]).toEqual(['a', undefined]);
    for (const [index, [topicName, alias]] of names.entries()) {
      const isKnown = names.slice(0, index).some(([name, given]) => name === 'a' && given === alias);
      expect(topicName === 'a' || isKnown).toBe(true);
    }
  });
});

describe('Topic aliases that the server gives', () => {
  test('stand for the name that came with them last', async () => {
    const client = world.connect();
    const names: string[] = [];
    client.on('unrouted', ({ topicName }) => names.push(topicName));
    const server = await world.accept();
    server.send(publish('a', 0, 0, 1), publish('', 0, 0, 1), publish('b', 0, 0, 1), publish('', 0, 0, 1));
    expect(names).toEqual(['a', 'a', 'b', 'b']);
  });

  test.each([
    ['above what it may', publish('a', 0, 0, 5)],
    ['that it has not set', publish('', 0, 0, 1)],
  ])('[MQTT-3.1.2-26] v5 break the protocol: one %s', async (_what, packet) => {
    const client = world.connect({ topicAliasMaximum: 4 });
    const server = await world.accept();
    server.send(packet);
    expect(server.take('disconnect').reasonCode).toBe(ReasonCode.TopicAliasInvalid);
    expect(client.state).toBe('waiting');
  });

  test('[MQTT-3.3.2-7] v5 are forgotten with the connection', async () => {
    world.connect();
    const first = await world.accept();
    first.send(publish('a', 0, 0, 1));
    first.cut();
    await world.advance(500);
    const second = await world.accept();
    second.send(publish('', 0, 0, 1));
    expect(second.take('disconnect').reasonCode).toBe(ReasonCode.TopicAliasInvalid);
  });
});
