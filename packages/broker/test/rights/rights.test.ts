import { ReasonCode } from '@martlet/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { acknowledgement, publishPacket } from '../world/packets.ts';
import { bytesOf, World } from '../world/world.ts';
import { TestAuthorizer } from './test-authorizer.ts';

const ALLOWED = { allowed: true } as const;
const DENIED = { allowed: false } as const;

let authorizer: TestAuthorizer;
let world: World;

beforeEach(() => {
  authorizer = new TestAuthorizer();
  world = new World({ authorizer });
});

function denyTopic(denied: string): void {
  authorizer.rule = ({ topic }) => (topic === denied ? DENIED : undefined);
}

describe('a decision about publishing', () => {
  it('is asked for once per connection, topic, QoS and retain flag', () => {
    const publisher = world.connect();
    for (let round = 0; round < 3; round++) {
      for (const qos of [0, 1, 2] as const) {
        for (const retain of [false, true]) {
          for (const topicName of ['a', 'b']) publisher.publish(topicName, 'x', { qos, retain });
        }
      }
    }
    expect(authorizer.asked).toHaveLength(12);
    expect(new Set(authorizer.asked).size).toBe(12);
    world.connect().publish('a', 'x');
    expect(authorizer.asked).toHaveLength(13);
  });

  it('is forgotten when rights change, also for the topic that was named last', () => {
    const subscriber = world.connect();
    subscriber.subscribe('#');
    const publisher = world.connect();
    for (const qos of [0, 1] as const) publisher.publish('a', 'before', { qos });
    publisher.take();
    denyTopic('a');
    publisher.publish('a', 'remembered');
    world.core.forgetRights();
    for (const qos of [0, 1] as const) publisher.publish('a', 'after', { qos });
    expect(publisher.takeOne('puback').reasonCode).toBe(0x87);
    expect(subscriber.takeTexts()).toEqual(['before', 'before', 'remembered']);
  });

  it('is not asked for where nobody may publish', () => {
    const publisher = world.connect();
    publisher.publish('$SYS/broker/uptime', 'x', { qos: 1 });
    expect(publisher.takeOne('puback').reasonCode).toBe(0x87);
    expect(authorizer.asked).toEqual([]);
  });
});

describe('the state of a bridge', () => {
  it('is the one thing that clients may say under $SYS, if the authoriser lets them', () => {
    const subscriber = world.connect();
    subscriber.subscribe('$SYS/broker/connection/#');
    const will = {
      topicName: '$SYS/broker/connection/b/state',
      payload: bytesOf('0'),
      qos: 1,
      retain: true,
      properties: {},
    } as const;
    const bridge = world.connect({ will });
    bridge.publish('$SYS/broker/connection/b/state', '1', { retain: true });
    bridge.drop();
    expect(subscriber.takeTexts()).toEqual(['1', '0']);
    const client = world.connect();
    for (const topic of [
      '$SYS/broker/connection/state',
      '$SYS/broker/connection/a/b/state',
      '$SYS/broker/uptime',
    ]) {
      client.publish(topic, '1', { qos: 1 });
      expect(client.takeOne('puback').reasonCode).toBe(0x87);
    }
    denyTopic('$SYS/broker/connection/b/state');
    client.publish('$SYS/broker/connection/b/state', '1', { qos: 1 });
    expect(client.takeOne('puback').reasonCode).toBe(0x87);
  });
});

