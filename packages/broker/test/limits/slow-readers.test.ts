import { describe, expect, it } from 'vitest';
import { acknowledgement, publishPacket } from '../world/packets.ts';
import type { TestClient } from '../world/test-client.ts';
import { World } from '../world/world.ts';

/** A version 3.1.1 PUBLISH at QoS 0 of so many bytes in all, to the topic `a`. */
const payloadOf = (packetBytes: number): Uint8Array => new Uint8Array(packetBytes - 2 - 3);

function stalledSubscriber(world: World, qos: 0 | 1 | 2 = 0, receiveMaximum = 65_535): TestClient {
  const subscriber = world.connect({ properties: { receiveMaximum } });
  subscriber.subscribe('a', qos);
  stall(subscriber);
  return subscriber;
}

/** The transport takes one small packet, and nothing more. */
function stall(client: TestClient): void {
  client.stalled = true;
  client.send({ type: 'pingreq' });
}

describe('outboxBytes', () => {
  it('as much waits for a slow reader, further QoS 0 messages are dropped and counted', () => {
    const world = new World({ limits: { outboxBytes: 1024 } });
    const subscriber = world.connect({ protocolVersion: 4 });
    subscriber.subscribe('a');
    stall(subscriber);
    const publisher = world.connect({ protocolVersion: 4 });
    // PINGRESP is in the transport: 1022 bytes are left.
    for (let i = 0; i < 7; i++) publisher.publish('a', payloadOf(100));
    for (const packetBytes of [123, 100]) publisher.publish('a', payloadOf(packetBytes));
    publisher.publish('a', payloadOf(100));
    expect(world.dropped('outbox-full')).toBe(1);
    expect(world.core.gauges.outboxBytes).toBe(1024 - 99);
    publisher.publish('a', payloadOf(99));
    expect(world.dropped('outbox-full')).toBe(1);
    expect(world.core.gauges.outboxBytes).toBe(1024);
    subscriber.unstall();
    expect(subscriber.takePublishes()).toHaveLength(10);
    expect(world.core.gauges.outboxBytes).toBe(0);
    publisher.publish('a', 'again');
    expect(subscriber.takeTexts()).toEqual(['again']);
  });

  it('a run of messages that does not fit as a whole loses only what does not fit', () => {
    const world = new World({ limits: { outboxBytes: 1024 } });
    const subscriber = stalledSubscriber(world);
    const publisher = world.connect();
    publisher.send(...Array.from({ length: 30 }, (_, i) => publishPacket('a', new Uint8Array(100).fill(i))));
    const lost = world.dropped('outbox-full');
    subscriber.unstall();
    const got = subscriber.takePublishes().map(({ payload }) => payload[0]!);
    expect(got).toEqual(Array.from(got, (_, i) => i));
    expect(got.length + lost).toBe(30);
    expect(got.length).toBeLessThan(11);
  });

  it.each([1, 2] as const)('QoS %i messages wait, and come in order when the client reads again', (qos) => {
    const world = new World({ limits: { outboxBytes: 1024 } });
    const subscriber = stalledSubscriber(world, qos);
    const [publisher, other] = [world.connect(), world.connect()];
    other.subscribe('a', qos);
    const texts = Array.from({ length: 100 }, (_, i) => `${i} ${'x'.repeat(100)}`);
    for (const [i, text] of texts.entries()) {
      publisher.publish('a', text, { qos, packetId: i + 1 });
      if (qos === 2) publisher.send(acknowledgement('pubrel', i + 1));
      // Nobody waits for the slow one.
      expect(other.takeAndAcknowledge()).toHaveLength(1);
    }
    expect(world.core.gauges.outboxBytes).toBeLessThan(1024 + 150);
    expect(world.core.gauges.storedMessages).toBeGreaterThan(80);
    subscriber.unstall();
    expect(subscriber.takeAndAcknowledge().map(({ payload }) => new TextDecoder().decode(payload))).toEqual(
      texts,
    );
    expect(world.core.gauges.storedMessages).toBe(0);
    expect(world.dropped('outbox-full')).toBe(0);
  });

  it('a client that reads in pieces gets everything in order too', () => {
    const world = new World({ limits: { outboxBytes: 1024 } });
    const subscriber = stalledSubscriber(world, 1, 50);
    const publisher = world.connect();
    for (let i = 0; i < 200; i++) publisher.publish('a', `${i}`.padEnd(60), { qos: 1 });
    const got: number[] = [];
    for (let round = 0; round < 100 && got.length < 200; round++) {
      subscriber.unstall();
      const taken = subscriber.takePublishes();
      got.push(...taken.map(({ payload }) => Number(new TextDecoder().decode(payload))));
      subscriber.stalled = true;
      for (const { packetId } of taken) subscriber.send(acknowledgement('puback', packetId));
    }
    expect(got).toEqual(Array.from({ length: 200 }, (_, i) => i));
  });

  it('a message larger than all of it goes when nothing else waits', () => {
    const world = new World({ limits: { outboxBytes: 1024 } });
    const subscriber = world.connect();
    subscriber.subscribe('a');
    const publisher = world.connect();
    publisher.publish('a', new Uint8Array(50_000));
    expect(subscriber.takePublishes()[0]?.payload).toHaveLength(50_000);
  });

  it('a client that asks and reads no answers is not read until it does', () => {
    const world = new World({ limits: { outboxBytes: 1024 } });
    const client = world.connect();
    stall(client);
    const pings = (count: number): Uint8Array =>
      Uint8Array.from({ length: count * 2 }, (_, i) => (i % 2 === 0 ? 0xc0 : 0));
    client.sendBytes(pings(512));
    expect(client.paused).toBe(false);
    client.sendBytes(pings(1));
    expect(client.paused).toBe(true);
    client.unstall();
    expect(client.paused).toBe(false);
    expect(client.take()).toHaveLength(514);
  });

  it('a subscriber that reads slowly may acknowledge all the while', () => {
    const world = new World({ limits: { outboxBytes: 1024 } });
    const subscriber = stalledSubscriber(world, 1);
    const publisher = world.connect();
    for (let i = 0; i < 1000; i++) publisher.publish('a', 'x'.repeat(100), { qos: i % 2 === 0 ? 0 : 1 });
    for (let i = 1; i < 500; i++) subscriber.send(acknowledgement('puback', i));
    expect(subscriber.paused).toBe(false);
  });

  it('what a client had not read when its connection broke is counted', () => {
    const world = new World();
    const subscriber = stalledSubscriber(world);
    const publisher = world.connect();
    for (let i = 0; i < 5; i++) publisher.publish('a', 'x');
    subscriber.drop();
    expect(world.dropped('connection-closed')).toBe(5);
    expect(world.core.gauges.outboxBytes).toBe(0);
  });

  it('a burst above what one turn collects is no slow reader: nothing is lost or out of order', () => {
    const world = new World({ limits: { outboxBytes: 300_000 } });
    const subscriber = world.connect();
    subscriber.subscribe('#', 1);
    const publisher = world.connect();
    const packets = Array.from({ length: 600 }, (_, i) => {
      const payload = new Uint8Array(i % 50 === 7 ? 20_000 : 2000);
      new DataView(payload.buffer).setUint16(0, i);
      const qos = i % 5 === 0 ? 1 : 0;
      return publishPacket(i % 3 === 0 ? 'a' : 'b', payload, { qos, packetId: qos === 0 ? 0 : i + 1 });
    });
    publisher.send(...packets);
    const got = subscriber.takePublishes().map(({ payload }) => (payload[0]! << 8) | payload[1]!);
    expect(got).toEqual(Array.from({ length: 600 }, (_, i) => i));
    expect(world.dropped('outbox-full')).toBe(0);
  });
});

describe('outboxBytesInAll', () => {
  it('bounds what waits for all slow readers together; fast ones are not concerned', () => {
    const world = new World({ limits: { outboxBytes: 4096, outboxBytesInAll: 5000 } });
    const slow = [stalledSubscriber(world), stalledSubscriber(world, 1)];
    const fast = world.connect();
    fast.subscribe('a');
    const publisher = world.connect();
    for (let i = 0; i < 100; i++) publisher.publish('a', new Uint8Array(100), { qos: i < 50 ? 0 : 1 });
    // Less than one message more: what has been begun at QoS 1 is sent.
    expect(world.core.gauges.outboxBytes).toBeLessThan(5000 + 110);
    expect(world.core.gauges.outboxBytes).toBeGreaterThan(4800);
    expect(world.dropped('outbox-full')).toBeGreaterThan(90);
    expect(world.dropped('outbox-full')).toBeLessThan(130);
    expect(fast.takePublishes()).toHaveLength(100);
    for (const subscriber of slow) subscriber.unstall();
    expect(world.core.gauges.outboxBytes).toBe(0);
    // QoS 1 had waited.
    expect(slow[1]!.takePublishes().filter(({ qos }) => qos === 1)).toHaveLength(50);
  });
});
