// Our client and our gateway, before a whole broker, in virtual time: each message of each procedure is lost once.
import { describe, expect, test } from 'vitest';
import type { SnMessage } from '../../src/core/codec/message.ts';
import { SnWorld } from '../world/sn-world.ts';
import { loses, WorldClient } from './world-client.ts';

const will = {
  topic: { topicName: 'gone', qos: 1, retain: false },
  payload: new TextEncoder().encode('bye'),
} as const;

type Step = readonly [type: SnMessage['type'], from: 'client' | 'gateway'];

describe('CONNECT with a will', () => {
  const steps: readonly Step[] = [
    ['connect', 'client'],
    ['willtopicreq', 'gateway'],
    ['willtopic', 'client'],
    ['willmsgreq', 'gateway'],
    ['willmsg', 'client'],
    ['connack', 'gateway'],
  ];
  test.each(steps)('is got over when %s of the %s is lost', (type, from) => {
    const world = new SnWorld();
    const seen = world.watch('gone');
    const client = new WorldClient(world, { will });
    client.fate = loses(type, from);
    expect([client.connect(), client.client.state]).toEqual(['done', 'active']);
    client.fate = () => false;
    client.advance(100);
    expect(seen.map((message) => message.text())).toEqual(['bye']);
    expect([client.lost, world.gateway.stateOf('dev')]).toEqual([['GATEWAY_LOST'], undefined]);
  });
});

describe('A message from the client', () => {
  const steps: readonly (readonly [0 | 1 | 2, ...Step])[] = [
    [1, 'register', 'client'],
    [1, 'regack', 'gateway'],
    [1, 'publish', 'client'],
    [1, 'puback', 'gateway'],
    [2, 'publish', 'client'],
    [2, 'pubrec', 'gateway'],
    [2, 'pubrel', 'client'],
    [2, 'pubcomp', 'gateway'],
  ];
  test.each(steps)('at QoS %i arrives when %s of the %s is lost', (qos, type, from) => {
    const world = new SnWorld();
    const seen = world.watch('a/b');
    const client = new WorldClient(world);
    client.connect();
    client.fate = loses(type, from);
    expect(client.publish('a/b', 'x', { qos })).toBe('done');
    client.fate = () => true;
    expect(client.publish('a/b', 'y', { qos })).toBe('done');
    // The gateway knows a repeated message of QoS 1 as well, as long as it is the last.
    expect(seen.map((message) => message.text())).toEqual(['x', 'y']);
  });
});

describe('A message to the client', () => {
  const steps: readonly (readonly [0 | 1 | 2, ...Step])[] = [
    [1, 'register', 'gateway'],
    [1, 'regack', 'client'],
    [1, 'publish', 'gateway'],
    [1, 'puback', 'client'],
    [2, 'publish', 'gateway'],
    [2, 'pubrec', 'client'],
    [2, 'pubrel', 'gateway'],
    [2, 'pubcomp', 'client'],
  ];
  test.each(steps)('at QoS %i arrives when %s of the %s is lost', (qos, type, from) => {
    const world = new SnWorld();
    const client = new WorldClient(world);
    client.connect();
    expect(client.subscribe('a/#', 2)).toBe('done');
    client.fate = loses(type, from);
    world.publish('a/b', 'x', qos);
    client.settle();
    client.advance(30);
    world.publish('a/b', 'y', qos);
    client.settle();
    client.advance(30);
    const told = client.texts();
    expect(told).toEqual(
      type === 'puback' ? [`a/b x ${qos}`, `a/b x ${qos}`, `a/b y ${qos}`] : [`a/b x ${qos}`, `a/b y ${qos}`],
    );
  });
});

test('subscriptions by name, wildcard, short and predefined topic get their messages, and UNSUBSCRIBE ends them', () => {
  const predefined = { topicId: 5, topicName: 'pre/defined' };
  const world = new SnWorld({ predefinedTopics: [predefined] });
  const client = new WorldClient(world, { predefinedTopics: new Map([[5, 'pre/defined']]) });
  client.connect();
  const topics = ['a/b', 'w/+', { short: 'zz' }, { predefined: 5 }] as const;
  for (const topic of topics) expect(client.subscribe(topic, 1)).toBe('done');
  const all = ['a/b', 'w/1', 'zz', 'pre/defined'];
  for (const topicName of all) world.publish(topicName, 'x', 1);
  client.settle();
  expect(client.texts()).toEqual(all.map((topicName) => `${topicName} x 1`));
  for (const topic of topics) {
    expect(client.do<void>((settle, nowMs) => client.client.unsubscribe(topic, settle, nowMs))).toBe('done');
  }
  for (const topicName of all) world.publish(topicName, 'x', 1);
  client.settle();
  expect(client.texts()).toEqual([]);
});

