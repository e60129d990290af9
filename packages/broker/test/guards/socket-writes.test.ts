/** How often the broker writes to a socket. Counted, never timed: a system call is the dearest thing on the hot path. */
import { ProtocolVersion } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { acknowledgement, encodedPackets, publishPacket } from '../world/packets.ts';
import type { TestClient } from '../world/test-client.ts';
import { World } from '../world/world.ts';

const { V311, V5 } = ProtocolVersion;

/** Writes to all clients while `action` runs. */
function writesDuring(world: World, action: () => void): number {
  const { metrics } = world.core.context;
  const before = metrics.socketWrites;
  action();
  return metrics.socketWrites - before;
}

/** A thousand messages as they come in one read. */
function burst(version: ProtocolVersion, qos: 0 | 1 | 2, topics = 1): Uint8Array {
  return encodedPackets(
    version,
    Array.from({ length: 1000 }, (_, i) =>
      publishPacket(`sensor/${i % topics}/value`, new Uint8Array(64), {
        qos,
        packetId: qos === 0 ? 0 : i + 1,
      }),
    ),
  );
}

function pair(world: World, version: ProtocolVersion, qos: 0 | 1 | 2): [TestClient, TestClient] {
  const publisher = world.connect({ protocolVersion: version });
  const subscriber = world.connect({ protocolVersion: version });
  subscriber.subscribe('sensor/+/value', qos);
  return [publisher, subscriber];
}

describe.each([V311, V5])('1,000 messages in one read, version %i', (version) => {
  it.each([1, 100])('at QoS 0 to %i topics: one write to the subscriber', (topics) => {
    const world = new World();
    const [publisher, subscriber] = pair(world, version, 0);
    expect(writesDuring(world, () => publisher.sendBytes(burst(version, 0, topics)))).toBe(1);
    expect(subscriber.takePublishes()).toHaveLength(1000);
  });

  it('at QoS 1: one write to each side, and none for the acknowledgements', () => {
    const world = new World();
    const [publisher, subscriber] = pair(world, version, 1);
    expect(writesDuring(world, () => publisher.sendBytes(burst(version, 1)))).toBe(2);
    expect(publisher.take()).toHaveLength(1000);
    const acknowledgements = subscriber
      .takePublishes()
      .map(({ packetId }) => acknowledgement('puback', packetId));
    expect(acknowledgements).toHaveLength(1000);
    expect(writesDuring(world, () => subscriber.send(...acknowledgements))).toBe(0);
  });

  it('at QoS 2: one write for each step of the handshakes', () => {
    const world = new World();
    const [publisher, subscriber] = pair(world, version, 2);
    expect(writesDuring(world, () => publisher.sendBytes(burst(version, 2)))).toBe(2);
    const pubrels = publisher.take().map((_, i) => acknowledgement('pubrel', i + 1));
    expect(writesDuring(world, () => publisher.send(...pubrels))).toBe(1);
    const identifiers = subscriber.takePublishes().map(({ packetId }) => packetId);
    const pubrecs = identifiers.map((packetId) => acknowledgement('pubrec', packetId));
    expect(writesDuring(world, () => subscriber.send(...pubrecs))).toBe(1);
    const pubcomps = identifiers.map((packetId) => acknowledgement('pubcomp', packetId));
    expect(writesDuring(world, () => subscriber.send(...pubcomps))).toBe(0);
  });

  it('at QoS 0 to 100 subscribers of all versions: one write to each', () => {
    const world = new World();
    const publisher = world.connect({ protocolVersion: version });
    for (let i = 0; i < 100; i++) {
      world.connect({ protocolVersion: i % 2 === 0 ? V311 : V5 }).subscribe('sensor/0/value');
    }
    expect(writesDuring(world, () => publisher.sendBytes(burst(version, 0)))).toBe(100);
  });
});

describe('1,000 messages, each in a turn of its own', () => {
  it.each([
    [0 as const, 1],
    [1 as const, 2],
  ])('at QoS %i take %i writes each', (qos, writes) => {
    const world = new World();
    const [publisher, subscriber] = pair(world, V311, qos);
    const total = writesDuring(world, () => {
      for (let i = 0; i < 1000; i++) {
        publisher.publish('sensor/0/value', 'x', { qos });
        subscriber.takeAndAcknowledge();
      }
    });
    expect(total).toBe(1000 * writes);
  });
});