describe('a message that its publisher may not publish', () => {
  beforeEach(() => denyTopic('secret'));

  it('is dropped at QoS 0, and counted', () => {
    const subscriber = world.connect();
    subscriber.subscribe('#');
    const publisher = world.connect({ clientId: 'p' });
    publisher.send(publishPacket('a', '1'), publishPacket('secret', 'x'), publishPacket('a', '2'));
    publisher.publish('secret', 'x', { retain: true });
    expect(subscriber.takeTexts()).toEqual(['1', '2']);
    expect(publisher.take()).toEqual([]);
    expect(world.dropped('not-authorized')).toBe(2);
    expect(world.core.context.metrics.publishesRefused).toBe(2);
    expect(world.eventsOf('messageDropped').at(-1)).toMatchObject({ clientId: 'p', topicName: 'secret' });
    subscriber.subscribe('secret');
    expect(subscriber.takeTexts()).toEqual([]);
  });

  it('is refused at QoS 1 and 2 in version 5, with the reason, and its identifier is free', () => {
    authorizer.rule = ({ topic }) =>
      topic === 'secret' ? { allowed: false, reasonString: 'no!' } : undefined;
    const publisher = world.connect();
    publisher.publish('secret', 'x', { qos: 1, packetId: 3 });
    expect(publisher.take()).toEqual([acknowledgement('puback', 3, 0x87, { reasonString: 'no!' })]);
    publisher.publish('secret', 'x', { qos: 2, packetId: 3 });
    expect(publisher.take()).toEqual([acknowledgement('pubrec', 3, 0x87, { reasonString: 'no!' })]);
    const subscriber = world.connect();
    subscriber.subscribe('#');
    publisher.publish('a', 'another', { qos: 2, packetId: 3 });
    expect(subscriber.takeTexts()).toEqual(['another']);
    expect(world.dropped('not-authorized')).toBe(2);
  });

  it('[MQTT-3.3.5-2] v3.1.1 is acknowledged as any other, and not routed', () => {
    const subscriber = world.connect();
    subscriber.subscribe('#');
    const publisher = world.connect({ protocolVersion: 4 });
    publisher.publish('secret', 'x', { qos: 1, packetId: 3 });
    publisher.publish('secret', 'x', { qos: 2, packetId: 4 });
    publisher.send(acknowledgement('pubrel', 4));
    expect(publisher.take()).toEqual([
      acknowledgement('puback', 3),
      acknowledgement('pubrec', 4),
      acknowledgement('pubcomp', 4),
    ]);
    expect(subscriber.take()).toEqual([]);
    expect(world.dropped('not-authorized')).toBe(2);
  });

  it('is acknowledged when it comes again and had been routed before rights changed', () => {
    const subscriber = world.connect();
    subscriber.subscribe('#');
    const publisher = world.connect();
    publisher.publish('a', 'once', { qos: 2, packetId: 3 });
    denyTopic('a');
    world.core.forgetRights();
    publisher.publish('a', 'once', { qos: 2, packetId: 3, dup: true });
    publisher.send(acknowledgement('pubrel', 3));
    expect(publisher.take()).toEqual([
      acknowledgement('pubrec', 3),
      acknowledgement('pubrec', 3),
      acknowledgement('pubcomp', 3),
    ]);
    expect(subscriber.takeTexts()).toEqual(['once']);
  });
});

