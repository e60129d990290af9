import type { ConnectPacket } from '@martlet/protocol';
import { ProtocolVersion } from '@martlet/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Received } from '../world/naive-broker.ts';
import { asReceived, NaiveBroker } from '../world/naive-broker.ts';
import { acknowledgement } from '../world/packets.ts';
import type { TestClient } from '../world/test-client.ts';
import { World } from '../world/world.ts';

const { V311, V5 } = ProtocolVersion;
const CLIENTS = 4;

const qos = fc.constantFrom(0 as const, 1 as const, 2 as const);
const seldom = fc.constantFrom(false, false, true);
const topicName = fc.constantFrom('a', 'a/b', 'a/b/c', '/a', 'a/', '$d/a', 'b');
const topicFilter = fc.constantFrom(
  'a',
  'a/b',
  '#',
  '+',
  'a/#',
  '+/b',
  'a/+',
  '/+',
  '+/+',
  'a/b/c',
  '$d/#',
  '$d/+',
);
const of = fc.nat(CLIENTS - 1);

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('subscribe' as const),
      of,
      topicFilter,
      qos,
      noLocal: seldom,
      retainAsPublished: seldom,
      retainHandling: fc.constantFrom(0 as const, 0 as const, 1 as const, 2 as const),
      identifier: fc.constantFrom(0, 0, 1, 2, 300),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('unsubscribe' as const), of, topicFilter }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      of,
      topicName,
      qos,
      retain: seldom,
      isEmpty: seldom,
      // Odd, so that it never ends at the moment of a step.
      expiry: fc.constantFrom(undefined, undefined, 5, 21),
      contentType: fc.constantFrom(undefined, 'x'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('come or go' as const), of }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(2, 4, 16) }),
  },
);

const client = fc.record({
  protocolVersion: fc.constantFrom(V311, V5, V5),
  isKept: fc.boolean(),
  topicAliasMaximum: fc.constantFrom(0, 0, 1, 3),
});

describe('what subscribers get', () => {
  it('is what the specification says, for any subscriptions and messages', () => {
    fc.assert(
      fc.property(
        fc.array(client, { minLength: CLIENTS, maxLength: CLIENTS }),
        fc.array(step, { minLength: 10, maxLength: 80 }),
        (kinds, steps) => {
          const world = new World();
          const naive = new NaiveBroker(
            kinds.map(({ protocolVersion, isKept }) => ({ isV5: protocolVersion === V5, isKept })),
          );
          const connects = kinds.map(({ protocolVersion, isKept, topicAliasMaximum }, i) => ({
            clientId: `c${i}`,
            protocolVersion,
            cleanStart: !isKept,
            properties:
              protocolVersion === V5 ? { sessionExpiryInterval: isKept ? 10_000 : 0, topicAliasMaximum } : {},
          }));
          const taps = connects.map((connect) => new Tap(world, connect));
          steps.forEach((each, i) => {
            const expected: Received[][] = taps.map(() => []);
            let inAnyOrder = false;
            switch (each.do) {
              case 'subscribe': {
                if (!naive.isConnected(each.of)) break;
                const isV5 = kinds[each.of]!.protocolVersion === V5;
                const subscription = {
                  topicFilter: each.topicFilter,
                  qos: each.qos,
                  noLocal: isV5 && each.noLocal,
                  retainAsPublished: isV5 && each.retainAsPublished,
                  retainHandling: isV5 ? each.retainHandling : 0,
                };
                const identifier = isV5 ? each.identifier : 0;
                expected[each.of] = naive.subscribe(each.of, subscription, identifier);
                inAnyOrder = true;
                taps[each.of]!.client.subscribe([subscription], 0, identifier === 0 ? undefined : identifier);
                break;
              }
              case 'unsubscribe':
                if (!naive.isConnected(each.of)) break;
                naive.unsubscribe(each.of, each.topicFilter);
                taps[each.of]!.client.unsubscribe(each.topicFilter);
                break;
              case 'publish': {
                if (!naive.isConnected(each.of)) break;
                const isV5 = kinds[each.of]!.protocolVersion === V5;
                const message = {
                  topicName: each.topicName,
                  payload: each.isEmpty ? '' : String(i),
                  qos: each.qos,
                  retain: each.retain,
                  expiry: isV5 ? each.expiry : undefined,
                  contentType: isV5 ? each.contentType : undefined,
                };
                naive.publish(each.of, message).forEach((received, to) => {
                  expected[to] = received;
                });
                taps[each.of]!.publish(message);
                break;
              }
              case 'come or go':
                if (naive.isConnected(each.of)) {
                  naive.disconnect(each.of);
                  taps[each.of]!.client.drop();
                } else {
                  expected[each.of] = naive.connect(each.of);
                  taps[each.of]!.connect(connects[each.of]!);
                }
                break;
              case 'wait':
                naive.now += each.seconds;
                world.advance(each.seconds * 1000);
                break;
            }
            taps.forEach((tap, to) => {
              const got = tap.take();
              expect(inAnyOrder ? sorted(got) : got).toEqual(
                inAnyOrder ? sorted(expected[to]!) : expected[to],
              );
            });
          });
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** A client that acknowledges everything and knows its aliases. */
class Tap {
  client: TestClient;
  readonly #world: World;
  #aliases: string[] = [];

  constructor(world: World, connect: Partial<ConnectPacket>) {
    this.#world = world;
    this.client = world.connect(connect);
  }

  connect(connect: Partial<ConnectPacket>): void {
    this.#aliases = [];
    this.client = this.#world.connect(connect);
  }

  publish({
    topicName: name,
    payload,
    qos: level,
    retain,
    expiry,
    contentType,
  }: Omit<Received, 'identifiers'>): void {
    const packetId = this.client.publish(name, payload, {
      qos: level,
      retain,
      properties: {
        ...(expiry === undefined ? undefined : { messageExpiryInterval: expiry }),
        ...(contentType === undefined ? undefined : { contentType }),
      },
    });
    if (level === 1) this.client.takeOne('puback');
    if (level === 2) {
      this.client.takeOne('pubrec');
      this.client.send(acknowledgement('pubrel', packetId));
      this.client.takeOne('pubcomp');
    }
  }

  take(): Received[] {
    const packets = this.client.takeAndAcknowledge().map((packet) => {
      const alias = packet.properties.topicAlias;
      if (alias === undefined) return packet;
      if (packet.topicName !== '') this.#aliases[alias] = packet.topicName;
      return { ...packet, topicName: this.#aliases[alias] ?? `alias ${alias}, which was never told` };
    });
    expect(this.client.take()).toEqual([]);
    return packets.map(asReceived);
  }
}

function sorted(received: readonly Received[]): Received[] {
  return [...received].sort((a, b) => (a.topicName < b.topicName ? -1 : a.topicName > b.topicName ? 1 : 0));
}
