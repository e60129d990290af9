import { DeliveryState } from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import { Durability } from '../../../src/core/ports/durability.ts';
import type { StoreError } from '../../../src/core/ports/store.ts';
import type { StoreRig } from './store-rig.ts';
import { giveFromGroup, numbered, owner, session, share, subscription, textOf, waits } from './store-rig.ts';

/** What a commit makes kept, for a store that does not keep at once. */
export function describeCommits(rig: StoreRig): void {
  describe('a commit', () => {
    const group = share('g', 'f');

    /** Something of everything. */
    const stageAll = (): void => {
      const queue = rig.put('c');
      rig.core.store.putSubscription('c', subscription('a'));
      rig.core.store.putReceived('c', 5);
      queue.push(rig.delivery('waits'));
      const shared = rig.core.queue(group);
      for (const text of ['1', '2']) shared.push(rig.delivery(text, {}, group));
      giveFromGroup(shared, queue, 1);
      rig.core.store.putRetained('r', rig.core.message({ topicName: 'r' }), 1);
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
      expect(rig.core.store.hasStaged).toBe(true);
      expect((await rig.restart()).shown).toEqual([]);
      stageAll();
      expect((await rig.commitAndRestart()).shown).toEqual(all);
      expect(rig.core.store.hasStaged).toBe(false);
    });

    test('tells its end later, never from inside the call, and once', async () => {
      stageAll();
      const calls: [error: StoreError | null, inside: boolean][] = [];
      let inside = true;
      rig.core.store.commit(Durability.Disk, (error) => calls.push([error, inside]));
      inside = false;
      expect(calls).toEqual([]);
      expect(rig.core.store.hasStaged).toBe(false);
      await rig.harness.finishCommit();
      expect(calls).toEqual([[null, false]]);
      rig.core.store.putSession(session('d'));
      await rig.commit();
      expect(calls.length).toBe(1);
    });

    test('covers nothing that is staged while it is under way', async () => {
      stageAll();
      let ended = false;
      rig.core.store.commit(Durability.Disk, () => {
        ended = true;
      });
      rig.put('late').push(rig.delivery('late'));
      rig.core.store.deleteReceived('c', 5);
      expect(rig.core.store.hasStaged).toBe(true);
      await rig.harness.finishCommit();
      expect(ended).toBe(true);
      expect(rig.core.store.hasStaged).toBe(true);
      expect((await rig.restart()).shown).toEqual(all);
    });

    test('keeps the state that was staged, not the one that a delivery has come to since', async () => {
      const queue = rig.put('c');
      const each = numbered(rig.delivery('1', { qos: 2 }), 1, DeliveryState.AwaitingPubrec);
      queue.sent(each);
      rig.core.store.commit(Durability.Disk, () => undefined);
      queue.sent(numbered(each, 1, DeliveryState.AwaitingPubcomp));
      await rig.harness.finishCommit();
      await rig.restart();
      expect(rig.core.takeInFlight(owner('c'))).toEqual([
        { text: '1', packetId: 1, state: DeliveryState.AwaitingPubrec },
      ]);
    });

    test('takes a delivery from a group to a session in one piece', async () => {
      const shared = rig.core.queue(group);
      shared.push(rig.delivery('1', {}, group));
      const member = rig.put('c');
      await rig.commit();
      giveFromGroup(shared, member, 1);
      await rig.restart();
      expect(rig.core.drain(group)).toEqual([waits('1')]);
      expect(rig.core.takeInFlight(owner('c'))).toEqual([]);
    });

    test('that fails keeps nothing, is told with a code, and is covered by the next one', async () => {
      stageAll();
      rig.harness.failNextCommit();
      const error = await rig.commit();
      expect(error?.code).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(error?.message).not.toBe('');
      expect(rig.core.store.hasStaged).toBe(true);
      rig.core.store.putSession(session('d'));
      expect((await rig.commitAndRestart()).shown).toEqual(expect.arrayContaining([...all, 'session d']));
      expect(rig.core.drain(group)).toEqual([waits('2')]);
      expect(rig.core.drain(owner('c'))).toEqual([waits('waits')]);
    });

    test('that failed is not there after a crash', async () => {
      rig.put('before');
      await rig.commit();
      stageAll();
      rig.harness.failNextCommit();
      expect(await rig.commit()).not.toBe(null);
      expect((await rig.restart()).shown).toEqual(['session before']);
    });

    test('that failed comes before what was staged since, and can be taken back', async () => {
      const queue = rig.put('c');
      const refused = rig.delivery('refused');
      queue.push(refused);
      rig.core.store.putRetained('r', rig.core.message({ topicName: 'r', payload: 'refused' }), 1);
      rig.harness.failNextCommit();
      rig.core.store.commit(Durability.Disk, () => undefined);
      rig.core.store.putRetained('r', rig.core.message({ topicName: 'r', payload: 'later' }), 1);
      await rig.harness.finishCommit();
      queue.shift();
      queue.done(refused);
      await rig.commitAndRestart();
      expect(rig.core.shown).toEqual(['session c', 'retained r']);
      expect(textOf(rig.core.retained.get('r')?.message)).toBe('later');
      expect(rig.core.store.messageCount).toBe(1);
    });
  });
}
