// A session of MQTT-SN is a session of the broker: durability, rights, limits, takeover, shared subscriptions, `why`.
import { MemoryStore } from '@martlet/broker';
import { ReasonCode } from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import type { ClientMemory } from '../../src/core/ports/memory.ts';
import { SnWorld, textOf } from '../world/sn-world.ts';

/** A world whose store keeps nothing until the test says so. */
function withLateStore(store = new MemoryStore({ commits: 'manual' }), memory?: ClientMemory) {
  const world = new SnWorld({ broker: { store }, ...(memory !== undefined && { memory }) });
  const finish = () => {
    // A commit may bring another one.
    for (let i = 0; i < 5; i++) {
      if (store.commitUnderWay) store.finishCommit();
      world.settle();
    }
  };
  return { world, store, finish };
}

function durable(world: SnWorld, finish: () => void) {
  const device = world.device().connect('dev', { clean: false });
  finish();
  device.subscribe('t', 1);
  finish();
  expect(device.types()).toEqual(['connack', 'suback']);
  return device;
}

describe('With a store that takes its time', () => {
  test('PUBACK and PUBREC leave after the commit', () => {
    const { world, finish } = withLateStore();
    const device = durable(world, finish);
    const { topicId } = device
      .send({ type: 'register', topicId: 0, packetId: 1, topicName: 't' })
      .the('regack');
    device.publish(topicId, 'kept', 1, 8).publish(topicId, 'kept, too', 2, 9);
    const topic = { kind: 'short', topicName: 'zz' } as const;
    const payload = new Uint8Array(1);
    device.send({ type: 'publish', dup: false, qos: 1, retain: false, topic, packetId: 7, payload });
    // Nothing is given before its publisher is answered, either.
    expect(device.received()).toEqual([]);
    finish();
    expect(device.types().toSorted()).toEqual(['puback', 'puback', 'publish', 'pubrec']);
  });

  test.each([0, 1, 2] as const)('SUBACK comes before the retained messages at QoS %d', (qos) => {
    const { world, finish } = withLateStore();
    world.publish('a/kept', 'x', qos, { retain: true });
    finish();
    const device = world.device().connect('dev', { clean: false });
    finish();
    const given: string[] = [];
    device.answering(given).subscribe('a/#', qos);
    // Clients that wait for SUBACK take no PUBLISH, and do not acknowledge it.
    expect(device.types()).toEqual(['connack']);
    finish();
    expect(device.types().slice(0, 3)).toEqual(['suback', 'register', 'publish']);
    expect(given).toEqual(['a/kept x']);
  });

  test('what comes while SUBSCRIBE is not answered is given after SUBACK, in order', () => {
    const { world, finish } = withLateStore();
    const device = durable(world, finish);
    device.answering().subscribe('u', 1, 101);
    for (const text of ['1', '2']) world.publish('t', text);
    expect(device.received()).toEqual([]);
    finish();
    const [suback, ...messages] = device.received();
    expect(suback).toMatchObject({ type: 'suback', packetId: 101 });
    expect(messages.map((message) => message.type === 'publish' && textOf(message))).toEqual(['1', '2']);
  });

  test('a sleeper whose SUBSCRIBE is answered late is given what waited, and PINGRESP', () => {
    const { world, finish } = withLateStore();
    const device = durable(world, finish);
    device.send({ type: 'disconnect', duration: 600 });
    world.publish('t', 'x');
    finish();
    device.received();
    const given: string[] = [];
    device.answering(given).subscribe('u', 1, 101);
    device.send({ type: 'pingreq', clientId: 'dev' });
    expect(device.received()).toEqual([]);
    finish();
    world.advance(1);
    finish();
    expect(device.types()).toEqual(['suback', 'publish', 'pingresp']);
  });

  test('a sleeper that wakes is given all that waits, though a commit lies between each two messages', () => {
    const { world, finish } = withLateStore();
    const device = durable(world, finish);
    device.send({ type: 'disconnect', duration: 600 });
    device.received();
    for (const text of ['1', '2', '3']) world.publish('t', text, 1);
    finish();
    const given: string[] = [];
    device.answering(given).send({ type: 'pingreq', clientId: 'dev' });
    for (let i = 0; i < 10; i++) {
      world.advance(0.05);
      if (given.length < 3) expect(device.types()).not.toContain('pingresp');
      finish();
    }
    world.advance(1);
    finish();
    expect(given).toHaveLength(3);
    expect(device.types()).toContain('pingresp');
    expect(world.gateway.stateOf('dev')).toBe('asleep');
  });

  test('one that never comes to an end does not keep a sleeper awake for ever', () => {
    const { world, finish } = withLateStore();
    const device = durable(world, finish);
    device.send({ type: 'disconnect', duration: 600 });
    for (const text of ['1', '2']) world.publish('t', text, 1);
    device.received();
    device.answering().send({ type: 'pingreq', clientId: 'dev' });
    world.advance(11);
    expect(device.types()).toContain('pingresp');
  });

  test('session, subscriptions and messages are there when the broker starts again', () => {
    const { world, store, finish } = withLateStore();
    const device = durable(world, finish);
    device.send({ type: 'disconnect', duration: 600 });
    world.publish('t', 'kept', 1);
    finish();
    const next = withLateStore(store.reopen(), world.memory);
    const given: string[] = [];
    const back = next.world.device().answering(given);
    // The gateway knows nobody, and says so; the device connects, and all is there.
    expect(back.send({ type: 'pingreq', clientId: 'dev' }).types()).toEqual(['disconnect']);
    back.connect('dev', { clean: false });
    next.finish();
    expect(given).toEqual(['t kept']);
  });
});

