/**
 * The broker reads PUBLISH with a parser of its own, which is faster than the decoder: every vector that the decoder is
 * tested with goes through it, and must come to the same end.
 */
import type { PublishPacket } from '@martlet/protocol';
import { ProtocolVersion, RemoteError } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { decodeWhole } from '../../../protocol/test/codec/decode-whole.ts';
import { REFUSAL_VECTORS } from '../../../protocol/test/codec/refusal-vectors.ts';
import { wire } from '../../../protocol/test/codec/wire-notation.ts';
import { WIRE_VECTORS } from '../../../protocol/test/codec/wire-vectors.ts';
import { World } from '../world/world.ts';

const PUBLISH = 3;
/** What a vector's name cites: the vectors' own tests are what shows it. */
const STATEMENTS = /(\[MQTT[^\]]*\] )+v[\d.]+ /g;

interface Vector {
  readonly name: string;
  readonly bytes: Uint8Array;
}

function publishesOf(version: ProtocolVersion): Vector[] {
  const vectors = [
    ...WIRE_VECTORS.filter(({ versions }) => versions.includes(version)),
    ...REFUSAL_VECTORS.map(({ name, wire }) => ({ name, wire: wire[version] })),
    ...REFUSAL_VECTORS.map(({ name, accepted }) => ({ name: `not ${name}`, wire: accepted[version] })),
  ];
  return vectors
    .filter(({ wire: notation }) => notation !== undefined)
    .map(({ name, wire: notation }) => ({ name: name.replace(STATEMENTS, ''), bytes: wire(notation!) }))
    .filter(({ bytes }) => bytes[0]! >> 4 === PUBLISH);
}

function decoded(bytes: Uint8Array, version: ProtocolVersion): PublishPacket | RemoteError {
  try {
    return decodeWhole(bytes.slice(), version, { from: 'client' }) as PublishPacket;
  } catch (error) {
    if (error instanceof RemoteError) return error;
    throw error;
  }
}

for (const version of Object.values(ProtocolVersion)) {
  const vectors = publishesOf(version);

  describe(`a PUBLISH of protocol level ${version}`, () => {
    it('has vectors of both kinds', () => {
      const refused = vectors.filter(({ bytes }) => decoded(bytes, version) instanceof RemoteError);
      expect(refused.length).toBeGreaterThan(8);
      expect(vectors.length - refused.length).toBeGreaterThan(2);
    });

    for (const { name, bytes } of vectors) {
      const expected = decoded(bytes, version);
      if (expected instanceof RemoteError) {
        it(`is refused as the decoder refuses it: ${name}`, () => {
          const client = new World({ limits: { topicAliasMaximum: 65_535 } }).connect({
            protocolVersion: version,
          });
          client.sendBytes(bytes.slice());
          const told = client.take().map((packet) => ('reasonCode' in packet ? packet.reasonCode : packet));
          expect([client.closed, told]).toEqual([
            true,
            version === ProtocolVersion.V5 ? [expected.reasonCode] : [],
          ]);
        });
      } else if (expected.topicName !== '') {
        it(`arrives as the decoder reads it: ${name}`, () => {
          const world = new World({ limits: { topicAliasMaximum: 65_535 } });
          const subscriber = world.connect();
          subscriber.subscribe([{ topicFilter: '#', qos: 2, retainAsPublished: true }]);
          const client = world.connect({ protocolVersion: version });
          client.sendBytes(bytes.slice());
          expect(client.closed).toBe(false);
          const { topicAlias: _, ...properties } = expected.properties;
          const { topicName, payload, qos, retain } = expected;
          const arrived = subscriber.takePublishes().map(({ packetId: _, ...packet }) => packet);
          expect(arrived).toEqual([
            { type: 'publish', topicName, payload, qos, retain, dup: false, properties },
          ]);
        });
      }
    }
  });
}
