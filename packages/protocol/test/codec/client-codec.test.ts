/** What a client's bundle carries of the codec says the same as the whole codec. */
import type { ClientPacket, Packet, PacketType, ServerPacket } from '@martlet/protocol';
import {
  decodePacket,
  decodeServerPacket,
  decodeServerPacketExceptPublish,
  encodeClientPacket,
  encodeClientPacketExceptPublish,
  encodePacket,
  encodePublishProperties,
  MalformedPacketError,
  NO_PROPERTIES,
  ProtocolError,
  ProtocolVersion,
  RemoteError,
  readPublishProperties,
} from '@martlet/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyPacket, propertiesOf } from './arbitraries.ts';
import { REFUSAL_VECTORS } from './refusal-vectors.ts';
import { wire } from './wire-notation.ts';
import { WIRE_VECTORS } from './wire-vectors.ts';

const ONLY_FROM_SERVER: readonly PacketType[] = ['connack', 'suback', 'unsuback', 'pingresp'];
const ONLY_FROM_CLIENT: readonly PacketType[] = ['connect', 'subscribe', 'unsubscribe', 'pingreq'];

const isClientPacket = (packet: Packet): packet is ClientPacket => !ONLY_FROM_SERVER.includes(packet.type);
const isServerPacket = (packet: Packet): packet is ServerPacket => !ONLY_FROM_CLIENT.includes(packet.type);

/** What came out, so that two ways can be compared in all that a caller sees. */
function outcomeOf(action: () => unknown): unknown {
  try {
    return { value: action() };
  } catch (error) {
    if (error instanceof RemoteError) {
      return { name: error.name, code: error.code, reasonCode: error.reasonCode, message: error.message };
    }
    if (error instanceof TypeError || error instanceof RangeError) {
      return { name: error.name, message: error.message };
    }
    throw error;
  }
}

function bodyOf(bytes: Uint8Array): number {
  return bytes[1]! < 0x80 ? 2 : 3;
}

function compareDecoders(bytes: Uint8Array, version: ProtocolVersion): unknown {
  const body = Math.min(bodyOf(bytes), bytes.length);
  const server = outcomeOf(() => decodeServerPacket(bytes, 0, body, bytes.length, version));
  expect(server).toEqual(
    outcomeOf(() => decodePacket(bytes, 0, body, bytes.length, version, { from: 'server' })),
  );
  return server;
}

for (const version of Object.values(ProtocolVersion)) {
  describe(`protocol level ${version}`, () => {
    const vectors = WIRE_VECTORS.filter((each) => each.versions.includes(version));

    test('every packet that a server may send is decoded, and every other one is refused', () => {
      for (const { wire: notation, packet } of vectors) {
        const bytes = wire(notation);
        const decode = (): ServerPacket => decodeServerPacket(bytes, 0, bodyOf(bytes), bytes.length, version);
        if (packet.type === 'disconnect' && packet.properties.sessionExpiryInterval !== undefined) {
          expect(decode).toThrow(ProtocolError); // [MQTT-3.14.2-2]
        } else if (isServerPacket(packet)) expect(decode()).toStrictEqual(packet);
        else expect(decode).toThrow(`expected a packet that a server sends, got ${packet.type}`);

        const outcome = outcomeOf(() =>
          decodeServerPacketExceptPublish(bytes, 0, bodyOf(bytes), bytes.length, version),
        );
        if (packet.type === 'publish') expect(outcome).toMatchObject({ code: 'PROTOCOL_ERROR' });
        else expect(outcome).toEqual(outcomeOf(decode));
      }
      expect(vectors.filter((each) => isServerPacket(each.packet)).length).toBeGreaterThan(10);
    });

    test('every packet that a client may send is encoded', () => {
      const encoded = vectors.filter((each) => each.direction === 'both' && isClientPacket(each.packet));
      for (const { wire: notation, packet } of encoded) {
        const bytes = wire(notation);
        expect(encodeClientPacket(packet as ClientPacket, version)).toEqual(bytes);
        if (!isClientPacket(packet) || packet.type === 'publish') continue;
        expect(encodeClientPacketExceptPublish(packet, version)).toEqual(bytes);
      }
      expect(encoded.length).toBeGreaterThan(10);
    });

    test('what breaks a rule is refused as by the whole decoder', () => {
      for (const { wire: notations, code, reasonCode, from } of REFUSAL_VECTORS) {
        const notation = notations[version];
        if (notation === undefined) continue;
        const bytes = wire(notation);
        const outcome = compareDecoders(bytes, version);
        const type = bytes[0]! >> 4;
        if (from === 'client' || [1, 8, 10, 12].includes(type)) continue; // not refused, or for coming from a server
        expect(outcome).toMatchObject({ code, reasonCode });
      }
    });

    test('random packets give the same bytes, packets and errors as the whole codec', () => {
      let decoded = 0;
      const change = fc.option(fc.tuple(fc.nat({ max: 200 }), fc.nat({ max: 255 })), { nil: undefined });
      fc.assert(
        fc.property(anyPacket(version), change, (packet, changed) => {
          const bytes = encodePacket(packet, version);
          if (isClientPacket(packet)) expect(encodeClientPacket(packet, version)).toEqual(bytes);
          const received = bytes.slice();
          if (changed !== undefined) received[changed[0] % received.length] = changed[1];
          if ('value' in (compareDecoders(received, version) as object)) decoded++;
        }),
        { numRuns: 3000 },
      );
      expect(decoded).toBeGreaterThan(300);
    });

    test('random bytes give the same packets and errors as the whole decoder', () => {
      fc.assert(
        fc.property(
          fc.uint8Array({ minLength: 2, maxLength: 40 }),
          (bytes) => void compareDecoders(bytes, version),
        ),
        { numRuns: 5000 },
      );
    });
  });
}

