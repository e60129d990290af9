import { describe, expect, test } from 'vitest';
import type { BenchPlan } from '../../src/bench/bench-plan.ts';
import { DeliveryCredits } from '../../src/bench/delivery-credits.ts';
import type { LoadTick } from '../../src/bench/load-meter.ts';
import { LoadMeter } from '../../src/bench/load-meter.ts';
import { LoadReceiver } from '../../src/bench/load-receiver.ts';
import { blankPayload, writeHeader } from '../../src/bench/message-header.ts';
import { SeenSequences } from '../../src/bench/seen-sequences.ts';
import { samplePlan } from './sample-plan.ts';

class ReceivingThread {
  nowUs = 0;
  readonly ticks: LoadTick[] = [];
  readonly woken: number[] = [];
  readonly credits = new DeliveryCredits(DeliveryCredits.memoryFor(4));
  readonly groups = new Map<number, SeenSequences>();
  readonly meter = new LoadMeter(
    (tick) => this.ticks.push(tick),
    () => ({ busyUs: 0, passedUs: 0 }),
  );
  readonly receiver: LoadReceiver;

  constructor(plan: BenchPlan) {
    this.receiver = new LoadReceiver(1, plan, {
      meter: this.meter,
      credits: this.credits,
      nowUs: () => this.nowUs,
      onDelivered: (publisher) => this.woken.push(publisher),
      group:
        plan.scenario === 'shared'
          ? (publisher) => {
              const seen = this.groups.get(publisher) ?? new SeenSequences(publisher);
              this.groups.set(publisher, seen);
              return seen;
            }
          : null,
    });
  }

  take(publisher: number, sequence: number, runId = 1, bytes = 64): void {
    const payload = blankPayload(bytes);
    writeHeader(payload, runId, publisher, sequence, 500);
    this.receiver.receive({ payload });
  }

  counts(): LoadTick {
    this.meter.flush(this.nowUs);
    return this.ticks.at(-1)!;
  }
}

const fanIn = samplePlan({ scenario: 'fan-in', publishers: 3, subscribers: 2 });

describe('A receiver', () => {
  test('measures from the time at which a message was to be sent, and gives its publisher room', () => {
    const thread = new ReceivingThread(fanIn);
    thread.nowUs = 2500;
    thread.take(2, 0);
    expect(thread.counts()).toMatchObject({
      ...{ delivered: 1, deliveredBytes: 64, foreign: 0, altered: 0 },
      deliveryUs: { minimumUs: 2000, maximumUs: 2000 },
    });
    expect(thread.credits.of(2)).toBe(1);
    expect(thread.woken).toEqual([2]);
  });

  test('counts a message that came twice once, and gives no room for it', () => {
    const thread = new ReceivingThread(fanIn);
    for (const sequence of [0, 1, 1, 0]) thread.take(0, sequence);
    expect(thread.counts().delivered).toBe(2);
    expect(thread.credits.of(0)).toBe(2);
    expect(thread.receiver.report().streams).toMatchObject([{ publisher: 0, received: 2, duplicates: 2 }]);
  });

  test('knows messages of others, of another run, and of publishers that there are not', () => {
    const thread = new ReceivingThread(fanIn);
    thread.take(0, 0, 2);
    thread.take(3, 0);
    thread.receiver.receive({ payload: new Uint8Array(0) });
    thread.receiver.receive({ payload: new TextEncoder().encode('somebody else was here before us') });
    expect(thread.counts()).toMatchObject({ delivered: 0, foreign: 4 });
    expect(thread.receiver.report().streams).toEqual([]);
  });

  test('knows messages that were meant for another receiver', () => {
    const thread = new ReceivingThread(samplePlan({ publishers: 2, subscribers: 2 }));
    thread.take(0, 0);
    thread.take(1, 0);
    expect(thread.counts()).toMatchObject({ delivered: 1, foreign: 1 });
  });

  test('knows messages whose payload was cut', () => {
    const thread = new ReceivingThread(fanIn);
    thread.take(0, 0, 1, 63);
    expect(thread.counts()).toMatchObject({ delivered: 1, altered: 1 });
  });

  test('takes no notice of what clears a retained message', () => {
    const thread = new ReceivingThread({ ...fanIn, retain: true });
    thread.receiver.receive({ payload: new Uint8Array(0) });
    expect(thread.counts().foreign).toBe(0);
  });

  test('writes into what its group has in common', () => {
    const thread = new ReceivingThread(samplePlan({ scenario: 'shared', publishers: 2, subscribers: 2 }));
    for (const sequence of [0, 2, 2]) thread.take(1, sequence);
    expect(thread.receiver.report().streams).toEqual([]);
    expect(thread.groups.get(1)).toMatchObject({ received: 2, duplicates: 1 });
  });
});
