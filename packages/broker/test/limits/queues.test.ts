import { describe, expect, it } from 'vitest';
import { acknowledgement, publishPacket } from '../world/packets.ts';
import type { TestClient } from '../world/test-client.ts';
import type { WorldOptions } from '../world/world.ts';
import { World } from '../world/world.ts';

/** What a message with this payload to a topic of one character costs. */
const costOf = (payloadBytes: number): number => payloadBytes + 1 + 128;

function durable(world: World, clientId: string): TestClient {
  return world.connect({ clientId, cleanStart: false, properties: { sessionExpiryInterval: 1000 } });
}

/** A world with an offline session subscribed to `a`, and a publisher. */
function offline(options: WorldOptions, topicFilter = 'a'): { world: World; publisher: TestClient } {
  const world = new World(options);
  const subscriber = durable(world, 's');
  subscriber.subscribe(topicFilter, 1);
  subscriber.drop();
  return { world, publisher: world.connect() };
}

function publishTexts(publisher: TestClient, count: number): void {
  for (let i = 1; i <= count; i++) publisher.publish('a', `${i}`, { qos: 1 });
}

describe('queuedMessages', () => {
  it('as many wait, and one more drops the oldest', () => {
    const { world, publisher } = offline({ limits: { queuedMessages: 3 } });
    publishTexts(publisher, 3);
    expect(world.dropped('queue-full-dropped-oldest')).toBe(0);
    publisher.publish('a', '4', { qos: 1 });
    expect(world.dropped('queue-full-dropped-oldest')).toBe(1);
    expect(durable(world, 's').takeTexts()).toEqual(['2', '3', '4']);
  });

  it('or the newest, if the profile says so', () => {
    const { world, publisher } = offline({
      limits: { queuedMessages: 3 },
      habits: { fullQueue: 'drop-newest' },
    });
    publishTexts(publisher, 4);
    expect(world.dropped('queue-full-dropped-newest')).toBe(1);
    expect(durable(world, 's').takeTexts()).toEqual(['1', '2', '3']);
  });

  it('is that of a shared group too, which says so by a reason of its own', () => {
    const { world, publisher } = offline({ limits: { queuedMessages: 3 } }, '$share/g/a');
    publishTexts(publisher, 4);
    expect(world.dropped('group-full')).toBe(1);
    expect(durable(world, 's').takeTexts()).toEqual(['2', '3', '4']);
  });

  it('0 lets nothing wait, and everything pass that can be sent at once', () => {
    const world = new World({ limits: { queuedMessages: 0, queuedBytes: 0 } });
    const subscriber = durable(world, 's');
    subscriber.subscribe('a', 2);
    subscriber.subscribe('$share/g/b', 1);
    const publisher = world.connect();
    for (const qos of [0, 1, 2] as const) publisher.publish('a', `${qos}`, { qos });
    publisher.publish('b', 'shared', { qos: 1 });
    expect(subscriber.takeTexts()).toEqual(['0', '1', '2', 'shared']);
    subscriber.drop();
    publisher.publish('a', 'x', { qos: 1 });
    publisher.publish('b', 'x', { qos: 1 });
    expect([world.dropped('queue-full-dropped-newest'), world.dropped('group-full')]).toEqual([1, 1]);
  });
});

