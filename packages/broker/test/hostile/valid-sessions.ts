/** What well-behaved clients of all versions send, as bytes: what is mutated. */
import type { ConnectPacket, Packet, PacketType, ProtocolVersion } from '@martlet/protocol';
import { encodePacket, NO_PROPERTIES } from '@martlet/protocol';
import fc from 'fast-check';
import { packetArbitraries, topicFilter, topicName } from '../../../protocol/test/codec/arbitraries.ts';
import { acknowledgement, publishPacket } from '../world/packets.ts';
import { bytesOf } from '../world/world.ts';
import type { Random } from './random.ts';

const VERSIONS: readonly ProtocolVersion[] = [3, 4, 5];
const FROM_CLIENT: readonly PacketType[] = [
  'publish',
  'publish',
  'puback',
  'pubrec',
  'pubrel',
  'pubcomp',
  'subscribe',
  'subscribe',
  'unsubscribe',
  'pingreq',
  'disconnect',
  'auth',
];

/** Makes so many sessions, each a list of packets beginning with CONNECT. */
export function validSessions(count: number, seed: number, random: Random): Uint8Array[][] {
  const pools = new Map(VERSIONS.map((version) => [version, poolOf(version, seed)]));
  return Array.from({ length: count }, (_, i) => {
    const version = VERSIONS[i % 3]!;
    const pool = pools.get(version)!;
    const packets = random.oneIn(3) ? anything(pool, random) : conversation(version, i, pool, random);
    return packets.map((packet) => encodePacket(packet, version));
  });
}

type Pool = ReadonlyMap<PacketType | 'name' | 'filter', readonly unknown[]>;

function poolOf(version: ProtocolVersion, seed: number): Pool {
  const sample = <T>(arbitrary: fc.Arbitrary<T>): T[] => fc.sample(arbitrary, { seed, numRuns: 60 });
  const arbitraries = Object.entries(packetArbitraries(version)) as [PacketType, fc.Arbitrary<Packet>][];
  return new Map<PacketType | 'name' | 'filter', readonly unknown[]>([
    ...arbitraries.map(([type, arbitrary]) => [type, sample(arbitrary)] as const),
    ['name', sample(topicName)],
    ['filter', sample(topicFilter)],
  ]);
}

/** Packets that a client may send, in no order that makes sense. */
function anything(pool: Pool, random: Random): Packet[] {
  const packets = [random.pick(pool.get('connect')!) as Packet];
  for (let i = random.below(8); i > 0; i--) {
    const some = pool.get(random.pick(FROM_CLIENT));
    if (some !== undefined) packets.push(random.pick(some) as Packet);
  }
  return packets;
}

/** A client that subscribes, publishes to itself and others, and answers. */
function conversation(version: ProtocolVersion, number: number, pool: Pool, random: Random): Packet[] {
  const v5 = version === 5;
  const isDurable = random.oneIn(3);
  const connect: ConnectPacket = {
    type: 'connect',
    protocolVersion: version,
    clientId: `hostile-${number % 20}`,
    cleanStart: !isDurable,
    keepAlive: random.below(100),
    properties: v5
      ? { sessionExpiryInterval: isDurable ? 30 : 0, topicAliasMaximum: random.below(5) }
      : NO_PROPERTIES,
    ...(random.oneIn(4)
      ? {
          will: { topicName: 'w', payload: bytesOf('will'), qos: 1, retain: random.oneIn(2), properties: {} },
        }
      : undefined),
  };
  const packets: Packet[] = [connect];
  const names = [random.pick(pool.get('name')!) as string, `t/${random.below(50)}`];
  const filters = ['t/#', '+/+', names[0]!, random.pick(pool.get('filter')!) as string, '$share/g/t/+'];
  packets.push({
    type: 'subscribe',
    packetId: 1,
    subscriptions: filters.slice(random.below(4)).map((filter) => ({
      topicFilter: filter,
      qos: random.below(3) as 0 | 1 | 2,
      noLocal: v5 && !filter.startsWith('$share/') && random.oneIn(3),
      retainAsPublished: v5 && random.oneIn(3),
      retainHandling: v5 ? (random.below(3) as 0 | 1 | 2) : 0,
    })),
    properties: v5 && random.oneIn(2) ? { subscriptionIdentifier: 1 + random.below(300) } : NO_PROPERTIES,
  });
  for (let i = 1 + random.below(6); i > 0; i--) {
    const qos = random.below(3) as 0 | 1 | 2;
    packets.push(
      publishPacket(random.pick(names), 'x'.repeat(random.below(200)), {
        qos,
        retain: random.oneIn(5),
        packetId: qos === 0 ? 0 : i,
        properties:
          v5 && random.oneIn(2)
            ? { topicAlias: 1 + random.below(3), messageExpiryInterval: 5 }
            : NO_PROPERTIES,
      }),
    );
    if (qos === 2) packets.push(acknowledgement('pubrel', i));
    packets.push(acknowledgement(random.pick(['puback', 'pubrec', 'pubcomp']), i));
  }
  if (random.oneIn(2))
    packets.push({ type: 'unsubscribe', packetId: 2, topicFilters: ['t/#'], properties: {} });
  if (random.oneIn(2)) packets.push({ type: 'disconnect', reasonCode: 0, properties: NO_PROPERTIES });
  return packets;
}
