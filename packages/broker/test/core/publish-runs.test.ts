import type { Packet } from '@martlet/protocol';
import { ProtocolVersion } from '@martlet/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acknowledgement, encodedPackets, publishPacket } from '../world/packets.ts';
import type { TestClient } from '../world/test-client.ts';
import { World } from '../world/world.ts';

const { V31, V311, V5 } = ProtocolVersion;

/** One packet of a read: what makes a run, what ends one, and what goes the long way. */
const packet = fc.record({
  topicName: fc.constantFrom('t', 'u', 'long/topic/name/of/another/length'),
  length: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 0, max: 140 }) },
    fc.constantFrom(16_370, 16_400),
  ),
  qos: fc.constantFrom(0 as const, 0 as const, 0 as const, 0 as const, 1 as const, 2 as const),
  retain: fc.constantFrom(false, false, false, true),
  property: fc.constantFrom(false, false, true),
  ping: fc.constantFrom(false, false, false, false, true),
});

describe('packets that come in one read', () => {
  it('reach each subscriber as if each had come alone, between all versions', () => {
    fc.assert(
      fc.property(
        fc.array(packet, { minLength: 1, maxLength: 40 }),
        fc.constantFrom(V31, V311, V5),
        fc.integer({ min: 1, max: 3000 }),
        (wanted, version, chunk) => {
          const packets: Packet[] = wanted.flatMap(
            ({ topicName, length, qos, retain, property, ping }, i) => [
              publishPacket(topicName, new Uint8Array(length).fill(i + 1), {
                qos,
                retain,
                packetId: qos === 0 ? 0 : i + 1,
                properties: version === V5 && property ? { contentType: String(i) } : {},
              }),
              ...(ping ? [{ type: 'pingreq' } as const] : []),
            ],
          );
          const joined = run(version, packets, [...cut(encodedPackets(version, packets), chunk)]);
          const alone = run(
            version,
            packets,
            packets.map((each) => encodedPackets(version, [each])),
          );
          expect(joined).toEqual(alone);
          // Not only alike, but right: to a subscriber to everything nothing is missing.
          expect(joined[0]).toHaveLength(wanted.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are cut into runs of any length', () => {
    for (const from of [V311, V5]) {
      for (const count of [1023, 1024, 1025, 2049, 5000]) {
        const world = new World();
        const subscribers = [V311, V5].map((protocolVersion) => world.connect({ protocolVersion }));
        for (const subscriber of subscribers) subscriber.subscribe('t');
        const publisher = world.connect({ protocolVersion: from });
        publisher.send(...Array.from({ length: count }, (_, i) => publishPacket('t', String(i))));
        const expected = Array.from({ length: count }, (_, i) => String(i));
        for (const subscriber of subscribers) expect(subscriber.takeTexts()).toEqual(expected);
      }
    }
  });

  it('do not overtake a subscription that their own client makes between them', () => {
    const world = new World();
    const client = world.connect();
    client.send(
      publishPacket('t', 'before'),
      {
        type: 'subscribe',
        packetId: 1,
        subscriptions: [
          { topicFilter: 't', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
        ],
        properties: {},
      },
      publishPacket('t', 'between'),
      { type: 'unsubscribe', packetId: 2, topicFilters: ['t'], properties: {} },
      publishPacket('t', 'after'),
    );
    expect(client.take().map((each) => each.type)).toEqual(['suback', 'publish', 'unsuback']);
  });

  it('are routed before their connection ends, whichever way it ends', () => {
    const ends: readonly ((client: TestClient, bytes: Uint8Array) => void)[] = [
      (client, bytes) => client.sendBytes(Uint8Array.of(...bytes, 0xe0, 0)),
      (client, bytes) => client.sendBytes(Uint8Array.of(...bytes, 0xf0, 0xff)),
      (client, bytes) => client.sendBytes(Uint8Array.of(...bytes, 0x36, 0)),
      (client, bytes) => {
        client.sendBytes(bytes);
        client.drop();
      },
    ];
    for (const end of ends) {
      const world = new World();
      const subscriber = world.connect();
      subscriber.subscribe('t');
      end(world.connect(), encodedPackets(V5, [publishPacket('t', 'a'), publishPacket('t', 'b')]));
      expect(subscriber.takeTexts()).toEqual(['a', 'b']);
    }
  });
});

/** What each kind of subscriber gets, when these reads come one after the other. */
function run(version: ProtocolVersion, packets: readonly Packet[], reads: readonly Uint8Array[]): unknown[] {
  const world = new World();
  const subscribers = [
    ...[V31, V311, V5].map((protocolVersion) => world.connect({ protocolVersion })),
    world.connect({ properties: { sessionExpiryInterval: 100 } }),
  ];
  for (const subscriber of subscribers) subscriber.subscribe('#', 2);
  const only = world.connect();
  only.subscribe([{ topicFilter: 't', retainAsPublished: true }], 1, 5);
  const publisher = world.connect({ protocolVersion: version });
  for (const bytes of reads) publisher.sendBytes(bytes.slice());
  const answers = publisher.take();
  expect(answers.filter(({ type }) => type === 'pingresp')).toHaveLength(
    packets.filter(({ type }) => type === 'pingreq').length,
  );
  for (const answer of answers) {
    if (answer.type === 'pubrec') publisher.send(acknowledgement('pubrel', answer.packetId));
  }
  // A payload as text: comparing bytes one by one would take most of the test's time.
  return [...subscribers, only].map((subscriber) =>
    subscriber
      .takeAndAcknowledge()
      .map(({ payload, ...rest }) => ({ ...rest, payload: Buffer.from(payload).toString('latin1') })),
  );
}

function* cut(bytes: Uint8Array, chunk: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
}
