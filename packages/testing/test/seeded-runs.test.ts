// Whole runs that follow from a seed: many clients, many faults, and what must hold whatever happens.

import { connect } from '@martlet/client';
import { createTestBroker } from '@martlet/testing';
import { describe, expect, test } from 'vitest';

const PUBLISHERS = 3;
const MESSAGES = 20;

interface Run {
  /** What the subscriber's handler was given, in order. */
  readonly received: readonly string[];
  /** Everything that went over the connections, and when. */
  readonly history: readonly string[];
  readonly faults: number;
}

/** Publishers with a sequence each, one subscriber that keeps its session, and faults at random moments until the end. */
async function run(seed: number, qos: 1 | 2): Promise<Run> {
  await using broker = createTestBroker({ seed });
  const { random } = broker.environment();
  const received: string[] = [];
  const subscriber = connect({ ...broker.clientOptions(), clientId: 'subscriber', keepAlive: 20 });
  await subscriber.subscribe('t/#', { qos }, (message) => {
    received.push(message.text());
  });
  const publishers = Array.from({ length: PUBLISHERS }, (_, index) =>
    connect({
      ...broker.clientOptions(),
      clientId: `p${index}`,
      keepAlive: 20,
      sessionExpiryInterval: 86_400,
    }),
  );
  const published: PromiseLike<unknown>[] = [];
  let faults = 0;
  for (let number = 0; number < MESSAGES; number++) {
    for (const [index, publisher] of publishers.entries()) {
      published.push(publisher.publish(`t/${index}`, `${index}:${number}`, { qos }));
    }
    const dice = random();
    if (dice < 0.3) broker.faults.cutAfterBytes(Math.floor(random() * 200));
    else if (dice < 0.4) await broker.restart({ gracefully: random() < 0.5 });
    else if (dice < 0.5) broker.faults.delay(Math.floor(random() * 100));
    else if (dice < 0.6) broker.faults.refuseConnections(1);
    else if (dice < 0.7) broker.faults.slowReader({ bytesPerSecond: 500 });
    else if (dice < 0.8) broker.faults.stall({ direction: random() < 0.5 ? 'toBroker' : 'toClient' });
    if (dice < 0.8) faults++;
    await broker.advance(Math.floor(random() * 30_000));
    broker.faults.clear();
  }
  const wanted = PUBLISHERS * MESSAGES;
  await broker.waitFor(() => new Set(received).size === wanted, { withinMs: 3_600_000 });
  await Promise.all(published);
  const history = broker.packets.map(
    ({ atMs, direction, clientId, packet, state }) =>
      `${atMs} ${direction} ${clientId} ${packet.type} ${state}`,
  );
  for (const client of [subscriber, ...publishers]) await client.close();
  return { received, history, faults };
}

/** The first of each message, in order of coming, by publisher. */
function firsts(received: readonly string[], publisher: number): readonly string[] {
  return [...new Set(received)].filter((text) => text.startsWith(`${publisher}:`));
}

const inOrder = (publisher: number): readonly string[] =>
  Array.from({ length: MESSAGES }, (_, number) => `${publisher}:${number}`);

describe('Whatever goes wrong', () => {
  test.each(Array.from({ length: 12 }, (_, seed) => seed))(
    'at QoS 1 each message comes, in the order of its publisher: seed %d',
    async (seed) => {
      const { received, faults } = await run(seed, 1);
      expect(faults).toBeGreaterThan(5);
      for (let index = 0; index < PUBLISHERS; index++) {
        expect(firsts(received, index)).toEqual(inOrder(index));
      }
    },
  );

  test.each(Array.from({ length: 12 }, (_, seed) => seed + 100))(
    'at QoS 2 each message comes once, in the order of its publisher: seed %d',
    async (seed) => {
      const { received, faults } = await run(seed, 2);
      expect(faults).toBeGreaterThan(5);
      expect(received.length).toBe(PUBLISHERS * MESSAGES);
      for (let index = 0; index < PUBLISHERS; index++) {
        expect(firsts(received, index)).toEqual(inOrder(index));
      }
    },
  );
});

describe('A seed', () => {
  test('is the whole run: every packet at the same moment, with the same fate', async () => {
    const first = await run(42, 2);
    expect(await run(42, 2)).toEqual(first);
    expect((await run(43, 2)).history).not.toEqual(first.history);
  });
});