test('retained messages come with their flag, and a message that is published retained is kept', () => {
  const world = new SnWorld();
  const client = new WorldClient(world);
  client.connect();
  expect(client.publish('a/b', 'kept', { qos: 1, retain: true })).toBe('done');
  expect(client.subscribe('a/b', 1)).toBe('done');
  client.advance(1);
  world.publish('a/b', 'new', 1);
  client.settle();
  expect(client.messages.map(({ retain, payload }) => [retain, new TextDecoder().decode(payload)])).toEqual([
    [true, 'kept'],
    [false, 'new'],
  ]);
});

describe('A sleeper', () => {
  const steps: readonly Step[] = [
    ['pingreq', 'client'],
    ['register', 'gateway'],
    ['regack', 'client'],
    ['publish', 'gateway'],
    ['pingresp', 'gateway'],
  ];
  test.each(steps)('gets everything in order when %s of the %s is lost', (type, from) => {
    const world = new SnWorld();
    const client = new WorldClient(world, { cleanSession: false });
    client.connect();
    client.subscribe('a/#', 2);
    expect(client.sleep(300)).toBe('done');
    for (const [n, qos] of [1, 2, 1].entries()) world.publish(`a/${n}`, String(n), qos as 1 | 2);
    client.advance(100);
    expect(client.texts()).toEqual([]);
    client.fate = loses(type, from);
    expect(client.checkMessages()).toBe('done');
    expect(client.texts()).toEqual(['a/0 0 1', 'a/1 1 2', 'a/2 2 1']);
    expect([client.client.state, world.gateway.stateOf('dev')]).toEqual(['asleep', 'asleep']);
    client.fate = () => true;
    world.publish('a/0', 'later', 1);
    expect(client.connect()).toBe('done');
    client.advance(1);
    expect(client.texts()).toEqual(['a/0 later 1']);
  });

  test('sleeps through more than its keep alive, as long as it looks in time', () => {
    const world = new SnWorld();
    const client = new WorldClient(world, { keepAlive: 10 });
    client.connect();
    client.sleep(100);
    for (let i = 0; i < 5; i++) {
      client.advance(90);
      expect(client.checkMessages()).toBe('done');
    }
    expect(client.lost).toEqual([]);
  });

  test('that oversleeps is told so when it looks', () => {
    const world = new SnWorld();
    const client = new WorldClient(world);
    client.connect();
    client.sleep(100);
    client.advance(200);
    expect([client.checkMessages(), client.lost]).toEqual(['DISCONNECTED', ['DISCONNECTED']]);
  });
});

test('an idle client stays connected by its pings, though one in two is lost', () => {
  const world = new SnWorld();
  const client = new WorldClient(world, { keepAlive: 60 });
  client.connect();
  let n = 0;
  client.fate = ({ type }) => type !== 'pingreq' || ++n % 2 === 0;
  client.advance(1000);
  expect([client.lost, world.gateway.stateOf('dev')]).toEqual([[], 'active']);
});

test('will updates count, and goodbye publishes none', () => {
  const world = new SnWorld();
  const seen = world.watch('#');
  const client = new WorldClient(world, { will });
  client.connect();
  client.fate = loses('willtopicresp', 'gateway');
  const topic = { topicName: 'gone/2', qos: 0, retain: false } as const;
  expect(client.do<void>((settle, nowMs) => client.client.updateWillTopic(topic, settle, nowMs))).toBe(
    'done',
  );
  client.fate = loses('willmsgupd', 'client');
  const payload = new TextEncoder().encode('later');
  expect(client.do<void>((settle, nowMs) => client.client.updateWillMessage(payload, settle, nowMs))).toBe(
    'done',
  );
  client.fate = () => true;
  expect(client.disconnect()).toBe('done');
  client.advance(200);
  expect(seen).toHaveLength(0);
});

test('a gateway that shuts down tells its clients', () => {
  const world = new SnWorld();
  const client = new WorldClient(world);
  client.connect();
  world.gateway.shutDown(1_000_001);
  client.settle();
  expect([client.lost, client.client.state]).toEqual([['DISCONNECTED'], 'disconnected']);
});