describe('a queue that is full', () => {
  it('is told of each queue, if more are full at once than are told in a minute', () => {
    const world = new World({ limits: { queuedMessages: 1, errorLogPerMinute: 2 } });
    for (const clientId of ['s1', 's2', 's3', 's4', 's5']) {
      const subscriber = durable(world, clientId);
      subscriber.subscribe('a', 1);
      subscriber.drop();
    }
    const publisher = world.connect();
    const told = (): string[] => world.log.splice(0).map(({ text }) => text.slice(0, 4));
    publishTexts(publisher, 9);
    expect(told()).toEqual(['"s1"', '"s2"']);
    world.advance(60_000);
    publishTexts(publisher, 9);
    expect(told()).toEqual(['"s3"', '"s4"']);
    world.advance(60_000);
    publishTexts(publisher, 9);
    world.advance(60_000);
    publishTexts(publisher, 9);
    expect(told()).toEqual(['"s5"']);
  });

  it('is told once in the log, and again only after it was half empty', () => {
    const { world, publisher } = offline({ limits: { queuedMessages: 4 } });
    const told = (): string[] => world.log.splice(0).map(({ code, text }) => `${code} ${text.slice(0, 3)}`);
    publishTexts(publisher, 10);
    expect([world.dropped('queue-full-dropped-oldest'), told()]).toEqual([
      6,
      ['queue-full-dropped-oldest "s"'],
    ]);
    const reader = world.connect({
      clientId: 's',
      cleanStart: false,
      properties: { sessionExpiryInterval: 1000, receiveMaximum: 1 },
    });
    reader.takeAndAcknowledge();
    reader.drop();
    publishTexts(publisher, 10);
    expect(told()).toEqual([]);
    durable(world, 's').takeAndAcknowledge();
    world.core.disconnect('s', 0x98, '');
    world.turn();
    publishTexts(publisher, 10);
    expect(told()).toEqual(['queue-full-dropped-oldest "s"']);
  });
});

describe('queuedBytes', () => {
  it('so much waits, and one byte more drops the oldest', () => {
    const { world, publisher } = offline({ limits: { queuedBytes: 3 * costOf(10) } });
    for (let i = 0; i < 3; i++) publisher.publish('a', new Uint8Array(10), { qos: 1 });
    expect(world.dropped('queue-full-dropped-oldest')).toBe(0);
    publisher.publish('a', new Uint8Array(11), { qos: 1 });
    expect(world.dropped('queue-full-dropped-oldest')).toBe(2);
    expect(
      durable(world, 's')
        .takePublishes()
        .map(({ payload }) => payload.length),
    ).toEqual([10, 11]);
  });

  it('a message that would not fit an empty queue is dropped itself', () => {
    const { world, publisher } = offline({ limits: { queuedBytes: costOf(10) } });
    publisher.publish('a', new Uint8Array(11), { qos: 1 });
    expect(world.dropped('queue-full-dropped-newest')).toBe(1);
    expect(durable(world, 's').take()).toEqual([]);
  });
});

describe('queuedBytesInAll', () => {
  it('beyond it a session loses its oldest for the new one, and others lose nothing', () => {
    const { world, publisher } = offline({ limits: { queuedBytesInAll: 4 * costOf(1) } });
    const other = durable(world, 'other');
    other.subscribe('b', 1);
    other.drop();
    publishTexts(publisher, 2);
    for (const text of ['x', 'y']) publisher.publish('b', text, { qos: 1 });
    expect(world.dropped('total-budget')).toBe(0);
    publisher.publish('a', '3', { qos: 1 });
    expect(world.dropped('total-budget')).toBe(1);
    expect(durable(world, 's').takeTexts()).toEqual(['2', '3']);
    expect(durable(world, 'other').takeTexts()).toEqual(['x', 'y']);
  });

  it('beyond it a session with nothing to lose gets no more, until there is room again', () => {
    const { world, publisher } = offline({ limits: { queuedBytesInAll: 2 * costOf(1) } });
    const other = durable(world, 'other');
    other.subscribe('b', 1);
    other.drop();
    publishTexts(publisher, 2);
    publisher.publish('b', 'x', { qos: 1 });
    expect(world.dropped('total-budget')).toBe(1);
    durable(world, 's').takeAndAcknowledge();
    publisher.publish('b', 'y', { qos: 1 });
    expect(durable(world, 'other').takeTexts()).toEqual(['y']);
  });

  it('counts what is in flight: a client that acknowledges nothing gets no more, another its first', () => {
    const world = new World({ limits: { queuedBytesInAll: 2 * costOf(1) } });
    const [silent, other] = [durable(world, 'silent'), durable(world, 'other')];
    silent.subscribe('a', 1);
    other.subscribe('b', 1);
    const publisher = world.connect();
    publishTexts(publisher, 3);
    publisher.publish('b', 'x', { qos: 1 });
    publisher.publish('b', 'y', { qos: 1 });
    expect([silent.takeTexts(), other.takeTexts()]).toEqual([['1', '2'], ['x']]);
    expect(world.dropped('total-budget')).toBe(2);
  });
});