/** Rights by action and topic; everything else is allowed. */
function refusing(action: string, topic: string) {
  return {
    authorize: (request: { readonly action: string; readonly topic: string }) =>
      ({ allowed: !(request.action === action && request.topic === topic) }) as const,
  };
}

describe('What the broker refuses', () => {
  test.each([0, 1, 2] as const)('a PUBLISH of QoS %d without the right is not supported', (qos) => {
    const world = new SnWorld({ broker: { authorizer: refusing('publish', 'secret') } });
    const device = world.device().connected('dev');
    const topicId = device.register('secret');
    device.publish(topicId, 'x', qos, qos === 0 ? 0 : 7);
    const answer = { type: 'puback', topicId, packetId: 7, returnCode: 3 };
    expect(device.received()).toEqual(qos === 0 ? [] : [answer]);
    expect(world.gateway.stateOf('dev')).toBe('active');
  });

  test('a SUBSCRIBE without the right is not supported, and SUBACK repeats the identifier', () => {
    const predefinedTopics = [{ topicId: 5, topicName: 'secret' }];
    const world = new SnWorld({ predefinedTopics, broker: { authorizer: refusing('subscribe', 'secret') } });
    const device = world.device().connected('dev');
    device.send({
      type: 'subscribe',
      dup: false,
      qos: 1,
      packetId: 10,
      topic: { kind: 'predefined', topicId: 5 },
    });
    expect(device.the('suback')).toEqual({ type: 'suback', qos: 0, topicId: 5, packetId: 10, returnCode: 3 });
  });

  test('a will without the right is refused with CONNACK, and as an update with its answer: the old one stays', () => {
    const world = new SnWorld({ broker: { authorizer: refusing('will', 'secret') } });
    const wills = world.watch('#');
    const secret = { topicName: 'secret', qos: 0, retain: false } as const;
    const device = world.device().connect('dev', { will: true });
    device.send({ type: 'willtopic', will: secret }).send({ type: 'willmsg', payload: new Uint8Array(1) });
    expect(device.types().slice(0, 2)).toEqual(['willtopicreq', 'willmsgreq']);
    expect(world.gateway.clients).toBe(0);
    device.connect('dev', { will: true });
    device.send({ type: 'willtopic', will: { ...secret, topicName: 'open' } });
    device.send({ type: 'willmsg', payload: new Uint8Array(1) });
    device.subscribe('t', 0);
    device.received();
    expect(device.send({ type: 'willtopicupd', will: secret }).the('willtopicresp').returnCode).toBe(3);
    world.publish('t', 'x');
    expect(device.types()).toEqual(['publish']);
    world.advance(91);
    expect(wills.map(({ topicName }) => topicName)).toEqual(['t', 'open']);
  });

  test('a limit is congestion', () => {
    const world = new SnWorld({ broker: { limits: { subscriptionsPerSession: 1, sessions: 2 } } });
    const device = world.device().connected('dev');
    device.subscribe('a', 0, 1).subscribe('b', 0, 2);
    expect(device.received()).toMatchObject([{ returnCode: 0 }, { returnCode: 1, packetId: 2 }]);
    world.device().connected('second');
    expect(world.device().connect('third').the('connack').returnCode).toBe(1);
  });

  test('who may not connect is not supported', () => {
    const answer = { kind: 'refuse', reasonCode: ReasonCode.NotAuthorized } as const;
    const authenticator = { authenticate: () => answer };
    const world = new SnWorld({ broker: { authenticator } });
    expect(world.device().connect('dev').the('connack').returnCode).toBe(3);
    expect(world.gateway.clients).toBe(0);
  });
});

