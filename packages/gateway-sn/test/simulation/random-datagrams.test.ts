// Whatever comes: nothing throws, and nothing grows. The seeds are fixed; a failing run is one number.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ClientPacket, ServerPacket } from '@martlet/protocol';
import { ReasonCode } from '@martlet/protocol';
import { expect, test } from 'vitest';
import { SeededRandom } from '../../../../test/seeded-random.ts';
import { encodeMessage } from '../../src/core/codec/encode-message.ts';
import { GatewayCore } from '../../src/core/gateway-core.ts';
import type { Peer } from '../../src/core/ports/link.ts';
import { MemoryOfClients } from '../../src/upstream/memory-of-clients.ts';
import { VECTORS } from '../codec/vectors.ts';
import { SnWorld } from '../world/sn-world.ts';

const LIMITS = {
  clients: 200,
  clientsPerHost: 50,
  openingClients: 50,
  topicsPerClient: 20,
  bufferedMessages: 10,
  answersPerSecond: 1_000_000,
  datagramsPerSecond: 1_000_000,
};
const REMEMBERED = 500;
const PEERS = 1000;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Beside the vectors, PUBLISH to short names and to a predefined topic at every QoS. */
const MORE = [
  '080c026162000078',
  '090c22616200026869',
  '090c42616200036869',
  '090c2100010004686a',
  '080c62616200007a',
];
const vectors = [...VECTORS.map(({ hex }) => hex), ...MORE].map(
  (hex) => new Uint8Array(Buffer.from(hex, 'hex')),
);

/** A vector as it is, with bits flipped, with another tail, or nothing but noise; its length octet is mostly right. */
function randomDatagram(random: SeededRandom): Uint8Array {
  const kind = random.below(10);
  if (random.chance(0.05)) return connectOf(random);
  if (kind === 0) return random.bytes(random.below(40));
  const bytes = vectors[random.below(vectors.length)]!.slice();
  if (kind < 4) return bytes;
  const cut = kind < 6 ? bytes.subarray(0, 2 + random.below(bytes.length - 1)) : bytes;
  const long = kind === 9 ? Uint8Array.from([...cut, ...random.bytes(random.below(30))]) : cut;
  for (let i = random.below(4); i > 0; i--) {
    const at = random.below(long.length);
    long[at] = long[at]! ^ (1 << random.below(8));
  }
  if (random.chance(0.9)) long[0] = long.length;
  return long;
}

/** Of one of a few hundred clients, mostly without a will. */
function connectOf(random: SeededRandom): Uint8Array {
  return encodeMessage({
    type: 'connect',
    will: random.chance(0.2),
    cleanSession: random.chance(0.5),
    protocolId: 1,
    duration: random.below(300),
    clientId: `dev${random.below(700)}`,
  });
}

function peersOf(random: SeededRandom): readonly Peer[] {
  return Array.from({ length: PEERS }, (_, i) => {
    const host = `198.51.${i >> 4}.${i & 15}`;
    const trusted = random.chance(0.5);
    return {
      key: `${host}:1`,
      host,
      text: `${host}:1`,
      trusted,
      maximumMessageBytes: random.chance(0.1) ? 60 : 1200,
    };
  });
}

/** What a broker that accepts everything says to a packet; now and then it has a message, too. */
function answersTo(packet: ClientPacket, random: SeededRandom): ServerPacket[] {
  const { Success } = ReasonCode;
  const properties = {};
  switch (packet.type) {
    case 'connect':
      return [{ type: 'connack', sessionPresent: random.chance(0.5), reasonCode: Success, properties }];
    case 'publish': {
      const { qos, packetId } = packet;
      const back: ServerPacket = {
        ...packet,
        packetId: qos === 0 ? 0 : 1 + random.below(3),
        dup: random.chance(0.1),
      };
      if (qos === 0) return [back];
      return [{ type: qos === 1 ? 'puback' : 'pubrec', packetId, reasonCode: Success, properties }, back];
    }
    case 'pubrec':
      return [{ ...packet, type: 'pubrel', properties }];
    case 'pubrel':
      return [{ ...packet, type: 'pubcomp', properties }];
    case 'subscribe':
      return [{ type: 'suback', packetId: packet.packetId, reasonCodes: [Success], properties }];
    case 'unsubscribe':
      return [{ type: 'unsuback', packetId: packet.packetId, reasonCodes: [Success], properties }];
    case 'pingreq':
      return [{ type: 'pingresp' }];
    default:
      return [];
  }
}

