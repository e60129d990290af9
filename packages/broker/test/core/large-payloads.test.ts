import { ProtocolVersion } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { BY_REFERENCE_BYTES } from '../../src/core/output/outbox.ts';
import { encodedPackets, publishPacket } from '../world/packets.ts';
import type { TestClient } from '../world/test-client.ts';
import { World } from '../world/world.ts';

const { V311, V5 } = ProtocolVersion;

/** Bytes that no other payload has, and no neighbour of theirs. */
function payloadOf(length: number, seed: number): Uint8Array {
  const payload = new Uint8Array(length);
  for (let i = 0; i < length; i++) payload[i] = (i * 31 + (i >> 8) * 7 + seed * 101) & 0xff;
  return payload;
}

const SIZES = [
  BY_REFERENCE_BYTES - 1,
  100,
  BY_REFERENCE_BYTES,
  0,
  BY_REFERENCE_BYTES + 1,
  70_000,
  1,
  300_000,
  BY_REFERENCE_BYTES,
];

describe('payloads around the size from which they go by reference', () => {
  for (const chunk of [Number.POSITIVE_INFINITY, 65_536, 1460]) {
    for (const qos of [0, 1, 2] as const) {
      it(`reach subscribers of every kind whole and in order: QoS ${qos}, reads of ${chunk} bytes`, () => {
        for (const from of [V311, V5]) {
          const world = new World();
          const kinds: TestClient[] = [
            world.connect({ protocolVersion: V311 }),
            world.connect({ protocolVersion: V5 }),
            world.connect({ properties: { topicAliasMaximum: 1 } }),
            world.connect({ properties: { sessionExpiryInterval: 100 } }),
            world.connect({ properties: { receiveMaximum: 1 } }),
            world.connect({ protocolVersion: V311 }),
          ];
          kinds.forEach((client, i) => {
            if (i === 5) client.subscribe('$share/g/+', qos);
            else client.subscribe('+', qos);
          });
          const slow = world.connect();
          slow.subscribe('+', qos);
          slow.stalled = true;
          const publisher = world.connect({ protocolVersion: from });
          const packets = SIZES.map((size, i) =>
            publishPacket('t', payloadOf(size, i), { qos, packetId: qos === 0 ? 0 : i + 1 }),
          );
          const bytes = encodedPackets(from, packets);
          for (let at = 0; at < bytes.length; at += chunk) {
            publisher.sendBytes(bytes.slice(at, Math.min(bytes.length, at + chunk)));
          }
          slow.unstall();
          for (const client of [...kinds, slow]) {
            const got: Uint8Array[] = [];
            for (
              let more = client.takeAndAcknowledge();
              more.length > 0;
              more = client.takeAndAcknowledge()
            ) {
              got.push(...more.map(({ payload }) => payload));
            }
            expect(got.map(({ length }) => length)).toEqual(SIZES);
            expect(got.every((payload, i) => Buffer.compare(payload, packets[i]!.payload) === 0)).toBe(true);
          }
        }
      });
    }
  }

  it('stay what they were while they wait, are retained, or are sent again', () => {
    const world = new World();
    const connect = { clientId: 's', cleanStart: false, properties: { sessionExpiryInterval: 100 } };
    let subscriber = world.connect(connect);
    subscriber.subscribe('t', 1);
    subscriber.drop();
    const publisher = world.connect();
    const large = payloadOf(50_000, 1);
    publisher.publish('t', large.slice(), { qos: 1, retain: true });
    for (let i = 0; i < 20; i++) publisher.publish('other', payloadOf(50_000, 2 + i));
    for (let round = 0; round < 2; round++) {
      subscriber = world.connect(connect);
      expect(subscriber.takePublishes().map(({ payload }) => Buffer.compare(payload, large))).toEqual([0]);
      subscriber.drop();
    }
    const late = world.connect();
    late.subscribe('t', 0);
    expect(late.takePublishes().map(({ payload }) => Buffer.compare(payload, large))).toEqual([0]);
  });
});
