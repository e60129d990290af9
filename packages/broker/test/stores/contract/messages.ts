import { describe, expect, test } from 'vitest';
import type { MessageQueue } from '../../../src/core/ports/store.ts';
import { Delivery } from '../../../src/core/publish/delivery.ts';
import type { Message } from '../../../src/core/publish/message.ts';
import type { StoreRig } from './store-rig.ts';
import { equalBytes, numbered, owner, pattern, share, shiftFrom, subscription, waits } from './store-rig.ts';

/** Messages for many, and the extremes of times and sizes. */
export function describeMessages(rig: StoreRig): void {
  describe('a message for many', () => {
    test('is kept once, and its space is free after the last of them', async () => {
      const message = rig.core.message({ payload: new Uint8Array(1000) });
      const deliveries = Array.from({ length: 100 }, (_, i): [MessageQueue, Delivery] => {
        const each = new Delivery(message, 1, false);
        const queue = rig.put(`c${i}`);
        queue.push(each);
        return [queue, each];
      });
      rig.core.store.putRetained('a/b', message, Number.POSITIVE_INFINITY);
      await rig.commit();
      expect([rig.core.store.messageCount, rig.core.store.messageBytes]).toEqual([1, message.payload.length]);
      for (const [queue] of deliveries) queue.shift();
      for (const [queue, each] of deliveries.slice(1)) queue.done(each);
      rig.core.store.deleteRetained('a/b');
      await rig.commit();
      expect(rig.core.store.messageCount).toBe(1);
      deliveries[0]![0].done(deliveries[0]![1]);
      await rig.commit();
      expect([rig.core.store.messageCount, rig.core.store.messageBytes]).toEqual([0, 0]);
    });

    test('is one message for all of them after a restart, and is freed like it', async () => {
      const message = rig.core.message({ topicName: 'r', payload: 'x' });
      for (const clientId of ['c', 'd']) rig.put(clientId).push(new Delivery(message, 1, false));
      rig.core.store.putRetained('r', message, Number.POSITIVE_INFINITY);
      await rig.commitAndRestart();
      expect([rig.core.store.messageCount, rig.core.store.messageBytes]).toEqual([1, message.payload.length]);
      const [c, d] = ['c', 'd'].map((clientId) => rig.core.sessionQueue(clientId));
      const [forC, forD] = [shiftFrom(c!), shiftFrom(d!)];
      expect(forC.message).toBe(forD.message);
      c!.done(forC);
      d!.done(forD);
      await rig.commit();
      expect(rig.core.store.messageCount).toBe(1);
      rig.core.store.deleteRetained('r');
      await rig.commit();
      expect(rig.core.store.messageCount).toBe(0);
    });

    test('that was retained is kept once when it is queued after a restart', async () => {
      rig.core.store.putRetained(
        'r',
        rig.core.message({ topicName: 'r', payload: 'x' }),
        Number.POSITIVE_INFINITY,
      );
      await rig.commitAndRestart();
      const retained = rig.core.retained.get('r')?.message as Message;
      rig.put('new').push(new Delivery(retained, 1, true));
      await rig.commit();
      expect(rig.core.store.messageCount).toBe(1);
      rig.core.store.deleteRetained('r');
      await rig.commitAndRestart();
      expect(rig.core.store.messageCount).toBe(1);
      expect(rig.core.drain(owner('new'))).toEqual([waits('x')]);
    });

    test('is freed with the sessions, queues and retained messages that held it', async () => {
      const queue = rig.put('c');
      queue.push(rig.delivery('1'));
      queue.sent(numbered(rig.delivery('2'), 1));
      rig.core.queue(share('g', 'f')).push(rig.delivery('3'));
      rig.core.store.putRetained('r', rig.core.message({ topicName: 'r', payload: '4' }), 1);
      await rig.commit();
      expect(rig.core.store.messageCount).toBe(4);
      rig.core.store.putRetained('r', rig.core.message({ topicName: 'r', payload: '5' }), 1);
      await rig.commit();
      expect(rig.core.store.messageCount).toBe(4);
      rig.core.store.deleteSession('c');
      rig.core.store.deleteQueue(share('g', 'f'));
      rig.core.store.deleteRetained('r');
      await rig.commit();
      expect([rig.core.store.messageCount, rig.core.store.messageBytes]).toEqual([0, 0]);
    });

    test('is counted once when it is retained again', async () => {
      const message = rig.core.message({ topicName: 'r' });
      rig.core.store.putRetained('r', message, 1);
      rig.core.store.putRetained('r', message, 2);
      await rig.commit();
      expect(rig.core.store.messageCount).toBe(1);
      rig.core.store.deleteRetained('r');
      await rig.commit();
      expect(rig.core.store.messageCount).toBe(0);
    });
  });

  describe('times and sizes', () => {
    test('expiry is a time on the wall clock, whatever the clocks of the next process say', async () => {
      const expiresAtMs = 12_345;
      const expiresAtWallMs = expiresAtMs + rig.core.wallAheadMs;
      rig.put('c').push(rig.delivery('waits', { expiresAtMs }));
      rig.core
        .sessionQueue('c')
        .sent(numbered(rig.delivery('in flight', { expiresAtMs: expiresAtMs + 1 }), 1));
      rig.core.store.putRetained('r', rig.core.message({ topicName: 'r', expiresAtMs }), expiresAtWallMs);
      await rig.commitAndRestart();
      await rig.commitAndRestart();
      const queue = rig.core.sessionQueue('c');
      expect(rig.core.expiresAtWallMs(shiftFrom(queue).message)).toBe(expiresAtWallMs);
      expect(queue.takeInFlight().map((each) => rig.core.expiresAtWallMs(each.message))).toEqual([
        expiresAtWallMs + 1,
      ]);
      expect(rig.core.retained.get('r')?.expiresAtWallMs).toBe(expiresAtWallMs);
    });

    test('expiry is noted anew when the wall clock has jumped, waiting, shifted, in flight or of a group', async () => {
      const group = share('g', 'a/b');
      rig.put('c').push(rig.delivery('shifted', { expiresAtMs: 1000 }));
      rig.core.sessionQueue('c').push(rig.delivery('waits', { expiresAtMs: 2000 }));
      shiftFrom(rig.core.sessionQueue('c'));
      rig.core.sessionQueue('c').sent(numbered(rig.delivery('in flight', { expiresAtMs: 3000 }), 1));
      rig.core.queue(group).push(rig.delivery('of a group', { expiresAtMs: 4000 }, group));
      rig.core.queue(group).push(rig.delivery('for ever', {}, group));
      await rig.commit();
      rig.core.sessionQueue('c').push(rig.delivery('not kept yet', { expiresAtMs: 5000 }));
      rig.core.wallAheadMs += 1_700_000_000_000;
      const { wallAheadMs } = rig.core;
      rig.core.store.restamp();
      rig.core.store.restamp(); // it was not told whether the first one came through
      rig.core.sessionQueue('c').push(rig.delivery('since', { expiresAtMs: 6000 }));
      const again = await rig.commitAndRestart();
      const expiryOf = ({ message }: Delivery): number => again.expiresAtWallMs(message) - wallAheadMs;
      const queue = again.sessionQueue('c');
      expect([queue, queue, queue, queue].map((each) => expiryOf(shiftFrom(each)))).toEqual([
        1000, 2000, 5000, 6000,
      ]);
      expect(queue.takeInFlight().map(expiryOf)).toEqual([3000]);
      expect([again.queue(group), again.queue(group)].map((each) => expiryOf(shiftFrom(each)))).toEqual([
        4000,
        Number.POSITIVE_INFINITY,
      ]);
    });

    test('what never expires does not after a restart either', async () => {
      rig.put('c').push(rig.delivery('waits'));
      rig.core.store.putRetained('r', rig.core.message({ topicName: 'r' }), Number.POSITIVE_INFINITY);
      await rig.commitAndRestart();
      expect(shiftFrom(rig.core.sessionQueue('c')).message.expiresAtMs).toBe(Number.POSITIVE_INFINITY);
      expect(rig.core.retained.get('r')?.expiresAtWallMs).toBe(Number.POSITIVE_INFINITY);
      expect(rig.core.retained.get('r')?.message.expiresAtMs).toBe(Number.POSITIVE_INFINITY);
    });

    test('payloads from nothing to megabytes come back byte for byte', async () => {
      const sizes = [0, 1, 4095, 4096, 65_536, 5_000_000];
      const queue = rig.put('c');
      for (const size of sizes) queue.push(rig.delivery('', { payload: pattern(size) }));
      rig.core.store.putRetained('r', rig.core.message({ topicName: 'r', payload: pattern(3_000_000) }), 1);
      await rig.commitAndRestart();
      for (const size of sizes) {
        expect(equalBytes(shiftFrom(rig.core.sessionQueue('c')).message.payload, pattern(size))).toBe(true);
      }
      expect(equalBytes(rig.core.retained.get('r')?.message.payload, pattern(3_000_000))).toBe(true);
    });

    test('names may be as long as MQTT lets them be', async () => {
      const clientId = 'ü'.repeat(32_767);
      const topicName = '/'.repeat(60_000) + 'x'.repeat(5_535);
      const queue = rig.put(clientId);
      rig.core.store.putSubscription(clientId, subscription(topicName));
      rig.core.store.putSubscription(clientId, subscription(`${topicName.slice(0, -1)}y`));
      queue.push(rig.delivery('waits', { topicName }));
      rig.core.store.putRetained(topicName, rig.core.message({ topicName }), 1);
      await rig.commitAndRestart();
      expect([...rig.core.sessions.keys()]).toEqual([clientId]);
      expect(rig.core.subscriptions.length).toBe(2);
      expect(shiftFrom(rig.core.sessionQueue(clientId)).message.topic.name).toBe(topicName);
      expect([...rig.core.retained.keys()]).toEqual([topicName]);
      rig.core.store.deleteSession(clientId);
      rig.core.store.deleteRetained(topicName);
      expect((await rig.commitAndRestart()).shown).toEqual([]);
    });
  });
}
