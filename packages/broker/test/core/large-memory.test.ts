/** Memory that packets are read into: who may refer to it, and when it is used again. */
import { encodePacket, ProtocolVersion } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { LargeMemory } from '../../src/core/output/large-memory.ts';
import { encodedPackets, publishPacket } from '../world/packets.ts';
import { textOf, World } from '../world/world.ts';

const { V31, V311 } = ProtocolVersion;

describe('memory of large packets', () => {
  it('is not given to another client while a read into it may be under way', () => {
    const world = new World();
    const subscriber = world.connect({ protocolVersion: V311 });
    subscriber.subscribe('#', 0);
    const taken = world.connect({ protocolVersion: V311, clientId: 'x' });
    const victim = world.connect({ protocolVersion: V311 });
    const packet = encodePacket(publishPacket('big', new Uint8Array(60_000).fill(1)), V311);
    taken.sendBytes(packet.slice(0, 33_000));
    // Its memory is lent to its socket when it is taken over.
    world.connect({ protocolVersion: V311, clientId: 'x' });
    expect(taken.closed).toBe(true);
    victim.sendBytes(packet.slice(0, 46_000));
    taken.scribble();
    victim.sendBytes(packet.slice(46_000));
    const [message] = subscriber.takePublishes();
    expect(message!.payload.every((byte) => byte === 1)).toBe(true);
  });

  for (const qos of [0, 1] as const) {
    it(`is not used again while a run at QoS ${qos} refers to it`, () => {
      const world = new World();
      const subscriber = world.connect({ protocolVersion: V311 });
      subscriber.subscribe('#', qos);
      const publisher = world.connect({ protocolVersion: V311 });
      const large = encodePacket(publishPacket('big', new Uint8Array(20_000).fill(1)), V311);
      const small = encodePacket(publishPacket('small', 'hello world', { qos, packetId: qos }), V311);
      publisher.sendBytes(large.slice(0, 10_000));
      publisher.sendBytes(large.slice(10_000));
      publisher.sendBytes(small.slice(0, 6));
      publisher.sendBytes(new Uint8Array([...small.slice(6), ...large.slice(0, 10_000)]));
      const [first, second] = subscriber.takePublishes();
      expect(first!.topicName).toBe('big');
      expect(textOf(second)).toBe('hello world');
    });
  }

  it('is not held by a small message in a large packet’s place', () => {
    const world = new World();
    const publisher = world.connect({ protocolVersion: V311 });
    for (let i = 0; i < 3; i++) {
      publisher.sendBytes(encodePacket(publishPacket('t', new Uint8Array(200_000)), V311));
      const small = publishPacket(`kept/${i}`, new Uint8Array(17_000), { retain: true });
      publisher.sendBytes(encodePacket(small, V311));
    }
    let held = 0;
    const cursor = world.core.retaining.messages.match('kept/#');
    const messages: Parameters<typeof cursor.read>[1] = [];
    cursor.read(100, messages);
    for (const message of messages) held += message.payload.buffer.byteLength;
    expect(messages).toHaveLength(3);
    expect(held).toBeLessThan(3 * 2 * 17_000);
  });

  it('is all given back when everybody has gone', () => {
    const world = new World();
    const subscribers = Array.from({ length: 3 }, () => world.connect({ protocolVersion: V311 }));
    for (const subscriber of subscribers) subscriber.subscribe('#', 0);
    const publisher = world.connect({ protocolVersion: V311 });
    subscribers[0]!.stalled = true;
    const packet = publishPacket('t', new Uint8Array(100_000));
    for (let i = 0; i < 20; i++) {
      const bytes = encodedPackets(V311, [packet, packet]);
      publisher.sendBytes(bytes.slice(0, 70_000));
      publisher.sendBytes(bytes.slice(70_000));
    }
    subscribers[0]!.unstall();
    for (const client of [publisher, ...subscribers]) client.drop();
    expect(world.core.context.largeMemory.leases).toBe(0);
  });

  it('is forgotten, not used again, when it was abandoned', () => {
    const memory = new LargeMemory();
    const first = memory.take(50_000);
    memory.abandon(first);
    expect(memory.leases).toBe(0);
    expect(memory.take(50_000).buffer).not.toBe(first.buffer);
  });
});

describe('a large QoS 0 message', () => {
  it('is sent without the DUP flag that a client of MQTT 3.1 had set', () => {
    const world = new World();
    const subscriber = world.connect({ protocolVersion: V31 });
    subscriber.subscribe('t', 0);
    const publisher = world.connect({ protocolVersion: V31 });
    const bytes = encodePacket(publishPacket('t', new Uint8Array(20_000)), V31);
    bytes[0] = 0x38;
    publisher.sendBytes(bytes.slice(0, 9000));
    publisher.sendBytes(bytes.slice(9000));
    expect(subscriber.writes.at(-2)?.[0] ?? subscriber.writes.at(-1)![0]).toBe(0x30);
    expect(subscriber.takePublishes()).toMatchObject([{ dup: false }]);
  });
});