test('a client is told of its own mistakes as by the whole encoder', () => {
  const mistakes = [
    { type: 'pingreq', packetId: 1 },
    { type: 'publish', topicName: '#', payload: new Uint8Array(), qos: 3 },
    { type: 'puback', packetId: 0, reasonCode: 0, properties: NO_PROPERTIES },
    { type: 'auth', reasonCode: 1, properties: NO_PROPERTIES },
    { type: 'subscribe', packetId: 1, subscriptions: [], properties: NO_PROPERTIES },
    { type: 'disconnect', reasonCode: 0, properties: { topicAlias: 1 } },
  ] as unknown as ClientPacket[];
  const outcomes = mistakes.map((packet) => {
    const outcome = outcomeOf(() => encodeClientPacket(packet, ProtocolVersion.V5));
    expect(outcome).toEqual(outcomeOf(() => encodePacket(packet, ProtocolVersion.V5)));
    return outcome as { readonly message?: string };
  });
  expect(outcomes.map((each) => each.message?.slice(0, 8))).toEqual([
    undefined,
    ...Array<string>(5).fill('expected'),
  ]);
});

describe('the Properties section of a PUBLISH by itself', () => {
  test('is written as in the whole packet, and comes back as it was', () => {
    fc.assert(
      fc.property(propertiesOf('publish'), fc.nat({ max: 4 }), (properties, offset) => {
        const whole = encodePacket(
          {
            type: 'publish',
            topicName: 't',
            payload: new Uint8Array(),
            qos: 0,
            retain: false,
            dup: false,
            packetId: 0,
            properties,
          },
          ProtocolVersion.V5,
        );
        const section = whole.subarray(bodyOf(whole) + 3);
        expect(encodePublishProperties(properties)).toEqual(section);
        const room = new Uint8Array(offset + section.length);
        room.set(section, offset);
        const start = offset + (section[0]! < 0x80 ? 1 : 2);
        expect(readPublishProperties(room, start, room.length)).toEqual(properties);
      }),
      { numRuns: 500 },
    );
  });

  test('takes one byte when there are none', () => {
    const bytes = encodePublishProperties(NO_PROPERTIES);
    expect(bytes).toEqual(Uint8Array.of(0));
    expect(readPublishProperties(bytes, 1, 1)).toBe(NO_PROPERTIES);
  });

  test('is refused when it ends in the middle of a property, whatever follows', () => {
    const bytes = wire('23 0001 ffff');
    expect(readPublishProperties(bytes, 0, 3)).toEqual({ topicAlias: 1 });
    expect(() => readPublishProperties(bytes, 0, 2)).toThrow(MalformedPacketError);
  });
});
