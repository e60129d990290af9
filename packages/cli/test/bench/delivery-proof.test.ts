import { describe, expect, test } from 'vitest';
import type { PublisherReport, ReceiverReport } from '../../src/bench/delivery-proof.ts';
import { forbiddenIn, proveDelivery } from '../../src/bench/delivery-proof.ts';
import { ReceivedStream } from '../../src/bench/received-stream.ts';
import { SeenSequences } from '../../src/bench/seen-sequences.ts';
import { samplePlan } from './sample-plan.ts';

const NO_STRAYS = { foreign: 0, altered: 0 };

function sent(index: number, count: number, unpromised: PublisherReport['unpromised'] = []): PublisherReport {
  return { index, sent: count, unpromised, unpromisedUnknown: 0 };
}

function got(index: number, arrivals: Readonly<Record<number, readonly number[]>>): ReceiverReport {
  const streams = Object.entries(arrivals).map(([publisher, sequences]) => {
    const stream = new ReceivedStream(Number(publisher));
    for (const sequence of sequences) stream.receive(sequence);
    return stream.report();
  });
  return { index, isWhole: true, streams };
}

describe('The proof of delivery', () => {
  test('of a run in which all came in order has nothing to tell', () => {
    const plan = samplePlan();
    const proof = proveDelivery(plan, [sent(0, 3)], [got(0, { 0: [0, 1, 2] })], [], NO_STRAYS);
    expect(proof).toEqual({
      expected: 3,
      received: 3,
      lost: 0,
      duplicates: 0,
      reordered: 0,
      foreign: 0,
      altered: 0,
      receiversLeftOut: 0,
      examples: [],
    });
  });

  test('counts gaps, what never came after the last, what came twice and what came late', () => {
    const plan = samplePlan();
    const arrivals = [0, 1, 4, 3, 3, 6];
    const proof = proveDelivery(plan, [sent(0, 9)], [got(0, { 0: arrivals })], [], NO_STRAYS);
    expect(proof).toMatchObject({ expected: 9, received: 5, lost: 4, duplicates: 1, reordered: 1 });
    expect(proof.examples).toEqual(['publisher 0 → subscriber 0: 2, 5, 7–8']);
  });

  test('does not count as lost what nobody had promised', () => {
    const plan = samplePlan();
    const publisher = sent(0, 6, [{ first: 3, last: 5 }]);
    const proof = proveDelivery(plan, [publisher], [got(0, { 0: [0, 1, 4] })], [], NO_STRAYS);
    expect(proof).toMatchObject({ lost: 1, received: 3 });
  });

  test('expects every message at every receiver of a fan-out, also where nothing came', () => {
    const plan = samplePlan({ scenario: 'fan-out', publishers: 2, subscribers: 2 });
    const receivers = [got(0, { 0: [0, 1], 1: [0] }), got(1, { 0: [0, 1] })];
    const proof = proveDelivery(plan, [sent(0, 2), sent(1, 1)], receivers, [], NO_STRAYS);
    expect(proof).toMatchObject({ expected: 6, received: 5, lost: 1 });
    expect(proof.examples).toEqual(['publisher 1 → subscriber 1: 0']);
  });

  test('leaves out a receiver whose connection was lost, and says so', () => {
    const plan = samplePlan({ scenario: 'fan-out', subscribers: 3 });
    const cut = { ...got(1, { 0: [0] }), isWhole: false };
    const receivers = [got(0, { 0: [0, 1] }), cut];
    const proof = proveDelivery(plan, [sent(0, 2)], receivers, [], NO_STRAYS);
    expect(proof).toMatchObject({ expected: 2, lost: 0, receiversLeftOut: 2 });
  });

  test('takes the members of a group together', () => {
    const plan = samplePlan({ scenario: 'shared', publishers: 2, subscribers: 2 });
    const [one, other] = [new SeenSequences(0), new SeenSequences(0)];
    for (const sequence of [0, 2, 4]) one.receive(sequence);
    for (const sequence of [1, 4, 5]) other.receive(sequence);
    one.merge(other.bits, other.duplicates);
    const members = [got(0, {}), got(1, {})];
    const proof = proveDelivery(plan, [sent(0, 7), sent(1, 0)], members, [one], NO_STRAYS);
    expect(proof).toMatchObject({ expected: 7, received: 5, lost: 2, duplicates: 1 });
    expect(proof.examples).toEqual(['publisher 0: 3, 6']);
  });

  test('names a few examples only', () => {
    const plan = samplePlan({ scenario: 'fan-out', subscribers: 9 });
    const receivers = Array.from({ length: 9 }, (_, index) => got(index, {}));
    const proof = proveDelivery(plan, [sent(0, 1)], receivers, [], NO_STRAYS);
    expect(proof.lost).toBe(9);
    expect(proof.examples).toHaveLength(5);
  });

  test.each([
    [
      { qos: 0, subscribeQos: 2 },
      { lost: false, duplicates: false, reordered: true },
    ],
    [
      { qos: 1, subscribeQos: 1 },
      { lost: true, duplicates: false, reordered: true },
    ],
    [
      { qos: 2, subscribeQos: 2 },
      { lost: true, duplicates: true, reordered: true },
    ],
    [
      { qos: 2, subscribeQos: 0 },
      { lost: false, duplicates: false, reordered: true },
    ],
    [{ scenario: 'shared' }, { lost: true, duplicates: false, reordered: false }],
    [{ topicsEach: 3 }, { lost: true, duplicates: false, reordered: false }],
  ] as const)('knows what may not be with %j', (changes, forbidden) => {
    expect(forbiddenIn(samplePlan(changes))).toEqual(forbidden);
  });
});
