import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { acknowledgement, publishPacket } from '../world/packets.ts';
import { bytesOf, World } from '../world/world.ts';

const { V311, V5 } = ProtocolVersion;

describe('the answer to PUBLISH', () => {
  it('[MQTT-3.3.4-1] v5 v3.1.1 is none at QoS 0, PUBACK at QoS 1, PUBREC at QoS 2', () => {
    for (const protocolVersion of [V311, V5]) {
      const world = new World();
      world.connect().subscribe('t', 2);
      const publisher = world.connect({ protocolVersion });
      publisher.publish('t', 'x');
      publisher.publish('t', 'x', { retain: true });
      expect(publisher.take()).toEqual([]);
      publisher.publish('t', 'x', { qos: 1, packetId: 10 });
      expect(publisher.take()).toEqual([acknowledgement('puback', 10)]);
      publisher.publish('t', 'x', { qos: 2, packetId: 11 });
      expect(publisher.take()).toEqual([acknowledgement('pubrec', 11)]);
    }
  });

  it('[MQTT-2.2.1-5] v5 [MQTT-2.3.1-6] v3.1.1 has the packet identifier of the PUBLISH, through the whole exchange', () => {
    for (const protocolVersion of [V311, V5]) {
      const world = new World();
      world.connect().subscribe('t', 2);
      const publisher = world.connect({ protocolVersion });
      for (const packetId of [1, 255, 256, 65_535]) {
        publisher.publish('t', 'x', { qos: 1, packetId });
        expect(publisher.takeOne('puback').packetId).toBe(packetId);
        publisher.publish('t', 'x', { qos: 2, packetId });
        expect(publisher.takeOne('pubrec').packetId).toBe(packetId);
        publisher.send(acknowledgement('pubrel', packetId));
        expect(publisher.takeOne('pubcomp').packetId).toBe(packetId);
      }
    }
  });

  it('says 0x10 to a client of version 5 when nobody is subscribed, unless it is told not to', () => {
    for (const tellNoMatchingSubscribers of [true, false]) {
      const reasonCode = tellNoMatchingSubscribers ? ReasonCode.NoMatchingSubscribers : ReasonCode.Success;
      const world = new World({ habits: { tellNoMatchingSubscribers } });
      const publisher = world.connect();
      publisher.publish('t', 'x', { qos: 1, packetId: 1 });
      publisher.publish('t', 'x', { qos: 2, packetId: 2 });
      expect(publisher.take()).toEqual([
        acknowledgement('puback', 1, reasonCode),
        acknowledgement('pubrec', 2, reasonCode),
      ]);
      expect(world.dropped('no-matching-subscribers')).toBe(2);
      publisher.send(acknowledgement('pubrel', 2));
      expect(publisher.take()).toEqual([acknowledgement('pubcomp', 2)]);
      const old = world.connect({ protocolVersion: V311 });
      old.publish('t', 'x', { qos: 1, packetId: 1 });
      expect(old.take()).toEqual([acknowledgement('puback', 1)]);
    }
  });
});

