import { describe, expect, test } from 'vitest';
import type { SessionRecord } from '../../../src/core/ports/store.ts';
import { Delivery } from '../../../src/core/publish/delivery.ts';
import { REFUSED_TOPIC_NAME } from './loaded-store.ts';
import type { StoreRig } from './store-rig.ts';
import { numbered, owner, session, share, subscription, textOf, waits } from './store-rig.ts';

/** What a store shows when it is opened again. */
export function describeLoading(rig: StoreRig): void {
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
      for (const record of records) rig.core.store.putSession(record);
      const { sessions } = await rig.commitAndRestart();
      expect(sessions).toEqual(new Map(records.map((record) => [record.clientId, record])));
    });

    test('subscriptions come back with every option', async () => {
      rig.put('c');
      const subscriptions = [
        subscription('a/+/#', { qos: 2, noLocal: true, subscriptionIdentifier: 268_435_455 }),
        subscription('$share/g/a/#', { qos: 1, retainAsPublished: true, retainHandling: 1 }),
        subscription('ü', { retainHandling: 2 }),
      ];
      for (const each of subscriptions) rig.core.store.putSubscription('c', each);
      const loaded = await rig.commitAndRestart();
      expect(
        new Map(loaded.subscriptions.map(([clientId, each]) => [each.topicFilter, [clientId, each]])),
      ).toEqual(new Map(subscriptions.map((each) => [each.topicFilter, ['c', each]])));
    });

    test('each session is followed by what belongs to it; then come groups; then retained messages', async () => {
      rig.core.store.putRetained('r', rig.core.message({ topicName: 'r' }), Number.POSITIVE_INFINITY);
      rig.core.queue(share('g', 'f')).push(rig.delivery('shared'));
      for (const clientId of ['c1', 'c2']) {
        const queue = rig.put(clientId);
        rig.core.store.putSubscription(clientId, subscription('a'));
        rig.core.store.putReceived(clientId, 7);
        queue.push(rig.delivery('queued'));
      }
      const { shown } = await rig.commitAndRestart();
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
      rig.put('c');
      rig.core.store.putSubscription('c', subscription('a', { qos: 0 }));
      rig.core.store.putReceived('c', 5);
      rig.core.store.putRetained('r', rig.core.message({ topicName: 'r', payload: 'old' }), 1);
      await rig.commit();
      rig.core.store.putSession({ ...session('c'), sessionExpiryInterval: 5 });
      rig.core.store.putSubscription('c', subscription('a', { qos: 2 }));
      rig.core.store.putReceived('c', 5);
      rig.core.store.putRetained('r', rig.core.message({ topicName: 'r', payload: 'new' }), 2);
      const loaded = await rig.commitAndRestart();
      expect(loaded.shown).toEqual(['session c', 'subscription c a', 'received c 5', 'retained r']);
      expect(loaded.sessions.get('c')?.sessionExpiryInterval).toBe(5);
      expect(loaded.subscriptions).toEqual([['c', subscription('a', { qos: 2 })]]);
      expect(textOf(loaded.retained.get('r')?.message)).toBe('new');
      expect(loaded.retained.get('r')?.expiresAtWallMs).toBe(2);
    });

    test('a session that is put again keeps what belongs to it', async () => {
      const queue = rig.put('c');
      rig.core.store.putSubscription('c', subscription('a'));
      rig.core.store.putReceived('c', 5);
      queue.push(rig.delivery('waits'));
      await rig.commit();
      rig.core.store.putSession({ ...session('c'), disconnectedAtWallMs: 1 });
      const loaded = await rig.commitAndRestart();
      expect(loaded.shown).toEqual(['session c', 'subscription c a', 'received c 5', 'queue c']);
      expect(loaded.sessions.get('c')?.disconnectedAtWallMs).toBe(1);
    });

    test('what is deleted is gone, and only that', async () => {
      rig.put('c');
      rig.put('d');
      for (const filter of ['a', 'b']) rig.core.store.putSubscription('c', subscription(filter));
      for (const packetId of [1, 65_535]) rig.core.store.putReceived('c', packetId);
      for (const name of ['r', 's'])
        rig.core.store.putRetained(name, rig.core.message({ topicName: name }), 1);
      await rig.commit();
      rig.core.store.deleteSubscription('c', 'a');
      rig.core.store.deleteReceived('c', 1);
      rig.core.store.deleteRetained('r');
      rig.core.store.deleteSession('d');
      rig.core.store.deleteSession('never there');
      rig.core.store.deleteSubscription('c', 'never there');
      rig.core.store.deleteReceived('c', 2);
      rig.core.store.deleteRetained('never there');
      expect((await rig.commitAndRestart()).shown).toEqual([
        'session c',
        'subscription c b',
        'received c 65535',
        'retained s',
      ]);
    });

    test('a deleted session takes everything with it, and a new one of that name starts empty', async () => {
      const queue = rig.put('c');
      rig.core.store.putSubscription('c', subscription('a'));
      rig.core.store.putReceived('c', 5);
      queue.push(rig.delivery('waits'));
      queue.sent(numbered(rig.delivery('in flight'), 1));
      await rig.commit();
      rig.core.store.deleteSession('c');
      const again = rig.put('c');
      expect(again.length).toBe(0);
      expect(again.shift()).toBe(undefined);
      again.push(rig.delivery('of the new one'));
      await rig.commitAndRestart();
      expect(rig.core.shown).toEqual(['session c', 'queue c']);
      expect(rig.core.takeInFlight(owner('c'))).toEqual([]);
      expect(rig.core.drain(owner('c'))).toEqual([waits('of the new one')]);
    });

    test('a message that the core does not take back is forgotten wherever it was kept', async () => {
      const refused = rig.core.message({ topicName: REFUSED_TOPIC_NAME, payload: 'refused' });
      const queue = rig.put('c');
      rig.put('d').push(new Delivery(refused, 1, false));
      queue.push(new Delivery(refused, 1, false));
      queue.push(rig.delivery('waits'));
      queue.sent(numbered(new Delivery(refused, 1, false), 1));
      queue.sent(numbered(rig.delivery('in flight'), 2));
      rig.core.store.putRetained(REFUSED_TOPIC_NAME, refused, 1);
      await rig.commitAndRestart();
      // A store that reads its queues as they are needed shows one in which nothing will be found.
      expect(rig.core.shown.filter((each) => each !== 'queue d')).toEqual([
        'session c',
        'queue c',
        'session d',
      ]);
      expect(rig.core.drain(owner('d'))).toEqual([]);
      expect(rig.core.takeInFlight(owner('c')).map(({ text }) => text)).toEqual(['in flight']);
      expect(rig.core.drain(owner('c'))).toEqual([waits('waits')]);
      expect(rig.core.store.messageCount).toBe(2);
    });

    test('a client identifier that looks like a group is not one', async () => {
      rig.put('$share/g/f').push(rig.delivery('of the session'));
      rig.core.queue(share('g', 'f')).push(rig.delivery('of the group'));
      await rig.commitAndRestart();
      expect(rig.core.drain(owner('$share/g/f'))).toEqual([waits('of the session')]);
      expect(rig.core.drain(share('g', 'f'))).toEqual([waits('of the group')]);
    });
  });
}