describe('inFlightBytes', () => {
  it('as much is sent without an acknowledgement, the rest waits, and goes on as acknowledgements come', () => {
    const world = new World({ limits: { inFlightBytes: 3 * costOf(1) } });
    const subscriber = durable(world, 's');
    subscriber.subscribe('a', 1);
    publishTexts(world.connect(), 5);
    const sent = subscriber.takePublishes();
    expect([sent.length, world.core.sessions.get('s')!.queue!.length]).toEqual([3, 2]);
    subscriber.send(acknowledgement('puback', sent[1]!.packetId));
    expect(subscriber.takeTexts()).toEqual(['4']);
    subscriber.send(acknowledgement('puback', sent[0]!.packetId));
    expect(subscriber.takeTexts()).toEqual(['5']);
  });

  it('one message always goes, and what is larger than the limit goes alone', () => {
    const world = new World({ limits: { inFlightBytes: 10 } });
    const subscriber = durable(world, 's');
    subscriber.subscribe('a', 2);
    const publisher = world.connect();
    for (const text of ['first', 'second']) publisher.publish('a', text, { qos: 2 });
    const [first, ...more] = subscriber.takePublishes();
    expect(more).toEqual([]);
    subscriber.send(acknowledgement('pubrec', first!.packetId));
    expect(subscriber.takePublishes()).toEqual([]);
    subscriber.send(acknowledgement('pubcomp', first!.packetId));
    expect(subscriber.takeTexts()).toEqual(['second']);
  });

  it('is counted again after a restart', () => {
    const before = new World({ limits: { inFlightBytes: 2 * costOf(1) } });
    durable(before, 's').subscribe('a', 1);
    publishTexts(before.connect(), 4);
    const world = new World({
      store: before.store.reopen(),
      limits: { inFlightBytes: 2 * costOf(1) },
    });
    // What is in flight is read, and counted, when its client is back.
    expect(world.core.context.queuedBytes).toBe(2 * costOf(1));
    const subscriber = durable(world, 's');
    expect(world.core.context.queuedBytes).toBe(4 * costOf(1));
    expect(subscriber.takeAndAcknowledge().map(({ dup }) => dup)).toEqual([true, true]);
    expect(subscriber.takeAndAcknowledge().map(({ dup }) => dup)).toEqual([false, false]);
    expect(world.core.context.queuedBytes).toBe(0);
  });
});

describe('inFlightMessages', () => {
  it('as many are sent without an acknowledgement, further ones wait, and less if the client says so', () => {
    const world = new World({ limits: { inFlightMessages: 3 } });
    const [v4, v5] = [
      world.connect({ protocolVersion: 4 }),
      world.connect({ properties: { receiveMaximum: 2 } }),
    ];
    for (const subscriber of [v4, v5]) subscriber.subscribe('a', 1);
    publishTexts(world.connect(), 5);
    expect(v5.takeTexts()).toEqual(['1', '2']);
    const sent = v4.takePublishes();
    expect(sent).toHaveLength(3);
    v4.send(acknowledgement('puback', sent[0]!.packetId));
    expect(v4.takeTexts()).toEqual(['4']);
  });
});

describe('receiveMaximum', () => {
  const many = (count: number): ReturnType<typeof publishPacket>[] =>
    Array.from({ length: count }, (_, i) => publishPacket('a', '', { qos: 2, packetId: i + 1 }));

  it('as many are taken without an acknowledgement, and one more ends the connection with 0x93', () => {
    const world = new World({ limits: { receiveMaximum: 3 } });
    const client = world.connect();
    expect(client.connack?.properties.receiveMaximum).toBe(3);
    client.send(...many(3));
    expect(client.take()).toHaveLength(3);
    expect(client.closed).toBe(false);
    client.send(publishPacket('a', '', { qos: 1, packetId: 9 }));
    expect(client.takeOne('disconnect').reasonCode).toBe(0x93);
  });

  it('does not bind older clients: they may have as many as there are packet identifiers', () => {
    const world = new World({ limits: { receiveMaximum: 3 } });
    const client = world.connect({ protocolVersion: 4 });
    client.send(...many(65_535));
    expect(client.take()).toHaveLength(65_535);
    client.publish('a', '', { qos: 1, packetId: 1 });
    expect(client.closed).toBe(true);
  });
});
