import { expect, test } from 'vitest';
import { SnWorld } from '../world/sn-world.ts';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

test('a device connects, registers a topic, publishes, and the broker has it', () => {
  const world = new SnWorld();
  const seen = world.watch('#');
  const device = world.device().connected('dev');
  const topicId = device.register('a/b/c');
  device.publish(topicId, 'zero');
  expect(device.received()).toEqual([]);
  device.publish(topicId, 'one', 1, 7);
  expect(device.received()).toEqual([{ type: 'puback', topicId, packetId: 7, returnCode: 0 }]);
  device.publish(topicId, 'two', 2, 8);
  expect(device.received()).toEqual([{ type: 'pubrec', packetId: 8 }]);
  device.send({ type: 'pubrel', packetId: 8 });
  expect(device.received()).toEqual([{ type: 'pubcomp', packetId: 8 }]);
  expect(seen.map(({ topicName, qos }) => [topicName, qos])).toEqual([
    ['a/b/c', 0],
    ['a/b/c', 1],
    ['a/b/c', 2],
  ]);
});

test('a topic that matches a wildcard is registered before its first message', () => {
  const world = new SnWorld();
  const device = world.device().connected('dev');
  device.subscribe('a/#', 1);
  expect(device.received()).toEqual([{ type: 'suback', qos: 1, topicId: 0, packetId: 100, returnCode: 0 }]);
  world.publish('a/b', 'x', 1);
  const [register] = device.received();
  expect(register).toMatchObject({ type: 'register', topicName: 'a/b' });
  if (register?.type !== 'register') throw new Error('no REGISTER');
  const { topicId, packetId } = register;
  device.send({ type: 'regack', topicId, packetId, returnCode: 0 });
  const [publish] = device.received();
  expect(publish).toMatchObject({ type: 'publish', topic: { kind: 'normal', topicId }, qos: 1, dup: false });
  if (publish?.type !== 'publish') throw new Error('no PUBLISH');
  expect(text(publish.payload)).toBe('x');
  world.publish('a/b', 'y', 1);
  expect(device.received()).toEqual([]);
  device.send({ type: 'puback', topicId, packetId: publish.packetId, returnCode: 0 });
  expect(device.received()).toMatchObject([{ type: 'publish', topic: { kind: 'normal', topicId } }]);
});

test('a sleeper gets what waited when it wakes, and PINGRESP last', () => {
  const world = new SnWorld();
  const device = world.device().connected('dev', { clean: false });
  device.subscribe('t', 1);
  const [suback] = device.received();
  expect(suback).toMatchObject({ type: 'suback', returnCode: 0 });
  device.send({ type: 'disconnect', duration: 300 });
  expect(device.types()).toEqual(['disconnect']);
  for (const payload of ['1', '2', '3']) world.publish('t', payload, 1);
  world.publish('t', 'q0', 0);
  expect(device.received()).toEqual([]);
  world.advance(200);
  const got: string[] = [];
  device.onMessage = (message) => {
    if (message.type !== 'publish') return;
    got.push(text(message.payload));
    if (message.qos === 0) return;
    const topicId = message.topic.kind === 'normal' ? message.topic.topicId : 0;
    queueMicrotask(() => undefined);
    pending.push(() => device.send({ type: 'puback', topicId, packetId: message.packetId, returnCode: 0 }));
  };
  const pending: (() => void)[] = [];
  device.send({ type: 'pingreq', clientId: 'dev' });
  while (pending.length > 0) pending.shift()!();
  expect(got.toSorted()).toEqual(['1', '2', '3', 'q0']);
  const types = device.types();
  expect(types.at(-1)).toBe('pingresp');
  expect(types.filter((type) => type === 'pingresp')).toHaveLength(1);
  expect(world.gateway.stateOf('dev')).toBe('asleep');
});

test('a sleeper that does not wake in time is lost, and its will is published', () => {
  const world = new SnWorld();
  const seen = world.watch('gone');
  const device = world.device().connect('dev', { will: true });
  expect(device.types()).toEqual(['willtopicreq']);
  device.send({ type: 'willtopic', will: { topicName: 'gone', qos: 1, retain: false } });
  expect(device.types()).toEqual(['willmsgreq']);
  device.send({ type: 'willmsg', payload: new TextEncoder().encode('bye') });
  expect(device.received()).toEqual([{ type: 'connack', returnCode: 0 }]);
  device.send({ type: 'disconnect', duration: 100 });
  world.advance(149);
  expect(seen).toHaveLength(0);
  world.advance(2);
  expect(seen.map((message) => message.text())).toEqual(['bye']);
  expect(world.gateway.stateOf('dev')).toBeUndefined();
});