/** A gateway before a broker that keeps nothing: the gateway alone is looked at. */
function gatewayAlone(random: SeededRandom, memory: MemoryOfClients) {
  const pending: (() => void)[] = [];
  let open = 0;
  const gateway = new GatewayCore({
    link: { send: () => {}, broadcast: () => {} },
    memory,
    random: () => random.next(),
    nowMs: 0,
    options: LIMITS,
    discoverable: true,
    unconnected: { clientId: 'sensors', accepts: () => true },
    longTopics: true,
    predefinedTopics: [{ topicId: 1, topicName: 'pre/defined' }],
    upstreams: {
      keepAlive: 0,
      open: (_, handler) => {
        let isOpen = true;
        open++;
        const hand = (packet: ServerPacket) => {
          if (isOpen) handler.onPacket(packet);
        };
        return {
          send: (packet) => {
            for (const answer of answersTo(packet, random)) pending.push(() => hand(answer));
            return true;
          },
          close: () => {
            isOpen = false;
            open--;
          },
        };
      },
    },
  });
  const settle = (): void => {
    for (let rounds = 0; pending.length > 0; rounds++) {
      if (rounds > 1000) throw new Error('expected the gateway to come to rest');
      for (const hand of pending.splice(0)) hand();
    }
  };
  return { gateway, settle, openUpstreams: () => open };
}

function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

test('half a million random and altered datagrams neither throw nor leave more than the limits allow', () => {
  const random = new SeededRandom(7);
  const memory = new MemoryOfClients({ limit: REMEMBERED, nowMs: () => 0 });
  const { gateway, settle, openUpstreams } = gatewayAlone(random, memory);
  const peers = peersOf(random);
  const heap: number[] = [];
  let nowMs = 0;
  for (let i = 1; i <= 500_000; i++) {
    gateway.receive(peers[random.below(PEERS)]!, randomDatagram(random), nowMs, random.chance(0.01));
    settle();
    if (i % 100 === 0) gateway.tick((nowMs += random.below(2000)));
    if (i % 125_000 === 0) {
      heap.push(heapUsed());
      const { states, clients } = gateway;
      expect(clients).toBeLessThanOrEqual(LIMITS.clients);
      expect(Object.values(states).reduce((sum, count) => sum + count)).toBe(clients);
      expect(states.connecting).toBeLessThanOrEqual(LIMITS.openingClients);
      expect(openUpstreams()).toBeLessThanOrEqual(clients + 1);
      expect(memory.size).toBeLessThanOrEqual(REMEMBERED);
    }
  }
  // It was no storm in which everything is refused at once.
  const { connects, malformed, publishesReceived } = gateway.metrics;
  expect(Math.min(connects, malformed, publishesReceived)).toBeGreaterThan(1000);
  expect(heap.at(-1)! - heap[0]!).toBeLessThan(4_000_000);
  gateway.shutDown(nowMs);
  expect([gateway.clients, gateway.nextDeadlineMs]).toEqual([0, Number.POSITIVE_INFINITY]);
  gateway.tick(nowMs + 1e9);
  expect(openUpstreams()).toBe(0);
}, 120_000);

test.each([8, 9])(
  '50,000 of them before a whole broker leave it, and the gateway, at work: seed %d',
  (seed) => {
    const random = new SeededRandom(seed);
    const world = new SnWorld({ seed, options: LIMITS, broker: { limits: { sessions: 1000 } } });
    const devices = Array.from({ length: 200 }, (_, i) => world.device(`198.51.100.${i}`));
    for (let i = 0; i < 50_000; i++) {
      devices[random.below(devices.length)]!.sendBytes(randomDatagram(random), random.chance(0.01));
      if (i % 50 === 0) world.advance(random.below(3));
      if (i % 100 === 0)
        world.publish(random.chance(0.5) ? 'ab' : 'a/b/c', 'x', random.below(3) as 0 | 1 | 2);
      if (i % 1000 === 0) for (const device of devices) device.received();
    }
    // However long they said that they would be silent, all are lost in the end.
    world.advance(200_000);
    expect(world.gateway.clients).toBe(0);
    const device = world.device('203.0.113.1').connected('after');
    device.subscribe('after', 1);
    device.received();
    world.publish('after', 'all', 1);
    expect(device.types()).toEqual(['publish']);
  },
  120_000,
);
