import { DeliveryState } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Delivery } from '../../src/core/delivery.ts';
import type { Message } from '../../src/core/message.ts';
import type {
  MessageQueue,
  SessionOwner,
  SessionRecord,
  ShareOwner,
  Store,
  StoreError,
  SubscriptionRecord,
} from '../../src/core/ports/store.ts';
import type { MessageOptions } from './loaded-store.ts';
import { LoadedStore, viewOf } from './loaded-store.ts';
import { describeStoreModel } from './store-model.ts';

/** One store that has not been loaded, and what a test may do to it beside what the core may. */
export interface StoreHarness {
  readonly store: Store;
  /** Lets the commit under way come to its end. */
  finishCommit(): Promise<void>;
  /** The next commit is to end with an error. */
  failNextCommit(): void;
  /** The process ends here, as by `kill -9`, and another one opens what was kept. */
  reopen(): Promise<StoreHarness>;
  close(): Promise<void>;
}

export interface StoreTraits {
  /** Equals the store's `keepsAtOnce`. */
  readonly keepsAtOnce: boolean;
  /** How many random histories are compared with the model; fewer where a commit takes long. */
  readonly histories: number;
}

/** What every implementation of the Store port does, whatever it keeps things in. */
export function describeStore(
  name: string,
  traits: StoreTraits,
  makeHarness: () => Promise<StoreHarness>,
): void {
  describe(name, () => {
    let harness: StoreHarness;
    let core: LoadedStore;

    beforeEach(async () => {
      harness = await makeHarness();
      core = new LoadedStore(harness.store);
    });
    afterEach(async () => {
      await harness.close();
    });

    /** Commits everything staged. */
    const commit = (): Promise<StoreError | null> => commitAll(harness);

    /** Another process, with other clocks, on what was kept. */
    const restart = async (): Promise<LoadedStore> => {
      harness = await harness.reopen();
      core = new LoadedStore(harness.store, core.wallAheadMs + 500_000);
      return core;
    };
    const commitAndRestart = async (): Promise<LoadedStore> => {
      expect(await commit()).toBe(null);
      return restart();
    };

    const delivery = (
      text: string,
      { qos = 1, ...options }: MessageOptions = {},
      share: ShareOwner | null = null,
    ) => new Delivery(core.message({ payload: text, qos, ...options }), qos, false, [], share);
    const put = (clientId: string): MessageQueue => {
      core.store.putSession(session(clientId));
      return core.sessionQueue(clientId);
    };

    test('a new store shows nothing and holds nothing', () => {
      expect(core.shown).toEqual([]);
      expect(core.store.messageCount).toBe(0);
      expect(core.store.messageBytes).toBe(0);
      expect(core.store.hasStaged).toBe(false);
      expect(core.store.keepsAtOnce).toBe(traits.keepsAtOnce);
    });

    describe('what is loaded', () => {
      test('sessions come back as they were put, with their wills', async () => {
        const records: SessionRecord[] = [
          session('connected'),
          { ...session('gone'), sessionExpiryInterval: 7200, disconnectedAtWallMs: 1_700_000_000_123 },
          {
            ...session('with will'),
            sessionExpiryInterval: 0,
            will: {
              topicName: 'will/ü',
              payload: new Uint8Array([0, 255, 1]),
              qos: 2,
              retain: true,
              properties: new Uint8Array([1, 1]),
              messageExpiryInterval: 30,
              willDelayInterval: 0xffff_ffff,
            },
          },
          {
            ...session('with an empty will'),
            will: {
              topicName: 'w',
              payload: new Uint8Array(0),
              qos: 0,
              retain: false,
              properties: new Uint8Array(0),
              messageExpiryInterval: undefined,
              willDelayInterval: 0,
            },
          },
        ];
        for (const record of records) core.store.putSession(record);
        const { sessions } = await commitAndRestart();
        expect(sessions).toEqual(new Map(records.map((record) => [record.clientId, record])));
      });

      test('subscriptions come back with every option', async () => {
        put('c');
        const subscriptions = [
          subscription('a/+/#', { qos: 2, noLocal: true, subscriptionIdentifier: 268_435_455 }),
          subscription('$share/g/a/#', { qos: 1, retainAsPublished: true, retainHandling: 1 }),
          subscription('ü', { retainHandling: 2 }),
        ];
        for (const each of subscriptions) core.store.putSubscription('c', each);
        const loaded = await commitAndRestart();
        expect(
          new Map(loaded.subscriptions.map(([clientId, each]) => [each.topicFilter, [clientId, each]])),
        ).toEqual(new Map(subscriptions.map((each) => [each.topicFilter, ['c', each]])));
      });

      test('each session is followed by what belongs to it; then come groups; then retained messages', async () => {
        core.store.putRetained('r', core.message({ topicName: 'r' }), Number.POSITIVE_INFINITY);
        core.queue(share('g', 'f')).push(delivery('shared'));
        for (const clientId of ['c1', 'c2']) {
          const queue = put(clientId);
          core.store.putSubscription(clientId, subscription('a'));
          core.store.putReceived(clientId, 7);
          queue.push(delivery('queued'));
        }
        const { shown } = await commitAndRestart();
        const parts = (clientId: string): string[] => [
          `session ${clientId}`,
          `subscription ${clientId} a`,
          `received ${clientId} 7`,
          `queue ${clientId}`,
        ];
        const first = shown[0] === 'session c1' ? ['c1', 'c2'] : ['c2', 'c1'];
        expect(shown).toEqual([...first.flatMap(parts), 'queue $share/g/f', 'retained r']);
      });

      test('what is put again is replaced', async () => {
        put('c');
        core.store.putSubscription('c', subscription('a', { qos: 0 }));
        core.store.putReceived('c', 5);
        core.store.putRetained('r', core.message({ topicName: 'r', payload: 'old' }), 1);
        await commit();
        core.store.putSession({ ...session('c'), sessionExpiryInterval: 5 });
        core.store.putSubscription('c', subscription('a', { qos: 2 }));
        core.store.putReceived('c', 5);
        core.store.putRetained('r', core.message({ topicName: 'r', payload: 'new' }), 2);
        const loaded = await commitAndRestart();
        expect(loaded.shown).toEqual(['session c', 'subscription c a', 'received c 5', 'retained r']);
        expect(loaded.sessions.get('c')?.sessionExpiryInterval).toBe(5);
        expect(loaded.subscriptions).toEqual([['c', subscription('a', { qos: 2 })]]);
        expect(textOf(loaded.retained.get('r')?.message)).toBe('new');
        expect(loaded.retained.get('r')?.expiresAtWallMs).toBe(2);
      });

      test('what is deleted is gone, and only that', async () => {
        put('c');
        put('d');
        for (const filter of ['a', 'b']) core.store.putSubscription('c', subscription(filter));
        for (const packetId of [1, 65_535]) core.store.putReceived('c', packetId);
        for (const name of ['r', 's']) core.store.putRetained(name, core.message({ topicName: name }), 1);
        await commit();
        core.store.deleteSubscription('c', 'a');
        core.store.deleteReceived('c', 1);
        core.store.deleteRetained('r');
        core.store.deleteSession('d');
        core.store.deleteSession('never there');
        core.store.deleteSubscription('c', 'never there');
        core.store.deleteReceived('c', 2);
        core.store.deleteRetained('never there');
        expect((await commitAndRestart()).shown).toEqual([
          'session c',
          'subscription c b',
          'received c 65535',
          'retained s',
        ]);
      });

      test('a deleted session takes everything with it, and a new one of that name starts empty', async () => {
        const queue = put('c');
        core.store.putSubscription('c', subscription('a'));
        core.store.putReceived('c', 5);
        queue.push(delivery('waits'));
        queue.sent(numbered(delivery('in flight'), 1));
        await commit();
        core.store.deleteSession('c');
        const again = put('c');
        expect(again.length).toBe(0);
        expect(again.shift()).toBe(undefined);
        again.push(delivery('of the new one'));
        await commitAndRestart();
        expect(core.shown).toEqual(['session c', 'queue c']);
        expect(core.takeInFlight(owner('c'))).toEqual([]);
        expect(core.drain(owner('c'))).toEqual([waits('of the new one')]);
      });

      test('a client identifier that looks like a group is not one', async () => {
        put('$share/g/f').push(delivery('of the session'));
        core.queue(share('g', 'f')).push(delivery('of the group'));
        await commitAndRestart();
        expect(core.drain(owner('$share/g/f'))).toEqual([waits('of the session')]);
        expect(core.drain(share('g', 'f'))).toEqual([waits('of the group')]);
      });
    });

    describe('a queue', () => {
      test('gives back what was pushed, oldest first, and knows its length and bytes', async () => {
        const queue = put('c');
        expect(core.sessionQueue('c')).toBe(queue);
        expect([queue.length, queue.bytes, queue.peek(), queue.shift()]).toEqual([
          0,
          0,
          undefined,
          undefined,
        ]);
        const pushed = ['1', '22', '333'].map((text) => delivery(text));
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
        const queue = put('c');
        for (const text of ['1', '22', '333']) queue.push(delivery(text));
        const { length, bytes } = queue;
        await commitAndRestart();
        const restored = core.sessionQueue('c');
        expect([restored.length, restored.bytes]).toEqual([length, bytes]);
        restored.push(delivery('4'));
        await commitAndRestart();
        expect(core.drain(owner('c'))).toEqual(['1', '22', '333', '4'].map(waits));
      });

      test('keeps everything that a delivery says', async () => {
        const message = core.message({
          topicName: 'sensors/ü/1',
          payload: new Uint8Array([0, 1, 254, 255]),
          qos: 2,
          retain: true,
          properties: new Uint8Array([3, 0, 1, 0x78]),
        });
        const queue = put('c');
        queue.push(new Delivery(message, 1, true, [1, 268_435_455]));
        queue.push(new Delivery(message, 2, false, [], share('g', 'sensors/#')));
        await commitAndRestart();
        const [first, second] = [core.sessionQueue('c').shift(), core.sessionQueue('c').shift()];
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
        const queue = put('c');
        for (const text of ['1', '2', '3']) queue.push(delivery(text));
        queue.shift();
        queue.shift();
        await commitAndRestart();
        expect(core.takeInFlight(owner('c'))).toEqual([]);
        expect(core.sessionQueue('c').length).toBe(3);
        expect(core.drain(owner('c'))).toEqual(['1', '2', '3'].map(waits));
      });

      test('takes back at its head what could not be given, without its packet identifier', async () => {
        const queue = put('c');
        for (const text of ['1', '2', '3', '4']) queue.push(delivery(text));
        const [first, second] = [shiftFrom(queue), shiftFrom(queue)];
        queue.sent(numbered(first, 9));
        queue.unshift(second);
        queue.unshift(first);
        expect([first.packetId, first.state]).toEqual([0, DeliveryState.Queued]);
        expect(queue.length).toBe(4);
        expect(queue.peek()).toBe(first);
        await commitAndRestart();
        expect(core.takeInFlight(owner('c'))).toEqual([]);
        expect(core.drain(owner('c'))).toEqual(['1', '2', '3', '4'].map(waits));
      });

      test('forgets what is done: shifted and dropped, or sent and acknowledged', async () => {
        const queue = put('c');
        for (const text of ['1', '2', '3']) queue.push(delivery(text));
        const dropped = shiftFrom(queue);
        queue.done(dropped);
        const acknowledged = numbered(shiftFrom(queue), 1);
        queue.sent(acknowledged);
        await commit();
        queue.done(acknowledged);
        queue.done(acknowledged);
        queue.done(delivery('never seen'));
        await commitAndRestart();
        expect(core.takeInFlight(owner('c'))).toEqual([]);
        expect(core.drain(owner('c'))).toEqual([waits('3')]);
        expect(core.store.messageCount).toBe(1);
      });

      test('is deep: 10,000 deliveries come back in order', async () => {
        const queue = put('c');
        const texts = Array.from({ length: 10_000 }, (_, i) => `${i}`);
        for (const text of texts) queue.push(delivery(text));
        await commitAndRestart();
        expect(core.sessionQueue('c').length).toBe(10_000);
        expect(core.drain(owner('c')).map((view) => view.text)).toEqual(texts);
      });
    });

    describe('what is in flight', () => {
      test('comes back in order of sending with packet identifier and state', async () => {
        const queue = put('c');
        const texts = ['1', '2', '3', '4'];
        for (const text of texts) queue.push(delivery(text, { qos: 2 }));
        const [a, b, c] = [shiftFrom(queue), shiftFrom(queue), shiftFrom(queue)];
        queue.sent(numbered(b, 65_535, DeliveryState.AwaitingPubrec));
        queue.sent(numbered(a, 1, DeliveryState.AwaitingPubrec));
        queue.sent(numbered(c, 2, DeliveryState.AwaitingPubrec));
        await commit();
        // A later state does not change the order.
        queue.sent(numbered(b, 65_535, DeliveryState.AwaitingPubcomp));
        await commitAndRestart();
        const expected = [
          { text: '2', packetId: 65_535, state: DeliveryState.AwaitingPubcomp },
          { text: '1', packetId: 1, state: DeliveryState.AwaitingPubrec },
          { text: '3', packetId: 2, state: DeliveryState.AwaitingPubrec },
        ];
        expect(core.sessionQueue('c').length).toBe(1);
        expect(core.takeInFlight(owner('c'))).toEqual(expected);
        expect(core.takeInFlight(owner('c'))).toEqual([]);
        expect(core.drain(owner('c'))).toEqual([waits('4')]);
        // Taking them changes nothing in what is kept.
        await commitAndRestart();
        expect(core.takeInFlight(owner('c'))).toEqual(expected);
      });

      test('may be sent without having waited', async () => {
        const queue = put('c');
        const direct = numbered(delivery('direct'), 3);
        queue.sent(direct);
        expect([queue.length, queue.bytes]).toEqual([0, 0]);
        await commitAndRestart();
        expect(core.shown).toEqual(['session c', 'queue c']);
        const [restored] = core.sessionQueue('c').takeInFlight();
        expect(restored && viewOf(restored)).toEqual({
          text: 'direct',
          packetId: 3,
          state: DeliveryState.AwaitingPuback,
        });
        if (restored !== undefined) core.sessionQueue('c').done(restored);
        await commitAndRestart();
        expect(core.shown).toEqual(['session c']);
        expect(core.store.messageCount).toBe(0);
      });
    });

    describe('a shared group', () => {
      const group = share('g', 'a/#');

      test('loses a delivery to the session that it is sent to', async () => {
        const [queue, member] = [core.queue(group), put('c')];
        for (const text of ['1', '2']) queue.push(delivery(text, {}, group));
        member.sent(numbered(shiftFrom(queue), 4));
        expect(queue.length).toBe(1);
        await commitAndRestart();
        expect(core.drain(group)).toEqual([waits('2')]);
        const [taken] = core.sessionQueue('c').takeInFlight();
        expect(taken && viewOf(taken)).toEqual({
          text: '1',
          packetId: 4,
          state: DeliveryState.AwaitingPuback,
        });
        expect(taken?.share).toEqual(group);
      });

      test('gets it back at its head when that session ends', async () => {
        const [queue, member] = [core.queue(group), put('c')];
        for (const text of ['1', '2']) queue.push(delivery(text, {}, group));
        const taken = numbered(shiftFrom(queue), 4);
        member.sent(taken);
        await commit();
        member.done(taken);
        queue.unshift(taken);
        core.store.deleteSession('c');
        await commitAndRestart();
        expect(core.shown).toEqual(['queue $share/g/a/#']);
        expect(core.drain(group)).toEqual([waits('1'), waits('2')]);
        expect(core.store.messageCount).toBe(2);
      });

      test('gets it back from a session that is deleted first', async () => {
        const [queue, member] = [core.queue(group), put('c')];
        queue.push(delivery('1', {}, group));
        const taken = numbered(shiftFrom(queue), 4);
        member.sent(taken);
        await commit();
        core.store.deleteSession('c');
        queue.unshift(taken);
        await commitAndRestart();
        expect(core.drain(group)).toEqual([waits('1')]);
        expect(core.store.messageCount).toBe(1);
      });

      test('still holds what a member that nobody keeps was given, until it is done', async () => {
        const queue = core.queue(group);
        for (const text of ['1', '2']) queue.push(delivery(text, {}, group));
        queue.shift();
        await commitAndRestart();
        const again = shiftFrom(core.queue(group));
        expect(viewOf(again)).toEqual(waits('1'));
        core.queue(group).done(again);
        await commitAndRestart();
        expect(core.drain(group)).toEqual([waits('2')]);
      });

      test('is not the group of another name or filter', async () => {
        const groups = [share('g', 'a'), share('h', 'a'), share('g', 'a/b')];
        groups.forEach((each, i) => {
          core.queue(each).push(delivery(`${i}`));
        });
        await commitAndRestart();
        expect(groups.map((each) => core.drain(each))).toEqual([[waits('0')], [waits('1')], [waits('2')]]);
      });

      test('is forgotten with its queue', async () => {
        core.queue(group).push(delivery('1'));
        await commit();
        core.store.deleteQueue(group);
        expect(core.queue(group).length).toBe(0);
        await commitAndRestart();
        expect(core.shown).toEqual([]);
        expect(core.store.messageCount).toBe(0);
      });
    });

    describe('a message for many', () => {
      test('is kept once, and its space is free after the last of them', async () => {
        const message = core.message({ payload: new Uint8Array(1000) });
        const deliveries = Array.from({ length: 100 }, (_, i): [MessageQueue, Delivery] => {
          const each = new Delivery(message, 1, false);
          const queue = put(`c${i}`);
          queue.push(each);
          return [queue, each];
        });
        core.store.putRetained('a/b', message, Number.POSITIVE_INFINITY);
        await commit();
        expect([core.store.messageCount, core.store.messageBytes]).toEqual([1, message.bytes]);
        for (const [queue] of deliveries) queue.shift();
        for (const [queue, each] of deliveries.slice(1)) queue.done(each);
        core.store.deleteRetained('a/b');
        await commit();
        expect(core.store.messageCount).toBe(1);
        deliveries[0]![0].done(deliveries[0]![1]);
        await commit();
        expect([core.store.messageCount, core.store.messageBytes]).toEqual([0, 0]);
      });

      test('is one message for all of them after a restart, and is freed like it', async () => {
        const message = core.message({ topicName: 'r', payload: 'x' });
        for (const clientId of ['c', 'd']) put(clientId).push(new Delivery(message, 1, false));
        core.store.putRetained('r', message, Number.POSITIVE_INFINITY);
        await commitAndRestart();
        expect([core.store.messageCount, core.store.messageBytes]).toEqual([1, message.bytes]);
        const [c, d] = ['c', 'd'].map((clientId) => core.sessionQueue(clientId));
        const [forC, forD] = [shiftFrom(c!), shiftFrom(d!)];
        expect(forC.message).toBe(forD.message);
        c!.done(forC);
        d!.done(forD);
        await commit();
        expect(core.store.messageCount).toBe(1);
        core.store.deleteRetained('r');
        await commit();
        expect(core.store.messageCount).toBe(0);
      });

      test('that was retained is kept once when it is queued after a restart', async () => {
        core.store.putRetained('r', core.message({ topicName: 'r', payload: 'x' }), Number.POSITIVE_INFINITY);
        await commitAndRestart();
        const retained = core.retained.get('r')?.message as Message;
        put('new').push(new Delivery(retained, 1, true));
        await commit();
        expect(core.store.messageCount).toBe(1);
        core.store.deleteRetained('r');
        await commitAndRestart();
        expect(core.store.messageCount).toBe(1);
        expect(core.drain(owner('new'))).toEqual([waits('x')]);
      });

      test('is freed with the sessions, queues and retained messages that held it', async () => {
        const queue = put('c');
        queue.push(delivery('1'));
        queue.sent(numbered(delivery('2'), 1));
        core.queue(share('g', 'f')).push(delivery('3'));
        core.store.putRetained('r', core.message({ topicName: 'r', payload: '4' }), 1);
        await commit();
        expect(core.store.messageCount).toBe(4);
        core.store.putRetained('r', core.message({ topicName: 'r', payload: '5' }), 1);
        await commit();
        expect(core.store.messageCount).toBe(4);
        core.store.deleteSession('c');
        core.store.deleteQueue(share('g', 'f'));
        core.store.deleteRetained('r');
        await commit();
        expect([core.store.messageCount, core.store.messageBytes]).toEqual([0, 0]);
      });

      test('is counted once when it is retained again', async () => {
        const message = core.message({ topicName: 'r' });
        core.store.putRetained('r', message, 1);
        core.store.putRetained('r', message, 2);
        await commit();
        expect(core.store.messageCount).toBe(1);
        core.store.deleteRetained('r');
        await commit();
        expect(core.store.messageCount).toBe(0);
      });
    });

    describe('times and sizes', () => {
      test('expiry is a time on the wall clock, whatever the clocks of the next process say', async () => {
        const expiresAtMs = 12_345;
        const expiresAtWallMs = expiresAtMs + core.wallAheadMs;
        put('c').push(delivery('waits', { expiresAtMs }));
        core.sessionQueue('c').sent(numbered(delivery('in flight', { expiresAtMs: expiresAtMs + 1 }), 1));
        core.store.putRetained('r', core.message({ topicName: 'r', expiresAtMs }), expiresAtWallMs);
        await commitAndRestart();
        await commitAndRestart();
        const queue = core.sessionQueue('c');
        expect(core.expiresAtWallMs(shiftFrom(queue).message)).toBe(expiresAtWallMs);
        expect(queue.takeInFlight().map((each) => core.expiresAtWallMs(each.message))).toEqual([
          expiresAtWallMs + 1,
        ]);
        expect(core.retained.get('r')?.expiresAtWallMs).toBe(expiresAtWallMs);
      });

      test('what never expires does not after a restart either', async () => {
        put('c').push(delivery('waits'));
        core.store.putRetained('r', core.message({ topicName: 'r' }), Number.POSITIVE_INFINITY);
        await commitAndRestart();
        expect(shiftFrom(core.sessionQueue('c')).message.expiresAtMs).toBe(Number.POSITIVE_INFINITY);
        expect(core.retained.get('r')?.expiresAtWallMs).toBe(Number.POSITIVE_INFINITY);
        expect(core.retained.get('r')?.message.expiresAtMs).toBe(Number.POSITIVE_INFINITY);
      });

      test('payloads from nothing to megabytes come back byte for byte', async () => {
        const sizes = [0, 1, 4095, 4096, 65_536, 5_000_000];
        const queue = put('c');
        for (const size of sizes) queue.push(delivery('', { payload: pattern(size) }));
        core.store.putRetained('r', core.message({ topicName: 'r', payload: pattern(3_000_000) }), 1);
        await commitAndRestart();
        for (const size of sizes) {
          expect(equalBytes(shiftFrom(core.sessionQueue('c')).message.payload, pattern(size))).toBe(true);
        }
        expect(equalBytes(core.retained.get('r')?.message.payload, pattern(3_000_000))).toBe(true);
      });

      test('names may be as long as MQTT lets them be', async () => {
        const clientId = 'ü'.repeat(32_767);
        const topicName = '/'.repeat(60_000) + 'x'.repeat(5_535);
        const queue = put(clientId);
        core.store.putSubscription(clientId, subscription(topicName));
        core.store.putSubscription(clientId, subscription(`${topicName.slice(0, -1)}y`));
        queue.push(delivery('waits', { topicName }));
        core.store.putRetained(topicName, core.message({ topicName }), 1);
        await commitAndRestart();
        expect([...core.sessions.keys()]).toEqual([clientId]);
        expect(core.subscriptions.length).toBe(2);
        expect(shiftFrom(core.sessionQueue(clientId)).message.topic.name).toBe(topicName);
        expect([...core.retained.keys()]).toEqual([topicName]);
        core.store.deleteSession(clientId);
        core.store.deleteRetained(topicName);
        expect((await commitAndRestart()).shown).toEqual([]);
      });
    });

    if (traits.keepsAtOnce) {
      test('what was staged is kept without a commit', async () => {
        put('c').push(delivery('1'));
        expect(core.store.hasStaged).toBe(false);
        expect(core.store.messageCount).toBe(1);
        await restart();
        expect(core.drain(owner('c'))).toEqual([waits('1')]);
      });

      test('a commit that nobody needed ends well, and not from inside the call', async () => {
        let inside = true;
        const ended = new Promise<[error: StoreError | null, inside: boolean]>((resolve) => {
          core.store.commit((error) => resolve([error, inside]));
        });
        inside = false;
        expect(await ended).toEqual([null, false]);
      });
    } else {
      describe('a commit', () => {
        const group = share('g', 'f');

        /** Something of everything. */
        const stageAll = (): void => {
          const queue = put('c');
          core.store.putSubscription('c', subscription('a'));
          core.store.putReceived('c', 5);
          queue.push(delivery('waits'));
          const shared = core.queue(group);
          for (const text of ['1', '2']) shared.push(delivery(text, {}, group));
          queue.sent(numbered(shiftFrom(shared), 1));
          core.store.putRetained('r', core.message({ topicName: 'r' }), 1);
        };
        const all = [
          'session c',
          'subscription c a',
          'received c 5',
          'queue c',
          'queue $share/g/f',
          'retained r',
        ];

        test('makes kept what was staged before it, and nothing is kept before that', async () => {
          stageAll();
          expect(core.store.hasStaged).toBe(true);
          expect((await restart()).shown).toEqual([]);
          stageAll();
          expect((await commitAndRestart()).shown).toEqual(all);
          expect(core.store.hasStaged).toBe(false);
        });

        test('tells its end later, never from inside the call, and once', async () => {
          stageAll();
          const calls: [error: StoreError | null, inside: boolean][] = [];
          let inside = true;
          core.store.commit((error) => calls.push([error, inside]));
          inside = false;
          expect(calls).toEqual([]);
          expect(core.store.hasStaged).toBe(false);
          await harness.finishCommit();
          expect(calls).toEqual([[null, false]]);
          core.store.putSession(session('d'));
          await commit();
          expect(calls.length).toBe(1);
        });

        test('covers nothing that is staged while it is under way', async () => {
          stageAll();
          let ended = false;
          core.store.commit(() => {
            ended = true;
          });
          put('late').push(delivery('late'));
          core.store.deleteReceived('c', 5);
          expect(core.store.hasStaged).toBe(true);
          await harness.finishCommit();
          expect(ended).toBe(true);
          expect(core.store.hasStaged).toBe(true);
          expect((await restart()).shown).toEqual(all);
        });

        test('keeps the state that was staged, not the one that a delivery has come to since', async () => {
          const queue = put('c');
          const each = numbered(delivery('1', { qos: 2 }), 1, DeliveryState.AwaitingPubrec);
          queue.sent(each);
          core.store.commit(() => undefined);
          queue.sent(numbered(each, 1, DeliveryState.AwaitingPubcomp));
          await harness.finishCommit();
          await restart();
          expect(core.takeInFlight(owner('c'))).toEqual([
            { text: '1', packetId: 1, state: DeliveryState.AwaitingPubrec },
          ]);
        });

        test('takes a delivery from a group to a session in one piece', async () => {
          const shared = core.queue(group);
          shared.push(delivery('1', {}, group));
          const member = put('c');
          await commit();
          member.sent(numbered(shiftFrom(shared), 1));
          await restart();
          expect(core.drain(group)).toEqual([waits('1')]);
          expect(core.takeInFlight(owner('c'))).toEqual([]);
        });

        test('that fails keeps nothing, is told with a code, and is covered by the next one', async () => {
          stageAll();
          harness.failNextCommit();
          const error = await commit();
          expect(error?.code).toMatch(/^[a-z]+(-[a-z]+)*$/);
          expect(error?.message).not.toBe('');
          expect(core.store.hasStaged).toBe(true);
          expect(core.store.messageCount).toBe(0);
          core.store.putSession(session('d'));
          expect((await commitAndRestart()).shown).toEqual(expect.arrayContaining([...all, 'session d']));
          expect(core.drain(group)).toEqual([waits('2')]);
          expect(core.drain(owner('c'))).toEqual([waits('waits')]);
        });

        test('that failed is not there after a crash', async () => {
          put('before');
          await commit();
          stageAll();
          harness.failNextCommit();
          expect(await commit()).not.toBe(null);
          expect((await restart()).shown).toEqual(['session before']);
        });

        test('that failed comes before what was staged since, and can be taken back', async () => {
          const queue = put('c');
          const refused = delivery('refused');
          queue.push(refused);
          core.store.putRetained('r', core.message({ topicName: 'r', payload: 'refused' }), 1);
          harness.failNextCommit();
          core.store.commit(() => undefined);
          core.store.putRetained('r', core.message({ topicName: 'r', payload: 'later' }), 1);
          await harness.finishCommit();
          queue.shift();
          queue.done(refused);
          await commitAndRestart();
          expect(core.shown).toEqual(['session c', 'retained r']);
          expect(textOf(core.retained.get('r')?.message)).toBe('later');
          expect(core.store.messageCount).toBe(1);
        });
      });
    }

    describeStoreModel(traits, makeHarness);
  });
}

