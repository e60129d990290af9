// Section 6.8: QoS -1, from who has not connected, and is never answered.
import { expect, test } from 'vitest';
import type { Publish, TopicReference } from '../../src/core/codec/message.ts';
import { LONG_TOPIC_VECTOR } from '../codec/vectors.ts';
import { SnWorld } from '../world/sn-world.ts';

const unconnected = { clientId: 'sensors', accepts: () => true };
const predefinedTopics = [{ topicId: 5, topicName: 'pre/defined' }];

function publishTo(topic: TopicReference, more: Partial<Publish> = {}): Publish {
  const payload = new TextEncoder().encode('x');
  return { type: 'publish', dup: false, qos: -1, retain: false, topic, packetId: 0, payload, ...more };
}

function begin(options: ConstructorParameters<typeof SnWorld>[0] = {}) {
  const world = new SnWorld({ unconnected, predefinedTopics, ...options });
  const messages = world.watch('#');
  return { world, told: () => messages.map((m) => `${m.topicName} ${m.qos} ${m.text()}`) };
}

test('short names and predefined topics are published at QoS 0, by one connection for all', () => {
  const { world, told } = begin();
  for (const host of ['192.0.2.1', '192.0.2.2']) {
    const device = world.device(host);
    device.send(publishTo({ kind: 'short', topicName: 'ab' }));
    device.send(publishTo({ kind: 'predefined', topicId: 5 }));
    expect(device.received()).toEqual([]);
  }
  expect(told()).toEqual(['ab 0 x', 'pre/defined 0 x', 'ab 0 x', 'pre/defined 0 x']);
  expect(world.broker.clients.map(({ clientId }) => clientId)).toEqual(['sensors']);
  expect(world.gateway.clients).toBe(0);
});

test.each([
  ['an unknown predefined topic', { kind: 'predefined', topicId: 6 }],
  ['a normal identifier', { kind: 'normal', topicId: 6 }],
  ['a short name with a wildcard', { kind: 'short', topicName: '+/' }],
] as const)('%s is dropped and counted, and nobody is told', (_, topic) => {
  const { world, told } = begin();
  expect(world.device().send(publishTo(topic)).received()).toEqual([]);
  expect(told()).toEqual([]);
  expect(world.gateway.metrics.unconnectedRefused).toBe(1);
});

test('where it is not asked for, it is dropped, and nobody is told', () => {
  const { unconnected: _, ...rest } = { unconnected, predefinedTopics };
  const world = new SnWorld(rest);
  const messages = world.watch('#');
  expect(
    world
      .device()
      .send(publishTo({ kind: 'predefined', topicId: 5 }))
      .received(),
  ).toEqual([]);
  expect([messages.length, world.gateway.metrics.unconnectedRefused]).toEqual([0, 1]);
});

test('a name in full, as Paho has it, is taken only where it is asked for', () => {
  for (const longTopics of [false, true]) {
    const { world, told } = begin({ longTopics });
    world.device().sendBytes(LONG_TOPIC_VECTOR.hex);
    expect(told()).toHaveLength(longTopics ? 1 : 0);
  }
});

test('only peers that may, and only so many a second', () => {
  const accepts = (peer: { readonly host: string }) => peer.host === '192.0.2.1';
  const { world, told } = begin({ unconnected: { clientId: 'sensors', accepts, perSecond: 3 } });
  for (let i = 0; i < 10; i++) {
    world.device('192.0.2.1').send(publishTo({ kind: 'short', topicName: 'ab' }));
    world.device('192.0.2.2').send(publishTo({ kind: 'short', topicName: 'ab' }));
  }
  expect(told()).toHaveLength(3);
  expect(world.gateway.metrics.unconnectedRefused).toBe(17);
  world.advance(1);
  world.device('192.0.2.1').send(publishTo({ kind: 'short', topicName: 'ab' }));
  expect(told()).toHaveLength(4);
});

test.each([false, true])('it is retained only where that is allowed: %s', (retain) => {
  const { world } = begin({ unconnected: { ...unconnected, retain } });
  world.device().send(publishTo({ kind: 'short', topicName: 'ab' }, { retain: true }));
  expect(world.broker.retainedMessages('ab')).toHaveLength(retain ? 1 : 0);
});

test('a client may publish so in any state, asleep or not', () => {
  const { world, told } = begin();
  const device = world.device().connected('dev');
  device.send(publishTo({ kind: 'short', topicName: 'ab' }));
  device.send({ type: 'disconnect', duration: 100 });
  device.received();
  device.send(publishTo({ kind: 'short', topicName: 'cd' }));
  expect(device.received()).toEqual([]);
  expect(told()).toEqual(['ab 0 x', 'cd 0 x']);
  expect(world.gateway.stateOf('dev')).toBe('asleep');
});

test('rights are those of the connection for all: what it may not publish is dropped', () => {
  const authorizer = {
    authorize: ({
      client,
      topic,
    }: {
      readonly client: { readonly clientId: string };
      readonly topic: string;
    }) => ({ allowed: client.clientId === 'sensors' && topic === 'ab' }) as const,
  };
  const { world, told } = begin({ broker: { authorizer } });
  const device = world.device();
  device
    .send(publishTo({ kind: 'short', topicName: 'ab' }))
    .send(publishTo({ kind: 'short', topicName: 'cd' }));
  expect(told()).toEqual(['ab 0 x']);
  expect(device.received()).toEqual([]);
});

test('a connection that the broker ends is made anew with the next message', () => {
  const { world, told } = begin();
  const device = world.device().send(publishTo({ kind: 'short', topicName: 'ab' }));
  world.broker.disconnectClient('sensors');
  world.settle();
  device.send(publishTo({ kind: 'short', topicName: 'cd' }));
  expect(told()).toEqual(['ab 0 x', 'cd 0 x']);
});
