import { ReasonCode } from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import { publishPacket } from '../world/packets.ts';
import { World } from '../world/world.ts';

const V311 = 4;
/** Of a PUBLISH to `t` with one byte, at QoS 0 and MQTT 5.0. */
const PUBLISH_BYTES = 7;

function publishes(count: number, qos: 0 | 1 = 0) {
  return Array.from({ length: count }, (_, i) =>
    publishPacket('t', `${i}`, { qos, packetId: qos * (i + 1) }),
  );
}

function worldWith(perClient: object, others: object = {}) {
  const world = new World({ rates: { perClient, ...others } });
  const subscriber = world.connect({ clientId: 'subscriber' });
  subscriber.subscribe('t');
  return { world, subscriber };
}

describe('a client that publishes more than its rate', () => {
  test('is not read until there is room, and nothing is lost', () => {
    const { world, subscriber } = worldWith({ messagesInPerSecond: 10 });
    const publisher = world.connect({ clientId: 'publisher', keepAlive: 1 });
    publisher.send(...publishes(10));
    expect(subscriber.takeTexts()).toHaveLength(10);
    expect(publisher.paused).toBe(true);
    world.advance(99);
    publisher.send(...publishes(3)); // what was under way when it was paused
    expect(subscriber.takeTexts()).toHaveLength(0);
    world.advance(1);
    expect(subscriber.takeTexts()).toEqual(['0']);
    world.advance(200);
    expect(subscriber.takeTexts()).toEqual(['1', '2']);
    expect(publisher.paused).toBe(true);
    world.advance(100);
    expect(publisher.paused).toBe(false);
  });

  test('is not ended by its keep alive while it is not read, and is afterwards', () => {
    const { world } = worldWith({ messagesInPerSecond: 0.01 });
    const publisher = world.connect({ clientId: 'publisher', keepAlive: 10 });
    publisher.send(...publishes(1));
    world.advance(99_999);
    expect(publisher.closed).toBe(false);
    world.advance(1 + 15_000);
    expect(publisher.closed).toBe(true);
  });

  test('one message within its rate is not held up', () => {
    const { world, subscriber } = worldWith({ messagesInPerSecond: 10 });
    const publisher = world.connect({ clientId: 'publisher' });
    publisher.send(...publishes(9));
    expect(publisher.paused).toBe(false);
    world.advance(1000);
    publisher.send(...publishes(9));
    expect(publisher.paused).toBe(false);
    expect(subscriber.takeTexts()).toHaveLength(18);
  });

  test('is held to bytes, too, and a packet larger than all of them is paid for afterwards', () => {
    const { world, subscriber } = worldWith({ bytesInPerSecond: 100 });
    const publisher = world.connect({ clientId: 'publisher' });
    publisher.publish('t', 'x'.repeat(1000));
    expect(subscriber.takeTexts()).toHaveLength(1);
    publisher.publish('t', 'y');
    world.advance(9000);
    expect(subscriber.takeTexts()).toHaveLength(0);
    world.advance(1000);
    expect(subscriber.takeTexts()).toEqual(['y']);
  });

  test('with drop: QoS 0 is dropped and counted, QoS 1 and 2 are refused with 0x97 and the reason', () => {
    const { world, subscriber } = worldWith({ messagesInPerSecond: 2, whenExceeded: 'drop' });
    const publisher = world.connect({ clientId: 'publisher' });
    publisher.send(...publishes(3));
    expect(subscriber.takeTexts()).toEqual(['0', '1']);
    expect(world.dropped('incoming-rate')).toBe(1);
    publisher.publish('t', 'q1', { qos: 1, packetId: 7 });
    expect(publisher.takeOne('puback')).toMatchObject({
      packetId: 7,
      reasonCode: ReasonCode.QuotaExceeded,
      properties: { reasonString: 'client "publisher" publishes more than it may (messagesInPerSecond 2)' },
    });
    publisher.publish('t', 'q2', { qos: 2, packetId: 8 });
    expect(publisher.takeOne('pubrec').reasonCode).toBe(ReasonCode.QuotaExceeded);
    expect(publisher.paused).toBe(false);
    expect(world.dropped('incoming-rate')).toBe(3);
    world.advance(500);
    publisher.publish('t', 'again', { qos: 2, packetId: 8 });
    expect(publisher.takeOne('pubrec').reasonCode).toBe(ReasonCode.Success);
    expect(subscriber.takeTexts()).toEqual(['again']);
  });

  test('with drop before MQTT 5.0: QoS 0 is dropped, for QoS 1 the connection ends without acknowledgement', () => {
    const { world } = worldWith({ messagesInPerSecond: 1, whenExceeded: 'drop' });
    const publisher = world.connect({ clientId: 'publisher', protocolVersion: V311 });
    publisher.send(...publishes(2));
    expect(publisher.closed).toBe(false);
    publisher.publish('t', 'x', { qos: 1 });
    expect(publisher.closed).toBe(true);
    expect(publisher.take()).toEqual([]);
  });

  test('with disconnect: it is told 0x96, and the message that was too much is not routed', () => {
    const { world, subscriber } = worldWith({ messagesInPerSecond: 2, whenExceeded: 'disconnect' });
    const publisher = world.connect({ clientId: 'publisher' });
    publisher.send(...publishes(4));
    expect(publisher.takeOne('disconnect')).toMatchObject({ reasonCode: ReasonCode.MessageRateTooHigh });
    expect(publisher.closed).toBe(true);
    expect(subscriber.takeTexts()).toEqual(['0', '1']);
  });

  test('does not begin anew by coming again', () => {
    const { world, subscriber } = worldWith({ messagesInPerSecond: 2, whenExceeded: 'drop' });
    const first = world.connect({ clientId: 'publisher' });
    first.send(...publishes(2));
    first.disconnect();
    world.connect({ clientId: 'publisher' }).send(...publishes(2));
    expect(subscriber.takeTexts()).toHaveLength(2);
  });

  test('does not hold up others, who have rates of their own', () => {
    const { world, subscriber } = worldWith({ messagesInPerSecond: 1 });
    world.connect({ clientId: 'a' }).send(...publishes(2));
    world.connect({ clientId: 'b' }).send(...publishes(1));
    expect(subscriber.takeTexts()).toHaveLength(2);
  });

  test('may acknowledge as ever at its next read: answers to QoS 1 leave for all that were taken', () => {
    const { world } = worldWith({ messagesInPerSecond: 2 });
    const publisher = world.connect({ clientId: 'publisher' });
    publisher.send(...publishes(4, 1));
    expect(publisher.take()).toHaveLength(2);
    world.advance(1000);
    expect(publisher.take()).toHaveLength(2);
  });
});