describe('a subscription', () => {
  it('that is denied is answered for itself', () => {
    denyTopic('secret/#');
    const client = world.connect();
    expect(
      client.subscribe([{ topicFilter: 'a' }, { topicFilter: 'secret/#' }, { topicFilter: 'b' }], 1),
    ).toEqual([1, 0x87, 1]);
    expect(world.connect({ protocolVersion: 4 }).subscribe('secret/#', 1)).toEqual([0x80]);
    expect(world.core.context.metrics.subscriptionsRefused).toBe(2);
    world.connect().publish('secret/x', 'x');
    world.connect().publish('b', 'y');
    expect(client.takeTexts()).toEqual(['y']);
  });

  it('may be denied with another reason code and a text', () => {
    authorizer.rule = () => ({ allowed: false, reasonCode: 0x97, reasonString: 'too many' });
    const client = world.connect();
    client.send({
      type: 'subscribe',
      packetId: 1,
      subscriptions: [
        { topicFilter: 'a', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
      properties: {},
    });
    expect(client.takeOne('suback')).toMatchObject({
      reasonCodes: [0x97],
      properties: { reasonString: 'a: too many' },
    });
  });

  it('is asked for each time, with its whole filter', () => {
    const client = world.connect();
    client.subscribe('$share/g/a', 1);
    client.subscribe('$share/g/a', 1);
    expect(authorizer.asked).toEqual(['subscribe $share/g/a 1', 'subscribe $share/g/a 1']);
  });
});

describe('while the authoriser has not answered', () => {
  it('nothing more of that client is looked at, and what came waits in order', () => {
    authorizer.rule = ({ topic }) => (topic === 'slow' ? 'late' : undefined);
    const subscriber = world.connect();
    subscriber.subscribe('#');
    const publisher = world.connect();
    publisher.send(
      publishPacket('a', '1'),
      publishPacket('slow', '2'),
      publishPacket('slow', '3'),
      publishPacket('a', '4', { qos: 1, packetId: 9 }),
      { type: 'pingreq' },
    );
    publisher.publish('a', '5');
    expect(publisher.paused).toBe(true);
    expect(publisher.take()).toEqual([]);
    expect(subscriber.takeTexts()).toEqual(['1']);
    // Everybody else goes on.
    world.connect().publish('a', 'other');
    expect(subscriber.takeTexts()).toEqual(['other']);
    authorizer.answer(ALLOWED);
    world.turn();
    expect(subscriber.takeTexts()).toEqual(['2', '3', '4', '5']);
    expect(publisher.take().map((packet) => packet.type)).toEqual(['puback', 'pingresp']);
    expect(publisher.paused).toBe(false);
    expect(authorizer.asked.filter((each) => each === 'publish slow 0')).toHaveLength(1);
  });

  it('each packet is counted once, however often it is looked at', () => {
    authorizer.rule = () => 'late';
    const publisher = world.connect();
    const before = world.core.context.metrics.messagesReceived;
    publisher.send(publishPacket('a', '1'), publishPacket('b', '2', { qos: 1, packetId: 1 }));
    authorizer.answer(ALLOWED);
    authorizer.answer(DENIED);
    world.turn();
    expect(world.core.context.metrics.messagesReceived - before).toBe(2);
    expect(world.core.context.metrics.publishMessagesReceived).toBe(2);
  });

  it('the next question keeps the gate closed', () => {
    authorizer.rule = () => 'late';
    const subscriber = world.connect();
    const publisher = world.connect();
    subscriber.send({
      type: 'subscribe',
      packetId: 1,
      subscriptions: [
        { topicFilter: '#', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
      properties: {},
    });
    authorizer.answer(ALLOWED);
    world.turn();
    subscriber.takeOne('suback');
    publisher.send(publishPacket('a', '1'), publishPacket('b', '2'), publishPacket('c', '3'));
    for (const answer of [ALLOWED, DENIED, ALLOWED]) {
      expect(publisher.paused).toBe(true);
      expect(authorizer.open).toHaveLength(1);
      authorizer.answer(answer);
      world.turn();
    }
    expect(publisher.paused).toBe(false);
    expect(subscriber.takeTexts()).toEqual(['1', '3']);
  });

  it('a SUBSCRIBE waits for the answers to all its filters, in whatever order they come', () => {
    authorizer.rule = ({ topic }) => (topic === 'now' ? DENIED : 'late');
    const client = world.connect();
    client.send({
      type: 'subscribe',
      packetId: 1,
      subscriptions: ['x', 'now', 'y', 'z'].map((topicFilter) => ({
        topicFilter,
        qos: 1 as const,
        noLocal: false,
        retainAsPublished: false,
        retainHandling: 0 as const,
      })),
      properties: {},
    });
    authorizer.answer(ALLOWED, 'z');
    authorizer.answer(ALLOWED, 'x');
    world.turn();
    expect(client.take()).toEqual([]);
    authorizer.answer(DENIED, 'y');
    world.turn();
    expect(client.takeOne('suback').reasonCodes).toEqual([1, 0x87, 0x87, 1]);
    expect(authorizer.asked).toHaveLength(4);
  });

  it('rights that change make the answer worthless: it is asked for again', () => {
    authorizer.rule = () => 'late';
    const publisher = world.connect();
    publisher.publish('a', 'x', { qos: 1 });
    world.core.forgetRights();
    authorizer.answer(ALLOWED);
    world.turn();
    expect(publisher.take()).toEqual([]);
    authorizer.answer(DENIED);
    world.turn();
    expect(publisher.takeOne('puback').reasonCode).toBe(0x87);
  });

  it('a connection that is gone gets nothing by the answer, and disturbs nobody', () => {
    authorizer.rule = () => 'late';
    const subscriber = world.connect();
    const publisher = world.connect();
    publisher.publish('a', 'x', { qos: 1 });
    publisher.drop();
    authorizer.answer(ALLOWED);
    world.turn();
    expect(publisher.take()).toEqual([]);
    expect(subscriber.take()).toEqual([]);
    expect(world.log).toEqual([]);
    expect(world.core.context.metrics.publishMessagesReceived).toBe(0);
  });

  it('an answer that is given twice counts once', () => {
    authorizer.rule = () => 'late';
    const publisher = world.connect();
    publisher.send(
      publishPacket('a', '1', { qos: 1, packetId: 1 }),
      publishPacket('b', '2', { qos: 1, packetId: 2 }),
    );
    const [question] = authorizer.open;
    question?.answer(ALLOWED);
    question?.answer(DENIED);
    world.turn();
    expect(publisher.takeOne('puback')).toMatchObject({ packetId: 1, reasonCode: 0x10 });
    expect(authorizer.open.map(({ request }) => request.topic)).toEqual(['a', 'b']);
  });
});

describe('a will', () => {
  const will = { topicName: 'w', payload: bytesOf('gone'), qos: 1, retain: false, properties: {} } as const;

  it('that the client may not leave refuses its CONNECT', () => {
    authorizer.rule = ({ action }) => (action === 'will' ? DENIED : undefined);
    expect(world.connecting({ will }).takeOne('connack').reasonCode).toBe(0x87);
    const v4 = world.connecting({ protocolVersion: 4, will });
    v4.takeOne('connack');
    expect(v4.writes[0]?.[3]).toBe(5);
    expect(v4.closed).toBe(true);
    expect(world.core.sessions.count).toBe(0);
  });

  it('waits for a slow answer, and so does what the client sent behind its CONNECT', () => {
    authorizer.rule = ({ action }) => (action === 'will' ? 'late' : undefined);
    const client = world.connecting({ will });
    client.send({ type: 'pingreq' });
    world.core.forgetRights();
    authorizer.answer(ALLOWED);
    world.turn();
    // Rights had changed: it was asked again.
    expect(client.take()).toEqual([]);
    authorizer.answer(ALLOWED);
    world.turn();
    expect(client.take().map((packet) => packet.type)).toEqual(['connack', 'pingresp']);
  });
});

describe('a reason of the authoriser that a packet cannot tell', () => {
  const rule = (reasonCode: ReasonCode) => () =>
    ({ allowed: false, reasonCode, reasonString: 'a\0\ud800b' }) as const;

  it('is told in SUBACK by the nearest that it has, and the other filters have their answers', () => {
    const client = world.connect();
    for (const [given, told] of [
      [ReasonCode.Banned, 0x87],
      [ReasonCode.ServerUnavailable, 0x80],
      [ReasonCode.Success, 0x80],
      [ReasonCode.QuotaExceeded, 0x97],
    ] as const) {
      const refuse = rule(given);
      authorizer.rule = ({ topic }) => (topic === 'no' ? refuse() : undefined);
      expect(client.subscribe([{ topicFilter: 'yes' }, { topicFilter: 'no' }])).toEqual([0, told]);
    }
    client.send({
      type: 'subscribe',
      packetId: 7,
      subscriptions: [
        { topicFilter: 'no', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
      properties: {},
    });
    expect(client.takeOne('suback').properties.reasonString).toBe('no: a\ufffd\ufffdb');
  });

  it.each([1, 2] as const)('is told at QoS %i by the nearest that PUBACK and PUBREC have', (qos) => {
    const type = qos === 1 ? 'puback' : 'pubrec';
    for (const [given, told] of [
      [ReasonCode.Banned, 0x87],
      [ReasonCode.NoMatchingSubscribers, 0x80],
      [ReasonCode.QuotaExceeded, 0x97],
    ] as const) {
      authorizer.rule = rule(given);
      const client = world.connect();
      client.publish('a', 'x', { qos, packetId: 3 });
      expect(client.take()).toEqual([acknowledgement(type, 3, told, { reasonString: 'a\ufffd\ufffdb' })]);
    }
  });
});

it('a SUBACK tells why in a bounded text, however many filters are refused', () => {
  authorizer.rule = () => DENIED;
  const client = world.connect();
  const subscriptions = Array.from(
    { length: 1000 },
    (_, i) =>
      ({
        topicFilter: `filter/${i}`,
        qos: 0,
        noLocal: false,
        retainAsPublished: false,
        retainHandling: 0,
      }) as const,
  );
  client.send({ type: 'subscribe', packetId: 1, subscriptions, properties: {} });
  const { reasonCodes, properties } = client.takeOne('suback');
  expect(reasonCodes).toHaveLength(1000);
  expect(properties.reasonString).toHaveLength(1000);
});
