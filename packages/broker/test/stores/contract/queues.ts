import { DeliveryState } from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import { Delivery } from '../../../src/core/publish/delivery.ts';
import { viewOf } from './loaded-store.ts';
import type { StoreRig } from './store-rig.ts';
import { numbered, owner, share, shiftFrom, topicOf, waits } from './store-rig.ts';

/** The queue of one session: what waits, and what is in flight. */
export function describeQueues(rig: StoreRig): void {
  describe('a queue', () => {
    test('gives back what was pushed, oldest first, and knows its length and bytes', async () => {
      const queue = rig.put('c');
      expect(rig.core.sessionQueue('c')).toBe(queue);
      expect([queue.length, queue.bytes, queue.peek(), queue.shift()]).toEqual([0, 0, undefined, undefined]);
      const pushed = ['1', '22', '333'].map((text) => rig.delivery(text));
      for (const each of pushed) queue.push(each);
      const bytes = pushed.reduce((sum, each) => sum + each.message.bytes, 0);
      expect([queue.length, queue.bytes]).toEqual([3, bytes]);
      expect(queue.peek()).toBe(pushed[0]);
      expect(queue.shift()).toBe(pushed[0]);
      expect([queue.length, queue.bytes]).toEqual([2, bytes - pushed[0]!.message.bytes]);
      expect([queue.shift(), queue.shift(), queue.shift()]).toEqual([pushed[1], pushed[2], undefined]);
      expect([queue.length, queue.bytes]).toEqual([0, 0]);
    });

    test('is in the same order after a restart, with its length and bytes', async () => {
      const queue = rig.put('c');
      for (const text of ['1', '22', '333']) queue.push(rig.delivery(text));
      const { length, bytes } = queue;
      await rig.commitAndRestart();
      const restored = rig.core.sessionQueue('c');
      expect([restored.length, restored.bytes]).toEqual([length, bytes]);
      restored.push(rig.delivery('4'));
      await rig.commitAndRestart();
      expect(rig.core.drain(owner('c'))).toEqual(['1', '22', '333', '4'].map(waits));
    });

    test('keeps everything that a delivery says', async () => {
      const message = rig.core.message({
        topicName: 'sensors/ü/1',
        payload: new Uint8Array([0, 1, 254, 255]),
        qos: 2,
        retain: true,
        properties: new Uint8Array([3, 0, 1, 0x78]),
      });
      const queue = rig.put('c');
      queue.push(new Delivery(message, 1, true, [1, 268_435_455]));
      queue.push(new Delivery(message, 2, false, [], share('g', 'sensors/#')));
      await rig.commitAndRestart();
      const [first, second] = [rig.core.sessionQueue('c').shift(), rig.core.sessionQueue('c').shift()];
      expect(first?.message.topic.name).toBe('sensors/ü/1');
      expect(first?.message.payload).toEqual(message.payload);
      expect([first?.message.qos, first?.message.retain]).toEqual([2, true]);
      expect(first?.message.properties).toEqual(message.properties);
      expect([first?.qos, first?.retain, first?.subscriptionIdentifiers, first?.share]).toEqual([
        1,
        true,
        [1, 268_435_455],
        null,
      ]);
      expect([second?.qos, second?.retain, second?.subscriptionIdentifiers]).toEqual([2, false, []]);
      expect(second?.share).toEqual(share('g', 'sensors/#'));
      expect(second?.message).toBe(first?.message);
    });

    test('still has what was shifted and not sent, as the oldest', async () => {
      const queue = rig.put('c');
      for (const text of ['1', '2', '3']) queue.push(rig.delivery(text));
      queue.shift();
      queue.shift();
      await rig.commitAndRestart();
      expect(rig.core.takeInFlight(owner('c'))).toEqual([]);
      expect(rig.core.sessionQueue('c').length).toBe(3);
      expect(rig.core.drain(owner('c'))).toEqual(['1', '2', '3'].map(waits));
    });

    test('takes back at its head what could not be given, without its packet identifier', async () => {
      const queue = rig.put('c');
      for (const text of ['1', '2', '3', '4']) queue.push(rig.delivery(text));
      const [first, second] = [shiftFrom(queue), shiftFrom(queue)];
      queue.sent(numbered(first, 9));
      queue.unshift(second);
      queue.unshift(first);
      expect([first.packetId, first.state]).toEqual([0, DeliveryState.Queued]);
      expect(queue.length).toBe(4);
      expect(queue.peek()).toBe(first);
      await rig.commitAndRestart();
      expect(rig.core.takeInFlight(owner('c'))).toEqual([]);
      expect(rig.core.drain(owner('c'))).toEqual(['1', '2', '3', '4'].map(waits));
    });

    test('keeps the place of what is still shifted when a later one is put back', async () => {
      const queue = rig.put('c');
      for (const text of ['1', '2', '3']) queue.push(rig.delivery(text));
      queue.shift();
      queue.unshift(shiftFrom(queue));
      expect(viewOf(shiftFrom(queue))).toEqual(waits('2'));
      await rig.commitAndRestart();
      expect(rig.core.drain(owner('c'))).toEqual(['1', '2', '3'].map(waits));
    });

    test('keeps the message of what it takes back once', async () => {
      const queue = rig.put('c');
      const each = numbered(rig.delivery('1'), 1);
      queue.sent(each);
      queue.unshift(each);
      await rig.commit();
      queue.done(shiftFrom(queue));
      await rig.commit();
      expect(rig.core.store.messageCount).toBe(0);
    });

    test('forgets what is done: shifted and dropped, or sent and acknowledged', async () => {
      const queue = rig.put('c');
      for (const text of ['1', '2', '3']) queue.push(rig.delivery(text));
      const dropped = shiftFrom(queue);
      queue.done(dropped);
      const acknowledged = numbered(shiftFrom(queue), 1);
      queue.sent(acknowledged);
      await rig.commit();
      queue.done(acknowledged);
      queue.done(acknowledged);
      queue.done(rig.delivery('never seen'));
      await rig.commitAndRestart();
      expect(rig.core.takeInFlight(owner('c'))).toEqual([]);
      expect(rig.core.drain(owner('c'))).toEqual([waits('3')]);
      expect(rig.core.store.messageCount).toBe(1);
    });

    test('gives up its oldest unread, and names the topic', async () => {
      const topicNames = ['a', 'sensors/ü/2', `long/${'x'.repeat(1000)}`, 'a', 'b'];
      let queue = rig.put('c');
      for (const topicName of topicNames) queue.push(rig.delivery('of a queue', { topicName }));
      expect(topicOf(queue.dropOldest())).toBe('a');
      expect(queue.length).toBe(4);
      await rig.commitAndRestart();
      queue = rig.core.sessionQueue('c');
      expect([topicOf(queue.dropOldest()), topicOf(queue.dropOldest())]).toEqual(topicNames.slice(1, 3));
      expect(queue.length).toBe(2);
      expect(shiftFrom(queue).message.topic.name).toBe('a');
      // What was shifted is somebody's.
      expect(topicOf(queue.dropOldest())).toBe('b');
      expect([queue.dropOldest(), queue.length, queue.bytes]).toEqual([undefined, 0, 0]);
      await rig.commitAndRestart();
      expect(rig.core.sessionQueue('c').length).toBe(1);
      expect(rig.core.store.messageCount).toBe(1);
    });

    test('is deep: 10,000 deliveries come back in order', async () => {
      const queue = rig.put('c');
      const texts = Array.from({ length: 10_000 }, (_, i) => `${i}`);
      for (const text of texts) queue.push(rig.delivery(text));
      await rig.commitAndRestart();
      expect(rig.core.sessionQueue('c').length).toBe(10_000);
      expect(rig.core.drain(owner('c')).map((view) => view.text)).toEqual(texts);
    });
  });

  describe('what is in flight', () => {
    test('comes back in order of sending with packet identifier and state', async () => {
      const queue = rig.put('c');
      const texts = ['1', '2', '3', '4'];
      for (const text of texts) queue.push(rig.delivery(text, { qos: 2 }));
      const [a, b, c] = [shiftFrom(queue), shiftFrom(queue), shiftFrom(queue)];
      queue.sent(numbered(b, 65_535, DeliveryState.AwaitingPubrec));
      queue.sent(numbered(a, 1, DeliveryState.AwaitingPubrec));
      queue.sent(numbered(c, 2, DeliveryState.AwaitingPubrec));
      await rig.commit();
      // A later state does not change the order.
      queue.sent(numbered(b, 65_535, DeliveryState.AwaitingPubcomp));
      await rig.commitAndRestart();
      const expected = [
        { text: '2', packetId: 65_535, state: DeliveryState.AwaitingPubcomp },
        { text: '1', packetId: 1, state: DeliveryState.AwaitingPubrec },
        { text: '3', packetId: 2, state: DeliveryState.AwaitingPubrec },
      ];
      expect(rig.core.sessionQueue('c').length).toBe(1);
      expect(rig.core.takeInFlight(owner('c'))).toEqual(expected);
      expect(rig.core.takeInFlight(owner('c'))).toEqual([]);
      expect(rig.core.drain(owner('c'))).toEqual([waits('4')]);
      // Taking them changes nothing in what is kept.
      await rig.commitAndRestart();
      expect(rig.core.takeInFlight(owner('c'))).toEqual(expected);
    });

    test('may be sent without having waited', async () => {
      const queue = rig.put('c');
      const direct = numbered(rig.delivery('direct'), 3);
      queue.sent(direct);
      expect([queue.length, queue.bytes]).toEqual([0, 0]);
      await rig.commitAndRestart();
      expect(rig.core.shown).toEqual(['session c', 'queue c']);
      const [restored] = rig.core.sessionQueue('c').takeInFlight();
      expect(restored && viewOf(restored)).toEqual({
        text: 'direct',
        packetId: 3,
        state: DeliveryState.AwaitingPuback,
      });
      if (restored !== undefined) rig.core.sessionQueue('c').done(restored);
      await rig.commitAndRestart();
      expect(rig.core.shown).toEqual(['session c']);
      expect(rig.core.store.messageCount).toBe(0);
    });
  });
}
