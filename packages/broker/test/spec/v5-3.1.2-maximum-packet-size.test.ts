import type { PublishPacket } from '@martlet/protocol';
import { encodePacket, ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { acknowledgement, publishPacket } from '../world/packets.ts';
import { bytesOf, World } from '../world/world.ts';

/** How long the PUBLISH is that a client without aliases and identifiers gets. */
const lengthOf = (payloadLength: number, qos: 0 | 1 | 2): number =>
  encodePacket(
    publishPacket('t', new Uint8Array(payloadLength), { qos, packetId: qos === 0 ? 0 : 1 }),
    ProtocolVersion.V5,
  ).length;

describe('the Maximum Packet Size of a client', () => {
  it('[MQTT-3.1.2-24] v5 lets a PUBLISH of exactly that size through, and not one byte more', () => {
    for (const payloadLength of [40, 120, 121, 122, 20_000]) {
      for (const qos of [0, 1, 2] as const) {
        for (const from of [ProtocolVersion.V311, ProtocolVersion.V5]) {
          const world = new World();
          const maximumPacketSize = lengthOf(payloadLength, qos);
          const subscribers = [0, 100].map((sessionExpiryInterval) => {
            const subscriber = world.connect({ properties: { maximumPacketSize, sessionExpiryInterval } });
            subscriber.subscribe('t', qos);
            return subscriber;
          });
          const publisher = world.connect({ protocolVersion: from });
          publisher.publish('t', new Uint8Array(payloadLength), { qos });
          publisher.publish('t', new Uint8Array(payloadLength + 1), { qos });
          publisher.publish('t', 'small', { qos });
          for (const subscriber of subscribers) {
            const lengths = subscriber.takePublishes().map(({ payload }) => payload.length);
            expect(lengths, `${payloadLength} bytes at QoS ${qos}`).toEqual([payloadLength, 5]);
          }
          expect(world.dropped('packet-too-large')).toBe(2);
        }
      }
    }
  });

  it('[MQTT-3.1.2-24] v5 holds for a run of messages in one read, each by itself', () => {
    for (const from of [ProtocolVersion.V311, ProtocolVersion.V5]) {
      const world = new World();
      const subscriber = world.connect({ properties: { maximumPacketSize: lengthOf(10, 0) } });
      subscriber.subscribe('t');
      const publisher = world.connect({ protocolVersion: from });
      publisher.send(...[9, 10, 11, 3, 12, 0].map((length) => publishPacket('t', new Uint8Array(length))));
      expect(subscriber.takePublishes().map(({ payload }) => payload.length)).toEqual([9, 10, 3, 0]);
      expect(world.dropped('packet-too-large')).toBe(2);
    }
  });

  it('[MQTT-3.1.2-24] v5 counts what the broker adds for the client: identifiers, and not an alias', () => {
    const world = new World();
    const maximumPacketSize = lengthOf(50, 0);
    const identified = world.connect({ properties: { maximumPacketSize } });
    const aliased = world.connect({ properties: { maximumPacketSize, topicAliasMaximum: 5 } });
    identified.subscribe('t', 0, 1);
    aliased.subscribe('t');
    const publisher = world.connect();
    for (const length of [50, 48, 47]) publisher.publish('t', new Uint8Array(length));
    expect(identified.takePublishes().map(({ payload }) => payload.length)).toEqual([48, 47]);
    for (const bytes of aliased.writes) expect(bytes.length).toBeLessThanOrEqual(maximumPacketSize);
    expect(aliased.takePublishes().map(({ payload }) => payload.length)).toEqual([50, 48, 47]);
  });

  it('[MQTT-3.1.2-24] v5 leaves out of an acknowledgement what only explains it', () => {
    for (const maximumPacketSize of [18, 22]) {
      const world = new World({
        authorizer: { authorize: ({ action }) => ({ allowed: action !== 'publish' }) },
      });
      const client = world.connect({ properties: { maximumPacketSize } });
      client.publish('t', 'x', { qos: 1, packetId: 1 });
      client.send(acknowledgement('pubrec', 9));
      client.send(acknowledgement('pubrel', 9));
      expect(client.take()).toEqual([
        acknowledgement('puback', 1, ReasonCode.NotAuthorized),
        acknowledgement('pubrel', 9, ReasonCode.PacketIdentifierNotFound),
        acknowledgement('pubcomp', 9, ReasonCode.PacketIdentifierNotFound),
      ]);
    }
    const world = new World();
    const client = world.connect();
    client.send(acknowledgement('pubrel', 9));
    expect(client.takeOne('pubcomp').properties.reasonString).toMatch(/packet identifier 9/);
  });

  it('[MQTT-3.1.2-25] v5 makes the broker behave as if a message that is too large had been delivered', () => {
    for (const qos of [1, 2] as const) {
      for (const sessionExpiryInterval of [0, 1000]) {
        const world = new World();
        const connect = {
          clientId: 's',
          cleanStart: false,
          properties: { sessionExpiryInterval, maximumPacketSize: 300, receiveMaximum: 1 },
        };
        const subscriber = world.connect(connect);
        subscriber.subscribe('t', qos);
        const publisher = world.connect();
        const taken: PublishPacket[] = [];
        for (let i = 0; i < 6; i++) {
          publisher.publish('t', i % 2 === 0 ? new Uint8Array(500) : String(i), { qos, packetId: i + 1 });
          // Its publisher is told that all is well.
          const answer = qos === 1 ? publisher.takeOne('puback') : publisher.takeOne('pubrec');
          expect(answer.reasonCode).toBe(ReasonCode.Success);
          taken.push(...subscriber.takeAndAcknowledge());
        }
        expect(taken.map(({ payload }) => payload)).toEqual(['1', '3', '5'].map(bytesOf));
        expect(world.dropped('packet-too-large')).toBe(3);
        expect(subscriber.closed).toBe(false);
        subscriber.drop();
        const after = world.connect({ ...connect, properties: { sessionExpiryInterval } });
        expect(after.take()).toEqual([]);
      }
    }
  });

  it('[MQTT-3.1.2-25] v5 leaves other subscribers out of it, and messages that wait behind', () => {
    const world = new World();
    const small = world.connect({ properties: { maximumPacketSize: 100 } });
    const large = world.connect();
    for (const subscriber of [small, large]) subscriber.subscribe('t', 1);
    const away = {
      clientId: 's',
      cleanStart: false,
      properties: { sessionExpiryInterval: 100, maximumPacketSize: 100 },
    };
    const before = world.connect(away);
    before.subscribe('t', 2);
    before.drop();
    const publisher = world.connect();
    publisher.publish('t', 'a', { qos: 1 });
    publisher.publish('t', new Uint8Array(100), { qos: 2 });
    publisher.publish('t', 'b', { qos: 1 });
    expect(small.takePublishes()).toHaveLength(2);
    expect(large.takePublishes()).toHaveLength(3);
    expect(world.connect(away).takeTexts()).toEqual(['a', 'b']);
  });
});