describe('rates that several connections share', () => {
  test('hold for all connections of a user together, and named users have their own', () => {
    const world = new World({
      rates: {
        perUser: { messagesInPerSecond: 2, whenExceeded: 'drop' },
        users: { gateway: { messagesInPerSecond: 4 } },
      },
    });
    const subscriber = world.connect({ clientId: 'subscriber' });
    subscriber.subscribe('t');
    for (const username of ['anna', 'gateway']) {
      const first = world.connect({ username });
      const second = world.connect({ username });
      first.send(...publishes(3));
      second.send(...publishes(3));
    }
    world.connect().send(...publishes(3)); // nobody's
    expect(subscriber.takeTexts()).toHaveLength(2 + 4 + 3);
  });

  test('hold for a listener and for an address', () => {
    const rates = { messagesInPerSecond: 3, whenExceeded: 'drop' } as const;
    for (const scope of ['perListener', 'perAddress'] as const) {
      const world = new World({ rates: { [scope]: rates } });
      const subscriber = world.connect({ clientId: 'subscriber' });
      subscriber.subscribe('t');
      world.connect().send(...publishes(2));
      world.connect().send(...publishes(2));
      world.peer = '192.0.2.7:1';
      world.listener = 'other';
      world.connect().send(...publishes(3));
      expect(subscriber.takeTexts()).toHaveLength(6);
    }
  });

  test('of a listener are its own before those of every listener', () => {
    const world = new World({ rates: { perListener: { messagesInPerSecond: 1, whenExceeded: 'drop' } } });
    const subscriber = world.connect({ clientId: 'subscriber' });
    subscriber.subscribe('t');
    world.listener = 'fast';
    world.listenerPolicy = { rates: { messagesInPerSecond: 5, whenExceeded: 'drop' } };
    world.connect().send(...publishes(6));
    expect(subscriber.takeTexts()).toHaveLength(5);
  });

  test('of a listener are as those of every listener where it says nothing', () => {
    const world = new World({ rates: { perListener: { messagesInPerSecond: 2, whenExceeded: 'drop' } } });
    const subscriber = world.connect({ clientId: 'subscriber' });
    subscriber.subscribe('t');
    world.listener = 'plain';
    world.listenerPolicy = { rates: {} };
    world.connect().send(...publishes(3));
    world.listener = 'wide';
    world.listenerPolicy = { rates: { messagesInPerSecond: null, connections: 5 } };
    world.connect().send(...publishes(3));
    expect(subscriber.takeTexts()).toHaveLength(2 + 3);
  });

  test('that are used up by others meanwhile let a connection wait longer', () => {
    const world = new World({ rates: { perUser: { messagesInPerSecond: 1 } } });
    const subscriber = world.connect({ clientId: 'subscriber' });
    subscriber.subscribe('t');
    const clients = [world.connect({ username: 'u' }), world.connect({ username: 'u' })];
    for (const client of clients) client.send(...publishes(2));
    const early = subscriber.takeTexts().length;
    world.advance(1000);
    expect(early + subscriber.takeTexts().length).toBeLessThanOrEqual(3);
    world.advance(10_000);
    expect(early + subscriber.takeTexts().length).toBeLessThanOrEqual(4);
    expect(clients.every(({ paused }) => !paused)).toBe(true);
  });
});

describe('rates that are changed', () => {
  test('hold for connections that are there, who go on', () => {
    const { world, subscriber } = worldWith({ messagesInPerSecond: 1 });
    const publisher = world.connect({ clientId: 'publisher' });
    publisher.send(...publishes(3));
    expect(publisher.paused).toBe(true);
    world.reconfigure({});
    expect(publisher.paused).toBe(false);
    expect(subscriber.takeTexts()).toHaveLength(3);
    world.reconfigure({ rates: { perClient: { messagesInPerSecond: 2, whenExceeded: 'drop' } } });
    publisher.send(...publishes(3));
    expect(subscriber.takeTexts()).toHaveLength(2);
    expect(publisher.closed).toBe(false);
  });
});

test('a packet in pieces is charged once, whole', () => {
  const { world, subscriber } = worldWith({ bytesInPerSecond: PUBLISH_BYTES });
  const publisher = world.connect({ clientId: 'publisher' });
  const bytes = Uint8Array.of(0x30, 5, 0, 1, 0x74, 0, 0x78);
  for (const byte of bytes) publisher.sendBytes(Uint8Array.of(byte));
  expect(subscriber.takeTexts()).toEqual(['x']);
  expect(publisher.paused).toBe(true);
  world.advance(1000);
  expect(publisher.paused).toBe(false);
});