describe('overlapping subscriptions', () => {
  it('[MQTT-3.3.4-2] v5 [MQTT-3.3.5-1] v3.1.1 bring one copy, at the highest QoS among them', () => {
    for (const protocolVersion of [V311, V5]) {
      for (const order of [
        ['#', 'a/b', 'a/+'],
        ['a/b', 'a/+', '#'],
        ['a/+', '#', 'a/b'],
      ]) {
        const granted = { '#': 1, 'a/b': 2, 'a/+': 0 } as const;
        const world = new World();
        const subscriber = world.connect({ protocolVersion });
        for (const topicFilter of order)
          subscriber.subscribe(topicFilter, granted[topicFilter as keyof typeof granted]);
        const publisher = world.connect({ protocolVersion });
        for (const qos of [0, 1, 2] as const) {
          publisher.publish('a/b', 'x', { qos });
          expect(subscriber.takePublishes().map((packet) => packet.qos)).toEqual([qos]);
        }
        publisher.publish('a/c', 'x', { qos: 2 });
        expect(subscriber.takePublishes().map((packet) => packet.qos)).toEqual([1]);
      }
    }
  });

  it('[MQTT-3.3.4-3] [MQTT-3.3.4-4] v5 bring the identifiers of all that have one', () => {
    for (const qos of [0, 1, 2] as const) {
      for (const sessionExpiryInterval of [0, 100]) {
        const world = new World();
        const subscriber = world.connect({ properties: { sessionExpiryInterval } });
        subscriber.subscribe('#', 2, 268_435_455);
        subscriber.subscribe('a/+', 0);
        subscriber.subscribe('a/b', 1, 1);
        subscriber.subscribe('+/b', 1, 128);
        subscriber.subscribe('other', 1, 5);
        world.connect().publish('a/b', 'x', { qos });
        const packets = subscriber.takePublishes();
        expect(packets).toHaveLength(1);
        const identifiers = packets[0]!.properties.subscriptionIdentifiers!;
        expect([...identifiers].sort((a, b) => a - b)).toEqual([1, 128, 268_435_455]);
      }
    }
  });

  it('[MQTT-3.3.4-3] v5 bring their identifiers also after the message waited, and with what is retained', () => {
    const world = new World();
    const connect = { clientId: 's', cleanStart: false, properties: { sessionExpiryInterval: 100 } };
    const before = world.connect(connect);
    before.subscribe('#', 1, 3);
    before.subscribe('t', 1, 4);
    before.drop();
    world.connect().publish('t', 'x', { qos: 1, retain: true });
    const after = world.connect(connect);
    const identifiersOf = (): (readonly number[] | undefined)[] =>
      after.takePublishes().map(({ properties }) => properties.subscriptionIdentifiers);
    expect(identifiersOf().map((each) => [...each!].sort())).toEqual([[3, 4]]);
    after.subscribe('t', 1, 6);
    expect(identifiersOf()).toEqual([[6]]);
    after.subscribe('t', 0, 7);
    expect(identifiersOf()).toEqual([[7]]);
    after.subscribe('t', 0);
    expect(identifiersOf()).toEqual([undefined]);
  });

  it('[MQTT-3.3.4-5] v5 in shared groups bring a copy each, with the identifier of its own subscription', () => {
    for (const qos of [0, 1, 2] as const) {
      const world = new World();
      const subscriber = world.connect();
      subscriber.subscribe('$share/g/t', 2, 1);
      subscriber.subscribe('$share/h/+', 2, 2);
      subscriber.subscribe('t', 2, 3);
      subscriber.subscribe('$share/i/#', 2);
      world.connect().publish('t', 'x', { qos });
      const identifiers = subscriber
        .takePublishes()
        .map(({ properties }) => properties.subscriptionIdentifiers?.join() ?? 'none');
      expect(identifiers.sort()).toEqual(['1', '2', '3', 'none']);
    }
  });

  it('have no identifier in a session whose client no longer speaks version 5', () => {
    const world = new World();
    const connect = { clientId: 's', cleanStart: false };
    const before = world.connect({ ...connect, properties: { sessionExpiryInterval: 100 } });
    before.subscribe('t', 1, 3);
    before.drop();
    const publisher = world.connect();
    publisher.publish('t', 'x', { qos: 1, properties: { contentType: 'y' } });
    const after = world.connect({ ...connect, protocolVersion: V311 });
    expect(after.takePublishes()).toMatchObject([{ payload: bytesOf('x'), properties: {} }]);
    publisher.publish('t', 'x');
    expect(after.takePublishes()).toMatchObject([{ properties: {} }]);
  });
});

describe('a PUBLISH that a client must not send', () => {
  it('[MQTT-3.3.4-6] v5 with a Subscription Identifier ends the connection', () => {
    const world = new World();
    const subscriber = world.connect();
    subscriber.subscribe('#');
    const publisher = world.connect();
    publisher.send(publishPacket('t', 'x', { properties: { subscriptionIdentifiers: [1] } }));
    expect(publisher.takeOne('disconnect').reasonCode).toBe(ReasonCode.ProtocolError);
    expect(publisher.closed).toBe(true);
    expect(subscriber.take()).toEqual([]);
  });

  it('[MQTT-3.3.4-7] v5 beyond the Receive Maximum ends the connection with 0x93', () => {
    for (const receiveMaximum of [1, 3]) {
      const world = new World({ limits: { receiveMaximum } });
      const subscriber = world.connect();
      subscriber.subscribe('#');
      const publisher = world.connect();
      expect(publisher.connack!.properties.receiveMaximum).toBe(receiveMaximum);
      for (let packetId = 1; packetId <= receiveMaximum; packetId++) {
        publisher.publish('t', 'x', { qos: 2, packetId });
        expect(publisher.takeOne('pubrec').packetId).toBe(packetId);
      }
      expect(publisher.closed).toBe(false);
      publisher.publish('t', 'too many', { qos: 2, packetId: 100 });
      expect(publisher.takeOne('disconnect').reasonCode).toBe(ReasonCode.ReceiveMaximumExceeded);
      expect(publisher.closed).toBe(true);
      expect(subscriber.takePublishes()).toHaveLength(receiveMaximum);
    }
  });

  it('is one that comes before the acknowledgement of others could have left', () => {
    for (const qos of [1, 2] as const) {
      const world = new World({ limits: { receiveMaximum: 2 } });
      const publisher = world.connect();
      publisher.send(...[1, 2, 3].map((packetId) => publishPacket('t', 'x', { qos, packetId })));
      expect(publisher.takeOne('disconnect').reasonCode).toBe(ReasonCode.ReceiveMaximumExceeded);
    }
  });

  it('is not one that comes after what ends an exchange', () => {
    const authorizer = {
      authorize: ({ topic }: { topic: string }) => ({ allowed: topic !== 'no' }),
    };
    const world = new World({ limits: { receiveMaximum: 1 }, authorizer });
    const publisher = world.connect();
    for (let round = 0; round < 3; round++) {
      publisher.publish('t', 'x', { qos: 1, packetId: 1 });
      expect(publisher.takeOne('puback').packetId).toBe(1);
      publisher.publish('t', 'x', { qos: 2, packetId: 2 });
      // Again, because its PUBREC seemed lost: no second one.
      publisher.publish('t', 'x', { qos: 2, packetId: 2, dup: true });
      publisher.take();
      publisher.send(acknowledgement('pubrel', 2));
      expect(publisher.takeOne('pubcomp').packetId).toBe(2);
      for (const qos of [1, 2] as const) {
        publisher.publish('no', 'x', { qos, packetId: 3 });
        expect(publisher.take()).toMatchObject([{ packetId: 3, reasonCode: ReasonCode.NotAuthorized }]);
      }
    }
    expect(publisher.closed).toBe(false);
  });

  it('[MQTT-3.3.5-2] v3.1.1 for want of the right is acknowledged like any other, and goes nowhere', () => {
    const world = new World({
      authorizer: { authorize: ({ action }) => ({ allowed: action !== 'publish' }) },
    });
    const subscriber = world.connect();
    subscriber.subscribe('#', 2);
    const publisher = world.connect({ protocolVersion: V311 });
    publisher.publish('t', 'x');
    publisher.publish('t', 'x', { qos: 1, packetId: 1 });
    publisher.publish('t', 'x', { qos: 2, packetId: 2, retain: true });
    publisher.publish('t', 'x', { qos: 2, packetId: 2, dup: true });
    publisher.send(acknowledgement('pubrel', 2));
    expect(publisher.take()).toEqual([
      acknowledgement('puback', 1),
      acknowledgement('pubrec', 2),
      acknowledgement('pubrec', 2),
      acknowledgement('pubcomp', 2),
    ]);
    expect(publisher.closed).toBe(false);
    expect(subscriber.take()).toEqual([]);
    expect(world.dropped('not-authorized')).toBe(3);
  });
});