test('a device is an ordinary client to the broker: why, clients and sessions know it', async () => {
  const world = new SnWorld();
  const device = world.device('192.0.2.7', 40_112).connected('dev');
  device.subscribe('t', 1);
  expect(world.broker.clients).toMatchObject([
    { clientId: 'dev', peer: '192.0.2.7:40112', origin: { listener: 'sn' }, protocolVersion: 5 },
  ]);
  expect(world.broker.sessions).toMatchObject([{ clientId: 'dev', connected: true }]);
  const explained = world.broker.explain({ clientId: 'dev', topicName: 't', action: 'receive' });
  world.settle();
  expect((await explained).identity).toMatchObject({ peer: '192.0.2.7:40112', listener: 'sn' });
});

test('devices share a subscription like other clients', () => {
  const world = new SnWorld();
  const given: string[][] = [[], []];
  for (const i of [0, 1]) {
    const device = world.device().answering(given[i]!).connect(`dev${i}`);
    device.send({
      type: 'subscribe',
      dup: false,
      qos: 1,
      packetId: 1,
      topic: { kind: 'name', topicName: '$share/g/work' },
    });
  }
  for (let i = 0; i < 10; i++) world.publish('work', `${i}`, 1);
  expect([...given[0]!, ...given[1]!]).toHaveLength(10);
  expect(given.every((own) => own.length > 0)).toBe(true);
});

test('an asleep member of a shared group is given its part when it wakes', () => {
  const world = new SnWorld();
  const device = world.device().connected('dev', { clean: false });
  device.subscribe('$share/g/work', 1).send({ type: 'disconnect', duration: 600 });
  for (let i = 0; i < 5; i++) world.publish('work', `${i}`, 1);
  device.received();
  const given: string[] = [];
  device.answering(given).send({ type: 'pingreq', clientId: 'dev' });
  expect(given).toEqual(['0', '1', '2', '3', '4'].map((text) => `work ${text}`));
  expect(device.types().at(-1)).toBe('pingresp');
});

test('a message of a device reaches another one at each QoS, no higher than it was published', () => {
  const world = new SnWorld();
  const [from, to] = [world.device().connected('from'), world.device().connected('to')];
  to.subscribe('t', 2);
  to.received();
  const topicId = from.register('t');
  for (const qos of [0, 1, 2] as const) {
    from.publish(topicId, `${qos}`, qos, qos);
    const publish = to.the('publish');
    expect([publish.qos, textOf(publish)]).toEqual([qos, `${qos}`]);
    if (qos === 1) to.send({ type: 'puback', topicId: 0, packetId: publish.packetId, returnCode: 0 });
  }
});
