// Publishers and the loop that drives them, in virtual time against a server that is a promise.

import { describe, expect, test } from 'vitest';
import type { BenchPlan } from '../../src/bench/bench-plan.ts';
import { DeliveryCredits } from '../../src/bench/delivery-credits.ts';
import { LatencyHistogram } from '../../src/bench/latency-histogram.ts';
import { LoadMeter, noCounts } from '../../src/bench/load-meter.ts';
import { LoadPublisher } from '../../src/bench/load-publisher.ts';
import { intendedUsOf, sequenceOf } from '../../src/bench/message-header.ts';
import { SendLoop } from '../../src/bench/send-loop.ts';
import { samplePlan } from './sample-plan.ts';

/** A thread with one publisher whose time the test moves. */
class VirtualThread {
  nowUs = 0;
  readonly payloads: Uint8Array[] = [];
  readonly totals = noCounts();
  readonly answers = new LatencyHistogram();
  readonly failures: unknown[] = [];
  readonly meter: LoadMeter;
  readonly publisher: LoadPublisher;
  readonly #unanswered: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  isFull = false;

  constructor(plan: BenchPlan, credits: DeliveryCredits | null = null) {
    this.meter = new LoadMeter(
      (tick) => {
        for (const name of Object.keys(this.totals) as (keyof typeof this.totals)[]) {
          this.totals[name] += tick[name];
        }
        if (tick.answerUs !== null) this.answers.add(tick.answerUs);
      },
      () => ({ busyUs: 0, passedUs: 0 }),
    );
    const client = {
      publish: (_topicName: string, payload: Uint8Array) => {
        if (this.isFull) throw new Error('no more');
        this.payloads.push(payload);
        const answer = new Promise<void>((resolve, reject) => this.#unanswered.push({ resolve, reject }));
        return { sent: answer, acknowledged: answer };
      },
    };
    this.publisher = new LoadPublisher(0, client, plan, {
      meter: this.meter,
      credits,
      nowUs: () => this.nowUs,
      onAnswered: () => {},
      onFailed: (error) => this.failures.push(error),
    });
  }

  /** The server answers so many of the oldest, and everybody hears of it. */
  async answer(count = this.#unanswered.length): Promise<void> {
    for (const { resolve } of this.#unanswered.splice(0, count)) resolve();
    await turn();
  }

  async refuse(count: number): Promise<void> {
    for (const { reject } of this.#unanswered.splice(0, count)) reject(new Error('not authorized'));
    await turn();
  }

  sendAt(nowUs: number): number {
    this.nowUs = nowUs;
    return this.publisher.send(nowUs);
  }

  finish(): void {
    this.meter.flush(this.nowUs);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('A publisher of an open loop', () => {
  test('sends what is due, stamped with the time at which it was to be sent', () => {
    const thread = new VirtualThread(samplePlan({ rate: 1000, durationMs: 1000 }));
    expect(thread.sendAt(-50)).toBe(0);
    expect(thread.sendAt(0)).toBe(1);
    expect(thread.sendAt(900)).toBe(0);
    expect(thread.sendAt(3500)).toBe(3);
    expect(thread.payloads.map(sequenceOf)).toEqual([0, 1, 2, 3]);
    expect(thread.payloads.map(intendedUsOf)).toEqual([0, 1000, 2000, 3000]);
    expect(thread.publisher.nextDueUs).toBe(4000);
  });

  test('charges a server that stops for a second with every message that was to be sent meanwhile', async () => {
    const thread = new VirtualThread(samplePlan({ rate: 100, durationMs: 2000, qos: 1 }));
    // It answers at once but between 0.5 s and 1.5 s, in which nothing can even be sent.
    for (let ms = 0; ms < 2000; ms += 10) {
      if (ms >= 500 && ms < 1500) continue;
      thread.sendAt(ms * 1000);
      await thread.answer();
    }
    thread.finish();
    expect(thread.answers.count).toBe(200);
    // 100 of 200 messages waited: half of them more than half a second. A closed loop would have seen one.
    expect(thread.answers.percentileUs(50)).toBeLessThan(20_000);
    expect(thread.answers.percentileUs(75)).toBeGreaterThan(480_000);
    expect(thread.answers.maximumUs).toBe(1_000_000);
    expect(thread.totals.late).toBe(100);
  });

  test('holds back what the server does not answer, and knows that from being late itself', async () => {
    const plan = samplePlan({ rate: 10_000, durationMs: 5000, payloadBytes: 1_048_576 });
    const thread = new VirtualThread(plan);
    thread.sendAt(1_000_000);
    // 32 MiB of payload may wait to be answered.
    expect(thread.publisher.sent).toBe(31);
    expect(thread.publisher.nextDueUs).toBe(Number.POSITIVE_INFINITY);
    expect(thread.publisher.behind(1_000_000)).toBe(10_001 - 31);
    await thread.answer();
    thread.sendAt(1_500_000);
    thread.finish();
    expect(thread.totals).toMatchObject({ sent: 62, heldBack: 31 });
  });

  test('ends at the end of its time, and not with what was due later', () => {
    const thread = new VirtualThread(samplePlan({ rate: 100, durationMs: 500, warmUpMs: 500 }));
    thread.sendAt(2_000_000);
    expect(thread.publisher.sent).toBe(100);
    expect(thread.publisher.isOver).toBe(true);
    expect(thread.publisher.behind(2_000_000)).toBe(0);
  });
});

describe('A publisher of a closed loop', () => {
  test('has so many under way, and sends the next when one was answered', async () => {
    const thread = new VirtualThread(samplePlan({ inFlight: 3 }));
    expect(thread.sendAt(10)).toBe(3);
    expect(thread.sendAt(20)).toBe(0);
    await thread.answer(2);
    expect(thread.sendAt(30)).toBe(2);
    expect(thread.payloads.map(intendedUsOf)).toEqual([10, 10, 10, 30, 30]);
  });

  test('waits for all copies to be delivered where it knows of them, and not for ever', async () => {
    const plan = samplePlan({ scenario: 'fan-out', subscribers: 2, inFlight: 2, qos: 0, subscribeQos: 0 });
    const credits = new DeliveryCredits(DeliveryCredits.memoryFor(1));
    const thread = new VirtualThread(plan, credits);
    expect(thread.sendAt(0)).toBe(2);
    await thread.answer();
    expect(thread.sendAt(10)).toBe(0);
    credits.add(0);
    credits.add(0);
    expect(thread.sendAt(20)).toBe(1);
    await thread.answer();
    for (let tick = 0; tick < 8; tick++) {
      expect(thread.sendAt(30)).toBe(0);
      thread.publisher.onTick();
    }
    // The first look notes what has come; for eight more nothing came.
    expect(thread.sendAt(40)).toBe(0);
    thread.publisher.onTick();
    expect(thread.sendAt(50)).toBe(2);
    thread.finish();
    expect(thread.totals.stalls).toBe(1);
  });

  test('waits for nobody any more when a receiver is gone', async () => {
    const plan = samplePlan({ inFlight: 2 });
    const credits = new DeliveryCredits(DeliveryCredits.memoryFor(1));
    const thread = new VirtualThread(plan, credits);
    thread.sendAt(0);
    await thread.answer();
    expect(thread.sendAt(10)).toBe(0);
    credits.giveUp();
    expect(thread.sendAt(20)).toBe(2);
    thread.finish();
    expect(thread.totals.stalls).toBe(0);
  });

  test('is over when it has sent as many as it was told to', () => {
    const thread = new VirtualThread(samplePlan({ inFlight: 10, count: 4 }));
    expect(thread.sendAt(0)).toBe(4);
    expect(thread.publisher.isOver).toBe(true);
  });
});

describe('What a publisher reports', () => {
  test('names the messages that were refused, and those that were never answered', async () => {
    const thread = new VirtualThread(samplePlan({ inFlight: 5 }));
    thread.sendAt(0);
    await thread.answer(2);
    await thread.refuse(1);
    expect(thread.failures).toHaveLength(1);
    thread.publisher.close();
    await thread.refuse(2);
    thread.finish();
    expect(thread.publisher.report()).toEqual({
      index: 0,
      sent: 5,
      unpromised: [{ first: 2, last: 4 }],
      unpromisedUnknown: 0,
    });
    // What the end of the run left unanswered is no failure of its own.
    expect(thread.failures).toHaveLength(1);
    expect(thread.totals).toMatchObject({ answered: 2, failed: 1 });
  });

  test('ends it when the client takes no more', () => {
    const thread = new VirtualThread(samplePlan({ inFlight: 5 }));
    thread.isFull = true;
    expect(thread.sendAt(0)).toBe(0);
    expect(thread.publisher.isOver).toBe(true);
    expect(thread.failures).toEqual([new Error('no more')]);
  });
});

describe('The loop that lets publishers send', () => {
  /** Runs it in virtual time; returns when it slept, and for how long. */
  function runLoop(
    thread: VirtualThread,
    isOpen: boolean,
  ): { slept: number[]; turns: number; idleUs: number } {
    const slept: number[] = [];
    let turns = 0;
    let next: (() => void) | null = null;
    let isOver = false;
    const loop = new SendLoop(
      [thread.publisher],
      {
        nowUs: () => thread.nowUs,
        immediately: (callback) => {
          turns++;
          next = () => {
            thread.nowUs += 100;
            callback();
          };
        },
        after: (delayMs, callback) => {
          slept.push(delayMs);
          next = () => {
            thread.nowUs += delayMs * 1000;
            callback();
          };
          return () => {};
        },
      },
      isOpen,
      false,
      () => {
        isOver = true;
      },
    );
    loop.begin();
    for (let step = 0; step < 10_000 && !isOver; step++) next!();
    expect(isOver).toBe(true);
    return { slept, turns, idleUs: loop.takeIdleUs() };
  }

  test('sleeps until shortly before a message is due, then turns until it is, and counts that as idle', () => {
    const thread = new VirtualThread(samplePlan({ rate: 100, durationMs: 100 }));
    const { slept, idleUs } = runLoop(thread, true);
    thread.finish();
    expect(thread.publisher.sent).toBe(10);
    expect(thread.totals.late).toBe(0);
    expect(slept.every((ms) => ms >= 1 && ms < 10)).toBe(true);
    expect(slept.length).toBeGreaterThanOrEqual(9);
    expect(idleUs).toBeGreaterThan(5000);
    expect(idleUs).toBeLessThan(100_000);
  });

  test('ends when all are over, also where nothing is answered any more', () => {
    const thread = new VirtualThread(samplePlan({ inFlight: 1, durationMs: 300 }));
    const { slept } = runLoop(thread, false);
    expect(thread.publisher.sent).toBe(1);
    expect(slept.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThanOrEqual(300);
  });
});