describe('the Receive Maximum of a client', () => {
  it('[MQTT-3.3.4-9] v5 is never exceeded by what is sent to it', () => {
    for (const qos of [1, 2] as const) {
      for (const sessionExpiryInterval of [0, 100]) {
        const world = new World();
        const subscriber = world.connect({ properties: { receiveMaximum: 3, sessionExpiryInterval } });
        subscriber.subscribe('t', qos);
        const publisher = world.connect();
        for (let i = 0; i < 10; i++) publisher.publish('t', String(i), { qos });
        const taken = subscriber.takePublishes();
        expect(taken.map(({ payload }) => payload)).toEqual(['0', '1', '2'].map(bytesOf));
        if (qos === 1) {
          subscriber.send(acknowledgement('puback', taken[1]!.packetId));
        } else {
          subscriber.send(acknowledgement('pubrec', taken[1]!.packetId));
          expect(subscriber.take()).toEqual([acknowledgement('pubrel', taken[1]!.packetId)]);
          subscriber.send(acknowledgement('pubcomp', taken[1]!.packetId));
        }
        expect(subscriber.takeTexts()).toEqual(['3']);
        // A refusal ends the exchange too.
        const refusal = qos === 1 ? 'puback' : 'pubrec';
        subscriber.send(
          acknowledgement(refusal, taken[0]!.packetId, ReasonCode.QuotaExceeded),
          acknowledgement(refusal, taken[2]!.packetId, ReasonCode.UnspecifiedError),
        );
        expect(subscriber.takeTexts()).toEqual(['4', '5']);
      }
    }
  });

  it('[MQTT-3.3.4-9] v5 counts nothing at QoS 0', () => {
    const world = new World();
    const subscriber = world.connect({ properties: { receiveMaximum: 1 } });
    subscriber.subscribe('t', 1);
    const publisher = world.connect();
    publisher.publish('t', 'a', { qos: 1 });
    for (const payload of ['b', 'c', 'd']) publisher.publish('t', payload);
    expect(subscriber.takeTexts()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('[MQTT-3.3.4-10] v5 delays no packet but PUBLISH', () => {
    const world = new World();
    const subscriber = world.connect({ properties: { receiveMaximum: 1 } });
    subscriber.subscribe('t', 2);
    const publisher = world.connect();
    publisher.publish('t', 'a', { qos: 2 });
    publisher.publish('t', 'b', { qos: 2 });
    const [first] = subscriber.takePublishes();
    subscriber.send({ type: 'pingreq' });
    expect(subscriber.take()).toEqual([{ type: 'pingresp' }]);
    expect(subscriber.subscribe('u', 1)).toEqual([1]);
    expect(subscriber.unsubscribe('u')).toEqual([0]);
    subscriber.publish('u', 'x', { qos: 1, packetId: 7 });
    expect(subscriber.take()).toMatchObject([{ type: 'puback', packetId: 7 }]);
    subscriber.publish('u', 'x', { qos: 2, packetId: 8 });
    subscriber.send(acknowledgement('pubrel', 8), acknowledgement('pubrec', first!.packetId));
    expect(subscriber.take()).toMatchObject([
      { type: 'pubrec', packetId: 8 },
      { type: 'pubcomp', packetId: 8 },
      { type: 'pubrel', packetId: first!.packetId },
    ]);
    subscriber.send(acknowledgement('pubcomp', first!.packetId));
    expect(subscriber.takeTexts()).toEqual(['b']);
  });
});
