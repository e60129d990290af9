import type { ConnectPacket } from '@martlet/protocol';
import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { acknowledgement } from '../world/packets.ts';
import type { TestClient } from '../world/test-client.ts';
import { World } from '../world/world.ts';

const { V311, V5 } = ProtocolVersion;

function keeping(protocolVersion: ProtocolVersion, receiveMaximum?: number): Partial<ConnectPacket> {
  return {
    clientId: 's',
    protocolVersion,
    cleanStart: false,
    properties:
      protocolVersion === V5
        ? { sessionExpiryInterval: 1000, ...(receiveMaximum === undefined ? undefined : { receiveMaximum }) }
        : {},
  };
}

/** Packets in short: PUBLISH with its payload, an exclamation mark for DUP, its QoS; others by their identifier. */
function summary(client: TestClient): string[] {
  return client.take().map((packet) => {
    if (packet.type === 'publish') {
      return `${new TextDecoder().decode(packet.payload)}${packet.dup ? '!' : ''} ${packet.qos} #${packet.packetId}`;
    }
    return 'packetId' in packet ? `${packet.type} #${packet.packetId}` : packet.type;
  });
}

describe('a client that comes back to its session', () => {
  it('[MQTT-4.4.0-1] v5 v3.1.1 is sent again what it had not acknowledged, in order, with its identifiers and no more', () => {
    for (const version of [V311, V5]) {
      const world = new World();
      const before = world.connect(keeping(version));
      before.subscribe('one', 1);
      before.subscribe('two', 2);
      const publisher = world.connect();
      for (const [topicName, payload] of [
        ['one', 'a'],
        ['two', 'b'],
        ['one', 'c'],
        ['two', 'd'],
        ['two', 'e'],
        ['one', 'f'],
      ] as const) {
        publisher.publish(topicName, payload, { qos: 2 });
      }
      expect(summary(before)).toEqual(['a 1 #1', 'b 2 #2', 'c 1 #3', 'd 2 #4', 'e 2 #5', 'f 1 #6']);
      before.send(acknowledgement('puback', 1), acknowledgement('pubrec', 2), acknowledgement('pubrec', 4));
      before.send(acknowledgement('pubcomp', 4));
      before.drop();
      publisher.publish('one', 'g', { qos: 1 });
      const after = world.connect(keeping(version));
      expect(summary(after)).toEqual(['pubrel #2', 'c! 1 #3', 'e! 2 #5', 'f! 1 #6', 'g 1 #7']);
      // Nothing is sent again for the mere passing of time.
      world.advance(3_600_000);
      publisher.publish('one', 'h', { qos: 0 });
      after.send({ type: 'pingreq' });
      expect(summary(after)).toEqual(['h 0 #0', 'pingresp']);
    }
  });

  it('is sent the same again when it takes its own connection over', () => {
    for (const version of [V311, V5]) {
      const world = new World();
      const before = world.connect(keeping(version));
      before.subscribe('t', 2);
      const publisher = world.connect();
      for (const payload of ['a', 'b', 'c']) publisher.publish('t', payload, { qos: 2 });
      before.send(acknowledgement('pubrec', 2));
      const after = world.connect(keeping(version));
      expect(before.closed).toBe(true);
      expect(summary(after)).toEqual(['pubrel #2', 'a! 2 #1', 'c! 2 #3']);
    }
  });

  it('[MQTT-4.4.0-1] v5 with Clean Start is sent nothing again', () => {
    const world = new World();
    const before = world.connect(keeping(V5));
    before.subscribe('t', 2);
    world.connect().publish('t', 'x', { qos: 2 });
    before.drop();
    const after = world.connect({ ...keeping(V5), cleanStart: true });
    expect(after.take()).toEqual([]);
    expect(world.dropped('session-ended')).toBe(1);
  });

  it('[MQTT-4.4.0-2] v5 is not sent again what it has refused', () => {
    const world = new World();
    const before = world.connect(keeping(V5));
    before.subscribe('one', 1);
    before.subscribe('two', 2);
    const publisher = world.connect();
    publisher.publish('one', 'a', { qos: 1 });
    publisher.publish('two', 'b', { qos: 2 });
    const [a, b] = before.takePublishes();
    before.send(
      acknowledgement('puback', a!.packetId, ReasonCode.UnspecifiedError),
      acknowledgement('pubrec', b!.packetId, ReasonCode.QuotaExceeded),
    );
    expect(before.take()).toEqual([]);
    expect(world.dropped('refused-by-subscriber')).toBe(2);
    before.drop();
    expect(world.connect(keeping(V5)).take()).toEqual([]);
  });

  it('[MQTT-3.3.4-10] [MQTT-4.9.0-3] v5 is sent PUBREL although its quota leaves no room for PUBLISH', () => {
    const world = new World();
    const before = world.connect(keeping(V5));
    before.subscribe('t', 2);
    const publisher = world.connect();
    for (const payload of ['a', 'b', 'c']) publisher.publish('t', payload, { qos: 2 });
    expect(summary(before)).toEqual(['a 2 #1', 'b 2 #2', 'c 2 #3']);
    before.send(acknowledgement('pubrec', 3));
    before.drop();
    const after = world.connect(keeping(V5, 1));
    expect(summary(after)).toEqual(['pubrel #3']);
    after.send(acknowledgement('pubcomp', 3));
    expect(summary(after)).toEqual(['a! 2 #1']);
    after.send(acknowledgement('pubrec', 1));
    expect(summary(after)).toEqual(['pubrel #1']);
    after.send(acknowledgement('pubcomp', 1));
    expect(summary(after)).toEqual(['b! 2 #2']);
  });

  it('[MQTT-3.3.4-9] [MQTT-4.9.0-2] v5 is never sent more than its new Receive Maximum, however much was in flight', () => {
    for (const released of [0, 2, 5]) {
      const world = new World();
      const before = world.connect(keeping(V5));
      before.subscribe('t', 2);
      const publisher = world.connect();
      for (let i = 0; i < 9; i++) publisher.publish('t', String(i), { qos: i % 2 === 0 ? 2 : 1 });
      before.take();
      for (let i = 0; i < released; i++) before.send(acknowledgement('pubrec', 2 * i + 1));
      before.drop();
      const after = world.connect(keeping(V5, 2));
      const open = new Set<number>();
      const finished: number[] = [];
      for (let round = 0; round < 40; round++) {
        for (const packet of after.take()) {
          if (packet.type === 'publish') {
            expect(packet.dup).toBe(true);
            open.add(packet.packetId);
            // What the client has begun to take counts until its PUBCOMP.
            expect(open.size).toBeLessThanOrEqual(2);
            if (packet.qos === 2) after.send(acknowledgement('pubrec', packet.packetId));
            else {
              open.delete(packet.packetId);
              finished.push(packet.packetId);
              after.send(acknowledgement('puback', packet.packetId));
            }
          } else if (packet.type === 'pubrel') {
            open.add(packet.packetId);
            open.delete(packet.packetId);
            finished.push(packet.packetId);
            after.send(acknowledgement('pubcomp', packet.packetId));
          }
        }
      }
      expect(finished.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
  });

  it('gives up what its new Maximum Packet Size leaves no room for, and goes on', () => {
    const world = new World();
    const before = world.connect(keeping(V5));
    before.subscribe('t', 2);
    const publisher = world.connect();
    publisher.publish('t', 'x'.repeat(200), { qos: 1 });
    publisher.publish('t', 'y'.repeat(200), { qos: 2 });
    publisher.publish('t', 'small', { qos: 1 });
    before.drop();
    const after = world.connect({
      ...keeping(V5),
      properties: { sessionExpiryInterval: 1000, maximumPacketSize: 100, receiveMaximum: 1 },
    });
    expect(summary(after)).toEqual(['small! 1 #3']);
    expect(world.dropped('packet-too-large')).toBe(2);
    after.drop();
    expect(summary(world.connect(keeping(V5)))).toEqual(['small! 1 #3']);
  });
});
