import type { Packet } from '@martlet/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { acknowledgement, publishPacket } from '../world/packets.ts';
import type { TestClient } from '../world/test-client.ts';
import { CommittingWorld } from './committing-world.ts';

const will = { topicName: 'w', payload: new Uint8Array(1), qos: 0, retain: false, properties: {} } as const;

let world: CommittingWorld;

beforeEach(() => {
  world = new CommittingWorld();
});

function typesOf(client: TestClient): Packet['type'][] {
  return client.take().map((packet) => packet.type);
}

/** The packet is there after the commit that was started by now, and not before. */
function expectHeld(client: TestClient, type: Packet['type']): void {
  expect(typesOf(client)).toEqual([]);
  expect(world.store.commitUnderWay).toBe(true);
  world.finish();
  expect(typesOf(client)).toEqual([type]);
}

describe('before its commit is done, no client gets', () => {
  it('the CONNACK of a session that outlives its connection', () => {
    expectHeld(world.connecting({ properties: { sessionExpiryInterval: 1 } }), 'connack');
    expectHeld(world.connecting({ protocolVersion: 4, clientId: 'c', cleanStart: false }), 'connack');
    expectHeld(world.connecting({ protocolVersion: 3, clientId: 'd', cleanStart: false }), 'connack');
  });

  it('the CONNACK of a client with a will, which is to be published after a crash', () => {
    expectHeld(world.connecting({ will }), 'connack');
  });

  it('the CONNACK after which an old session must stay gone', () => {
    world.durable('c').drop();
    world.settle();
    expectHeld(world.connecting({ clientId: 'c', cleanStart: true }), 'connack');
  });

  it('the SUBACK and UNSUBACK of a session that outlives its connection', () => {
    const client = world.durable('c');
    client.send({
      type: 'subscribe',
      packetId: 1,
      subscriptions: [
        { topicFilter: 'a', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
      properties: {},
    });
    expectHeld(client, 'suback');
    client.send({ type: 'unsubscribe', packetId: 2, topicFilters: ['a'], properties: {} });
    expectHeld(client, 'unsuback');
  });

  it.each([
    [1, 'puback'],
    [2, 'pubrec'],
  ] as const)('the acknowledgement of a QoS %i message for a durable session', (qos, type) => {
    world.subscribed(world.durable('subscriber'), 'a', 2);
    const publisher = world.connect();
    publisher.publish('a', 'x', { qos });
    expectHeld(publisher, type);
  });

  it('the PUBACK of a message for a durable session that is offline', () => {
    const subscriber = world.durable('subscriber');
    world.subscribed(subscriber, 'a', 1);
    subscriber.drop();
    world.settle();
    const publisher = world.connect({ protocolVersion: 4 });
    publisher.publish('a', 'x', { qos: 1 });
    expectHeld(publisher, 'puback');
  });

  it('the PUBACK of a message that is retained, or clears what is', () => {
    const publisher = world.connect();
    publisher.publish('a', 'x', { qos: 1, retain: true });
    expectHeld(publisher, 'puback');
    publisher.publish('a', '', { qos: 1, retain: true });
    expectHeld(publisher, 'puback');
  });

  it('the PUBREC and PUBCOMP of a durable session that publishes, whoever is subscribed', () => {
    const publisher = world.durable('publisher');
    publisher.publish('a', 'x', { qos: 2, packetId: 7 });
    expectHeld(publisher, 'pubrec');
    publisher.send(acknowledgement('pubrel', 7));
    expectHeld(publisher, 'pubcomp');
  });

  it('the QoS 2 PUBLISH and the PUBREL to a durable session', () => {
    const subscriber = world.durable('subscriber');
    world.subscribed(subscriber, 'a', 2);
    const publisher = world.connect();
    publisher.publish('a', 'x', { qos: 2 });
    expectHeld(subscriber, 'publish');
    subscriber.send(acknowledgement('pubrec', 1));
    expectHeld(subscriber, 'pubrel');
  });

  it('a message of a shared group that is kept, at QoS 2, or its PUBACK', () => {
    const member = world.durable('member');
    world.subscribed(member, '$share/g/a', 2);
    const publisher = world.connect();
    publisher.publish('a', 'x', { qos: 2 });
    expect(typesOf(member)).toEqual([]);
    expectHeld(publisher, 'pubrec');
    expect(typesOf(member)).toEqual(['publish']);
    publisher.publish('a', 'y', { qos: 1 });
    expectHeld(publisher, 'puback');
  });

  it('the PUBREC of a QoS 2 message that came twice while its commit was under way', () => {
    const publisher = world.durable('publisher');
    publisher.publish('a', 'x', { qos: 2, packetId: 7 });
    publisher.publish('a', 'x', { qos: 2, packetId: 7, dup: true });
    expect(typesOf(publisher)).toEqual([]);
    world.finish();
    expect(typesOf(publisher)).toEqual(['pubrec', 'pubrec']);
  });
});

describe('without waiting for any commit, a client gets', () => {
  it('all that concerns a session that ends with its connection', () => {
    const client = world.connect();
    expect(client.subscribe('a', 2)).toEqual([2]);
    for (const qos of [0, 1, 2] as const) client.publish('a', `${qos}`, { qos });
    expect(typesOf(client)).toEqual(['publish', 'publish', 'puback', 'publish', 'pubrec']);
    expect(client.unsubscribe('a')).toEqual([0]);
    expect(world.store.commitUnderWay).toBe(false);
  });

  it('the QoS 0 and QoS 1 PUBLISH to a durable session: a crash can only repeat them', () => {
    const subscriber = world.durable('subscriber');
    world.subscribed(subscriber, 'a', 1);
    const publisher = world.connect();
    publisher.publish('a', '0', { qos: 0 });
    publisher.publish('a', '1', { qos: 1 });
    expect(subscriber.takeTexts()).toEqual(['0', '1']);
    expect(typesOf(publisher)).toEqual([]);
  });

  it('the PUBACK of a message that no durable session is given at QoS 1', () => {
    world.subscribed(world.durable('subscriber'), 'a', 0);
    const publisher = world.durable('publisher');
    publisher.publish('a', '1', { qos: 1 });
    publisher.publish('b', '1', { qos: 1 });
    expect(typesOf(publisher)).toEqual(['puback', 'puback']);
  });

  it('the PUBREC of a QoS 2 message that came again when it was kept already', () => {
    const publisher = world.durable('publisher');
    publisher.publish('a', 'x', { qos: 2, packetId: 7 });
    world.settle();
    expect(typesOf(publisher)).toEqual(['pubrec']);
    publisher.publish('a', 'x', { qos: 2, packetId: 7, dup: true });
    expect(typesOf(publisher)).toEqual(['pubrec']);
  });

  it('PINGRESP and messages while its acknowledgements are held', () => {
    world.subscribed(world.durable('other'), 'a', 1);
    const client = world.connect();
    client.subscribe('b');
    client.publish('a', 'x', { qos: 1 });
    client.publish('b', 'y');
    client.send({ type: 'pingreq' });
    expect(typesOf(client)).toEqual(['publish', 'pingresp']);
    world.finish();
    expect(typesOf(client)).toEqual(['puback']);
  });
});

describe('acknowledgements', () => {
  it('[MQTT-4.6.0-2] v5 [MQTT-4.6.0-2] v3.1.1 keep their order behind one that is held', () => {
    world.subscribed(world.durable('subscriber'), 'kept', 1);
    const publisher = world.connect();
    publisher.publish('kept', 'x', { qos: 1, packetId: 10 });
    publisher.publish('other', 'x', { qos: 1, packetId: 11 });
    publisher.publish('other', 'x', { qos: 2, packetId: 12 });
    publisher.publish('kept', 'x', { qos: 1, packetId: 13 });
    expect(publisher.take()).toEqual([]);
    world.finish();
    // The last one was staged when the first commit was under way.
    expect(publisher.take().map((packet) => 'packetId' in packet && packet.packetId)).toEqual([10, 11, 12]);
    world.finish();
    expect(publisher.takeOne('puback').packetId).toBe(13);
  });

  it('of one turn leave in one write', () => {
    world.subscribed(world.durable('subscriber'), 'a', 1);
    const publisher = world.connect();
    publisher.send(...[1, 2, 3, 4].map((packetId) => publishPacket('a', 'x', { qos: 1, packetId })));
    const before = publisher.writes.length;
    world.finish();
    expect(publisher.writes.length - before).toBe(1);
    expect(typesOf(publisher)).toHaveLength(4);
  });

  it('free the quota of their publisher only when they leave', () => {
    world = new CommittingWorld({ limits: { receiveMaximum: 1 } });
    world.subscribed(world.durable('subscriber'), 'a', 1);
    const patient = world.connect();
    patient.publish('a', '1', { qos: 1 });
    world.finish();
    patient.publish('a', '2', { qos: 1 });
    world.finish();
    expect(typesOf(patient)).toEqual(['puback', 'puback']);
    const hasty = world.connect();
    hasty.subscribe('b');
    hasty.publish('a', '1', { qos: 1 });
    // Other output leaves meanwhile, but not the PUBACK.
    hasty.publish('b', '-');
    hasty.publish('a', '2', { qos: 1 });
    expect(hasty.takeOne('disconnect').reasonCode).toBe(0x93);
  });
});

describe('a packet identifier and its unit of quota', () => {
  const oneAtATime = { properties: { sessionExpiryInterval: 1000, receiveMaximum: 1 } };

  it.each([1, 2] as const)('are used again only after the commit that forgets them, at QoS %i', (qos) => {
    const subscriber = world.durable('subscriber', oneAtATime);
    world.subscribed(subscriber, 'a', qos);
    const publisher = world.connect();
    for (const text of ['1', '2']) publisher.publish('a', text, { qos: 1 });
    world.settle();
    for (const text of ['3', '4']) publisher.publish('a', text, { qos });
    world.settle();
    const [first] = subscriber.takePublishes();
    expect(first?.packetId).toBe(1);
    subscriber.send(acknowledgement('puback', 1));
    expect(subscriber.take()).toEqual([]);
    world.finish();
    expect(subscriber.takePublishes().map((packet) => packet.packetId)).toEqual([2]);
  });

  it('are not counted twice when the client reconnects before that commit', () => {
    const subscriber = world.durable('subscriber', oneAtATime);
    world.subscribed(subscriber, 'a', 1);
    const publisher = world.connect();
    for (const text of ['1', '2', '3']) publisher.publish('a', text, { qos: 1 });
    world.settle();
    subscriber.take();
    subscriber.send(acknowledgement('puback', 1));
    const again = world.durable('subscriber', oneAtATime);
    world.settle();
    expect(again.takeTexts()).toEqual(['2']);
  });
});

it('what waits behind a CONNACK that is held flows on when it leaves, also beyond the outbox', () => {
  world = new CommittingWorld({ limits: { outboxBytes: 1024 }, habits: { queueQos0: true } });
  const subscriber = world.durable('subscriber');
  world.subscribed(subscriber, 'a', 1);
  subscriber.drop();
  world.settle();
  const publisher = world.connect();
  for (let i = 0; i < 30; i++) publisher.publish('a', new Uint8Array(300).fill(i));
  world.settle();
  const again = world.connecting({ clientId: 'subscriber', cleanStart: false });
  expect(again.take()).toEqual([]);
  world.settle();
  expect(again.takePublishes().map((packet) => packet.payload[0])).toEqual(
    Array.from({ length: 30 }, (_, i) => i),
  );
});

it('a session that has ended gets no new sender from the commit that its acknowledgement waited for', () => {
  const client = world.durable('client');
  world.subscribed(client, 'a', 1);
  client.publish('a', 'x', { qos: 1 });
  world.settle();
  client.take();
  const session = world.core.sessions.get('client')!;
  client.send(acknowledgement('puback', 1));
  client.disconnect(0, { sessionExpiryInterval: 0 });
  expect([session.ended, world.store.commitUnderWay]).toEqual([true, true]);
  world.settle();
  expect(session.senderIfUsed).toBeNull();
});

it('a session that has ended gets no new receiver from the acknowledgement that leaves behind it', () => {
  const client = world.connect({ clientId: 'client' });
  const session = world.core.sessions.get('client')!;
  client.send(publishPacket('a', 'x', { qos: 1, packetId: 1 }), {
    type: 'disconnect',
    reasonCode: 0,
    properties: {},
  });
  expect([session.ended, typesOf(client)]).toEqual([true, ['puback']]);
  expect(session.receiverIfUsed).toBeNull();
});