/** Commits until nothing is staged; null where nothing was. */
export async function commitAll(harness: StoreHarness): Promise<StoreError | null> {
  if (!harness.store.hasStaged) return null;
  let end: StoreError | null | undefined;
  harness.store.commit((error) => {
    end = error;
  });
  await harness.finishCommit();
  if (end === undefined) throw new Error('the commit has not ended');
  return end;
}

function session(clientId: string): SessionRecord {
  return { clientId, sessionExpiryInterval: 0xffff_ffff, disconnectedAtWallMs: undefined, will: undefined };
}

function subscription(topicFilter: string, options: Partial<SubscriptionRecord> = {}): SubscriptionRecord {
  return {
    topicFilter,
    qos: 0,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    subscriptionIdentifier: 0,
    ...options,
  };
}

function owner(clientId: string): SessionOwner {
  return { kind: 'session', clientId };
}

function share(shareName: string, topicFilter: string): ShareOwner {
  return { kind: 'share', shareName, topicFilter };
}

function waits(text: string): ReturnType<typeof viewOf> {
  return { text, packetId: 0, state: DeliveryState.Queued };
}

function numbered(
  delivery: Delivery,
  packetId: number,
  state: DeliveryState = DeliveryState.AwaitingPuback,
): Delivery {
  delivery.packetId = packetId;
  delivery.state = state;
  return delivery;
}

function shiftFrom(queue: MessageQueue): Delivery {
  const delivery = queue.shift();
  if (delivery === undefined) throw new Error('the queue is empty');
  return delivery;
}

function textOf(message: Message | undefined): string | undefined {
  return message && new TextDecoder().decode(message.payload);
}

function pattern(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = i * 31 + (i >> 8);
  return bytes;
}

function equalBytes(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]);
}
