import { describe, expect, test } from 'vitest';
import { CrashHistory } from './crash-history.ts';
import type { Told } from './model-server.ts';

const HISTORIES = 300;
/** Histories of one test: a failing one names its seed. */
const PER_TEST = 50;

/** Messages that stand twice. */
function repeated(messages: readonly Told[]): Told[] {
  return messages.filter((message, i) => messages.indexOf(message) !== i);
}

/** The numbers of the messages of each QoS and topic, in the order in which they came first. */
function firsts(messages: readonly Told[]): Map<string, number[]> {
  const numbers = new Map<string, number[]>();
  for (const message of new Set(messages)) {
    const [qos, topicName, number] = message.split('/');
    const key = `${qos}/${topicName}`;
    numbers.set(key, [...(numbers.get(key) ?? []), Number(number)]);
  }
  return numbers;
}

function expectInOrder(messages: readonly Told[]): void {
  for (const [key, numbers] of firsts(messages)) {
    expect([key, ...numbers]).toEqual([key, ...numbers.toSorted((a, b) => a - b)]);
  }
}

const isQos2 = (message: Told): boolean => message.startsWith('2');

async function check(seed: number): Promise<{ crashes: number; cuts: number; stored: number }> {
  const history = new CrashHistory(seed);
  await history.run();
  const { server, stored, acknowledged, published, sent, received } = history;
  // To the server: what was stored or acknowledged has arrived, QoS 2 once, in order.
  expect([...stored, ...acknowledged].filter((message) => !server.taken.includes(message))).toEqual([]);
  expect(repeated(server.taken.filter(isQos2))).toEqual([]);
  expect(server.taken.filter((message) => !published.includes(message))).toEqual([]);
  expect([...history.failed, ...history.errors, ...history.unknown]).toEqual([]);
  expectInOrder(server.taken);
  // From the server: everything has been received, QoS 2 once in each process, and never again when it had been answered.
  const got = received.map((each) => each.told);
  expect(sent.filter((message) => !got.includes(message))).toEqual([]);
  expect(received.filter(({ told, wasAnswered }) => isQos2(told) && wasAnswered)).toEqual([]);
  expect(
    repeated(received.filter(({ told }) => isQos2(told)).map((each) => `${each.told} ${each.process}`)),
  ).toEqual([]);
  expectInOrder(got);
  return { crashes: history.crashes, cuts: history.cuts, stored: stored.size };
}

describe('Whatever crashes and whatever is cut', () => {
  test.each(Array.from({ length: HISTORIES / PER_TEST }, (_, i) => i * PER_TEST))(
    'nothing that was stored is lost, QoS 2 arrives once, and the order is kept: from seed %i',
    async (first) => {
      const sum = { crashes: 0, cuts: 0, stored: 0 };
      for (let seed = first; seed < first + PER_TEST; seed++) {
        const { crashes, cuts, stored } = await check(seed).catch((cause: unknown) => {
          throw new Error(`seed ${seed}: ${(cause as Error).message}`, { cause });
        });
        sum.crashes += crashes;
        sum.cuts += cuts;
        sum.stored += stored;
      }
      // The histories are what they claim to be.
      expect(sum.crashes).toBeGreaterThan(PER_TEST);
      expect(sum.cuts).toBeGreaterThan(PER_TEST);
      expect(sum.stored).toBeGreaterThan(PER_TEST);
    },
  );

  test('nothing that was stored is lost when the server loses its session, and the order is kept', async () => {
    let losses = 0;
    let unknown = 0;
    for (let seed = 1000; seed < 1000 + 2 * PER_TEST; seed++) {
      const history = new CrashHistory(seed, true);
      await history.run();
      losses += history.losses;
      const { server, stored, acknowledged } = history;
      const missing = [...stored, ...acknowledged].filter((message) => !server.taken.includes(message));
      expect([seed, ...missing]).toEqual([seed]);
      expect([...history.failed, ...history.errors]).toEqual([]);
      // The server had each of these, and no other may end so.
      const ends = [...history.unknown];
      unknown += ends.length;
      expect(ends.filter((each) => !isQos2(each) || !server.taken.includes(each))).toEqual([]);
      expect(ends.filter((each) => history.acknowledged.has(each))).toEqual([]);
      expectInOrder(server.taken);
    }
    expect(losses).toBeGreaterThan(PER_TEST);
    expect(unknown).toBeGreaterThan(0);
  });
});
