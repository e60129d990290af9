import { describe, expect, it } from 'vitest';
import { nodeBytes } from '../../src/core/retained/retained-node.ts';
import { publishPacket } from '../world/packets.ts';
import { bytesOf, World } from '../world/world.ts';

const retain = { qos: 1, retain: true } as const;

describe('retainedMessages', () => {
  it('as many are retained; one more is routed, and its publisher is told that it is not retained', () => {
    const world = new World({ limits: { retainedMessages: 2 } });
    const subscriber = world.connect();
    subscriber.subscribe('#');
    const publisher = world.connect();
    for (const name of ['a', 'b', 'a']) publisher.publish(name, 'x', retain);
    expect(publisher.take().map((packet) => 'properties' in packet && packet.properties)).toEqual([
      {},
      {},
      {},
    ]);
    publisher.publish('c', 'x', retain);
    expect(publisher.takeOne('puback')).toMatchObject({
      reasonCode: 0,
      properties: { reasonString: expect.stringContaining('not retained') },
    });
    publisher.publish('c', 'x', { ...retain, qos: 2 });
    expect(publisher.takeOne('pubrec').properties.reasonString).toContain('not retained');
    expect(subscriber.takePublishes()).toHaveLength(5);
    expect(world.dropped('retained-limit')).toBe(2);
    expect(world.core.gauges.retainedMessages).toBe(2);
    publisher.publish('a', '', retain);
    publisher.publish('c', 'y', retain);
    expect(world.dropped('retained-limit')).toBe(2);
  });
});

it('a message that is not retained is not told as unwanted where that is not to be told', () => {
  const world = new World({
    limits: { retainedMessages: 0 },
    habits: { tellNoMatchingSubscribers: false },
  });
  const publisher = world.connect();
  publisher.publish('a', 'x', retain);
  const { reasonCode, properties } = publisher.takeOne('puback');
  expect([reasonCode, properties.reasonString]).toEqual([0, expect.stringContaining('not retained')]);
});

describe('retainedBytes', () => {
  it('so much is retained, one byte more is not', () => {
    // Payload, topic name, what a message costs itself, and the node of its one level.
    const world = new World({ limits: { retainedBytes: 2 * (100 + 1 + 128 + nodeBytes(1)) } });
    const publisher = world.connect();
    publisher.publish('a', new Uint8Array(100), retain);
    publisher.publish('b', new Uint8Array(101), retain);
    expect(world.dropped('retained-limit')).toBe(1);
    publisher.publish('b', new Uint8Array(100), retain);
    expect([world.dropped('retained-limit'), world.core.gauges.retainedMessages]).toEqual([1, 2]);
    publisher.publish('a', new Uint8Array(101), retain);
    expect([world.dropped('retained-limit'), world.core.gauges.retainedMessages]).toEqual([2, 1]);
  });
});

it('what the levels of a topic name cost counts as retained bytes, once for all topics that share them', () => {
  const deep = `${'/'.repeat(99)}a`;
  const room = 1 + 100 + 128 + 99 * nodeBytes(0) + nodeBytes(1);
  for (const [retainedBytes, count] of [
    [room - 1, 0],
    [room, 1],
  ] as const) {
    const world = new World({ limits: { retainedBytes } });
    const publisher = world.connect();
    publisher.publish(deep, 'x', retain);
    expect(world.core.gauges.retainedMessages).toBe(count);
    publisher.publish(deep, 'y', retain);
    expect(world.core.gauges.retainedBytes).toBe(count * room);
    publisher.publish(deep, '', retain);
    expect(world.core.gauges.retainedBytes).toBe(0);
  }
  const world = new World({ limits: { retainedBytes: room + 1 + 100 + 128 + nodeBytes(1) } });
  const publisher = world.connect();
  for (const last of ['a', 'b', 'c']) publisher.publish(`${deep.slice(0, -1)}${last}`, 'x', retain);
  expect(world.core.gauges.retainedMessages).toBe(2);
});

describe('retainedBatch', () => {
  it('as many are shown to a new subscription per turn, the rest in later ones', () => {
    const world = new World({ limits: { retainedBatch: 10 } });
    const publisher = world.connect();
    const names = [...'abcdefghijklmnopqrstuvwxy'].map((letter) => `r/${letter}`);
    for (const name of names) publisher.publish(name, 'x', retain);
    const subscriber = world.connect();
    const before = subscriber.writes.length;
    subscriber.subscribe('r/#');
    expect(subscriber.takePublishes().map(({ topicName }) => topicName)).toEqual(names);
    const batches = subscriber.writes
      .slice(before)
      .map((write) => write.filter((byte) => byte === 0x31).length);
    // One with the SUBSCRIBE itself and one at the end of its turn, then one in each turn.
    expect(batches[0]).toBeLessThanOrEqual(20);
    expect(Math.max(...batches.slice(1))).toBeLessThanOrEqual(10);
  });
});

describe('localMessages', () => {
  it('as many wait for the application in one turn, further ones are dropped and counted', () => {
    const world = new World({ limits: { localMessages: 3 } });
    const got: string[] = [];
    world.core.subscribe('#', (message) => got.push(new TextDecoder().decode(message.payload)));
    const publisher = world.connect();
    publisher.send(...[1, 2, 3, 4, 5].map((i) => publishPacket('a', `${i}`)));
    expect(got).toEqual(['1', '2', '3']);
    expect(world.dropped('queue-full-dropped-newest')).toBe(2);
    publisher.send(publishPacket('a', '6'));
    expect(got.at(-1)).toBe('6');
  });

  it.each([
    ['localMessages', { localMessages: 3 }],
    ['retainedBatch', { retainedBatch: 3 }],
  ] as const)('retained messages beyond %s are shown to the application in later turns', (_, limits) => {
    const world = new World({ limits });
    const publisher = world.connect();
    const names = Array.from({ length: 8 }, (_, i) => `r/${i}`);
    for (const name of names) publisher.publish(name, 'x', retain);
    world.core.subscribe('r/#', () => {});
    const batches: string[][] = [];
    for (let shown = 0; shown < names.length && batches.length < 10; shown += batches.at(-1)!.length) {
      batches.push(world.core.takeLocal().map(({ message }) => message.topic.name));
      world.core.turn();
    }
    expect(batches.flat()).toEqual(names);
    expect(Math.max(...batches.map((batch) => batch.length))).toBe(3);
    expect(world.dropped('queue-full-dropped-newest')).toBe(0);
  });

  it('what the application takes off while it is shown is shown no more, and costs no more turns', () => {
    const world = new World({ limits: { localMessages: 3 } });
    const publisher = world.connect();
    for (let i = 0; i < 8; i++) publisher.publish(`r/${i}`, 'x', retain);
    let shown = 0;
    const subscription = world.core.subscribe('r/#', () => {
      if (++shown === 3) world.core.unsubscribe(subscription);
    });
    world.turn();
    expect(shown).toBe(3);
  });
});

describe('recentDropsPerReason', () => {
  it('as many drops are told one by one, older ones only in the count', () => {
    const world = new World({ limits: { recentDropsPerReason: 3 } });
    for (const name of ['a', 'b', 'c', 'd']) world.connect().publish(name, bytesOf('x'));
    const { outcomes } = world.core.context;
    expect(outcomes.latest().map(({ topicName }) => topicName)).toEqual(['b', 'c', 'd']);
    expect(world.dropped('no-matching-subscribers')).toBe(4);
  });
});
