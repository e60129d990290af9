import { DeliveryState } from '@martlet/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Delivery } from '../../src/core/publish/delivery.ts';
import { Message } from '../../src/core/publish/message.ts';
import { MemoryQueue } from '../../src/core/session/memory-queue.ts';
import { TopicTable } from '../../src/core/topics/topic-table.ts';

const topic = new TopicTable().internName('a/b')!;

function delivery(payloadBytes = 0): Delivery {
  const none = new Uint8Array(0);
  const payload = new Uint8Array(payloadBytes);
  return new Delivery(new Message(topic, payload, 1, false, none, Number.POSITIVE_INFINITY), 1, false);
}

describe('MemoryQueue', () => {
  test('agrees with an array that holds the latest of each topic in the place of the one before', () => {
    const topics = new TopicTable();
    const named = (name: string, payload: number): Delivery => {
      const none = new Uint8Array(0);
      const message = new Message(topics.internName(name)!, new Uint8Array(payload), 1, false, none, 1e9);
      return new Delivery(message, 1, false);
    };
    const run = fc.tuple(
      fc.constantFrom('pushLatest', 'push', 'unshift', 'shift'),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 30 }),
    );
    fc.assert(
      fc.property(fc.array(run, { maxLength: 60 }), (runs) => {
        const queue = new MemoryQueue();
        const model: { delivery: Delivery; latest: boolean }[] = [];
        for (const [operation, times, names] of runs) {
          for (let i = 0; i < times; i++) {
            if (operation === 'shift') {
              expect(queue.shift()).toBe(model.shift()?.delivery);
              continue;
            }
            const name = `t${(i * 7) % names}`;
            const added = named(name, i);
            const at = model.findIndex((each) => each.latest && each.delivery.message.topic.name === name);
            if (operation === 'push') {
              queue.push(added);
              model.push({ delivery: added, latest: false });
            } else if (operation === 'unshift') {
              queue.unshift(added);
              model.unshift({ delivery: added, latest: false });
            } else if (at < 0) {
              expect(queue.holdsLatest(name)).toBe(false);
              expect(queue.pushLatest(added)).toBeUndefined();
              model.push({ delivery: added, latest: true });
            } else {
              expect(queue.holdsLatest(name)).toBe(true);
              expect(queue.pushLatest(added)).toBe(model[at]!.delivery);
              model[at] = { delivery: added, latest: true };
            }
          }
          expect(queue.length).toBe(model.length);
          expect(queue.bytes).toBe(model.reduce((sum, { delivery: each }) => sum + each.message.bytes, 0));
        }
        for (const { delivery: each } of model) expect(queue.shift()).toBe(each);
      }),
    );
  });

  test('agrees with an array, whatever is put in and taken out at either end', () => {
    // Runs of one operation, so that the ring grows, wraps and shrinks.
    const run = fc.tuple(fc.constantFrom('push', 'unshift', 'shift'), fc.integer({ min: 1, max: 40 }));
    fc.assert(
      fc.property(fc.array(run, { maxLength: 40 }), (runs) => {
        const queue = new MemoryQueue();
        const model: Delivery[] = [];
        for (const [operation, times] of runs) {
          for (let i = 0; i < times; i++) {
            if (operation === 'shift') {
              expect(queue.shift()).toBe(model.shift());
            } else {
              const added = delivery(i);
              queue[operation as 'push' | 'unshift'](added);
              model[operation as 'push' | 'unshift'](added);
            }
            expect(queue.length).toBe(model.length);
            expect(queue.peek()).toBe(model[0]);
          }
          expect(queue.bytes).toBe(model.reduce((sum, each) => sum + each.message.bytes, 0));
        }
        for (const each of model) expect(queue.shift()).toBe(each);
        expect([queue.shift(), queue.peek(), queue.length, queue.bytes]).toEqual([
          undefined,
          undefined,
          0,
          0,
        ]);
      }),
    );
  });

  test('takes no memory before the first delivery, and gives a burst’s back', () => {
    const queue = new MemoryQueue();
    expect(queue.slots).toBe(0);
    for (let i = 0; i < 1000; i++) queue.push(delivery());
    expect(queue.slots).toBe(1024);
    for (let i = 0; i < 900; i++) queue.shift();
    expect(queue.slots).toBe(256);
    for (let i = 0; i < 100; i++) queue.shift();
    expect(queue.slots).toBe(4);
  });

  test('does not resize at every step where it rests at the border', () => {
    const queue = new MemoryQueue();
    for (let i = 0; i < 15; i++) queue.push(delivery());
    const sizes = new Set<number>();
    for (let i = 0; i < 100; i++) {
      // From 15 to 18 and back.
      for (let pushed = 0; pushed < 3; pushed++) queue.push(delivery());
      for (let shifted = 0; shifted < 3; shifted++) queue.shift();
      sizes.add(queue.slots);
    }
    expect([...sizes]).toEqual([32]);
  });

  test('drops the packet identifier of what is put back', () => {
    const queue = new MemoryQueue();
    const sent = delivery();
    sent.packetId = 7;
    sent.state = DeliveryState.AwaitingPuback;
    queue.unshift(sent);
    expect([sent.packetId, sent.state]).toEqual([0, DeliveryState.Queued]);
  });

  test('has nothing to note of what is sent or over, and nothing in flight after a restart', () => {
    const queue = new MemoryQueue();
    const waiting = delivery();
    queue.push(waiting);
    queue.sent(delivery());
    queue.done(waiting);
    expect(queue.length).toBe(1);
    expect(queue.takeInFlight()).toEqual([]);
  });
});
