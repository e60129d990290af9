import { describe, expect, test } from 'vitest';
import { Durability } from '../../../src/core/ports/durability.ts';
import { Delivery } from '../../../src/core/publish/delivery.ts';
import type { StoreRig } from './store-rig.ts';
import { owner } from './store-rig.ts';

/** A queue that holds one message of each topic: what is added by `pushLatest`. */
export function describeLatest(rig: StoreRig): void {
  const delivery = (topicName: string, text: string, durability: Durability = Durability.Disk): Delivery =>
    new Delivery(rig.core.message({ topicName, payload: text, qos: 1, durability }), 1, false);
  const textOf = (given: Delivery | undefined): string => new TextDecoder().decode(given?.message.payload);

  describe('a queue of the latest', () => {
    test('holds the newest message of a topic in the place of the one that waited', () => {
      const queue = rig.put('c');
      const first = delivery('a', '1');
      expect(queue.pushLatest(first)).toBeUndefined();
      expect(queue.pushLatest(delivery('b', '2'))).toBeUndefined();
      expect(queue.holdsLatest('a')).toBe(true);
      expect(queue.holdsLatest('c')).toBe(false);
      const superseded = queue.pushLatest(delivery('a', '333'));
      expect(superseded === first || superseded === 'a').toBe(true);
      expect(queue.length).toBe(2);
      expect([textOf(queue.shift()), textOf(queue.shift()), queue.shift()]).toEqual(['333', '2', undefined]);
      expect([queue.length, queue.bytes]).toEqual([0, 0]);
    });

    test('says at rest and awake what it gave up, and counts its bytes anew', async () => {
      const queue = rig.put('c');
      queue.pushLatest(delivery('a', '1'));
      await rig.commit();
      queue.rest();
      const larger = delivery('a', '22222');
      const superseded = queue.pushLatest(larger);
      expect(superseded === 'a' || (superseded as Delivery).message.topic.name === 'a').toBe(true);
      expect([queue.length, queue.bytes]).toEqual([1, larger.message.bytes]);
      expect(textOf(queue.shift())).toBe('22222');
    });

    test('leaves alone what was shifted, put back, or added otherwise', () => {
      const queue = rig.put('c');
      queue.push(delivery('a', 'other'));
      queue.pushLatest(delivery('a', '1'));
      expect(textOf(queue.shift())).toBe('other');
      const shifted = queue.shift()!;
      expect(queue.holdsLatest('a')).toBe(false);
      queue.pushLatest(delivery('a', '2'));
      queue.unshift(shifted);
      queue.pushLatest(delivery('a', '3'));
      expect([textOf(queue.shift()), textOf(queue.shift())]).toEqual(['1', '3']);
      expect(queue.length).toBe(0);
    });

    test('does not remember what was dropped as the oldest', async () => {
      const queue = rig.put('c');
      queue.pushLatest(delivery('a', '1'));
      queue.pushLatest(delivery('b', '2'));
      await rig.commit();
      queue.rest();
      queue.dropOldest();
      expect([queue.holdsLatest('a'), queue.holdsLatest('b')]).toEqual([false, true]);
      expect(queue.pushLatest(delivery('a', '3'))).toBeUndefined();
      expect(queue.length).toBe(2);
    });

    test('has after a restart one message of each topic, and only those', async () => {
      const queue = rig.put('c');
      for (let i = 0; i < 100; i++) queue.pushLatest(delivery(`t${i % 3}`, `${i}`));
      await rig.commit();
      for (let i = 100; i < 110; i++) queue.pushLatest(delivery(`t${i % 3}`, `${i}`));
      await rig.commitAndRestart();
      const texts = rig.core.drain(owner('c')).map(({ text }) => text);
      expect(texts.sort()).toEqual(['107', '108', '109']);
    });

    test('supersedes messages that are never written, too', async () => {
      const queue = rig.put('c');
      queue.pushLatest(delivery('a', '1', Durability.Memory));
      queue.pushLatest(delivery('a', '2'));
      queue.pushLatest(delivery('a', '3', Durability.Memory));
      queue.pushLatest(delivery('b', '4'));
      expect(queue.length).toBe(2);
      const [first, second] = [queue.shift()!, queue.shift()!];
      expect([textOf(first), textOf(second)]).toEqual(['3', '4']);
      for (const each of [first, second]) queue.done(each);
      expect(rig.core.store.messageCount).toBe(0);
      await rig.commit();
    });

    test('keeps its order and its window while many are superseded in the middle', () => {
      const queue = rig.put('c');
      for (let i = 0; i < 200; i++) queue.pushLatest(delivery(`t${i}`, `old ${i}`));
      expect(textOf(queue.shift())).toBe('old 0');
      for (const i of [1, 30, 63, 64, 100, 199]) queue.pushLatest(delivery(`t${i}`, `new ${i}`));
      const texts: string[] = [];
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) texts.push(textOf(next));
      expect(texts).toEqual(
        Array.from({ length: 199 }, (_, i) => i + 1).map(
          (i) => `${[1, 30, 63, 64, 100, 199].includes(i) ? 'new' : 'old'} ${i}`,
        ),
      );
    });
  });
}
