import { DeliveryState } from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import { viewOf } from './loaded-store.ts';
import type { StoreRig } from './store-rig.ts';
import { giveFromGroup, share, shiftFrom, waits } from './store-rig.ts';

/** The queue of a shared group, and how deliveries pass between it and its members. */
export function describeSharedGroups(rig: StoreRig): void {
  describe('a shared group', () => {
    const group = share('g', 'a/#');

    test('and the session that a delivery is sent to hold it once between them', async () => {
      const [queue, member] = [rig.core.queue(group), rig.put('c')];
      for (const text of ['1', '2']) queue.push(rig.delivery(text, {}, group));
      giveFromGroup(queue, member, 4);
      expect(queue.length).toBe(1);
      await rig.commitAndRestart();
      expect(rig.core.drain(group)).toEqual([waits('2')]);
      const [taken] = rig.core.sessionQueue('c').takeInFlight();
      expect(taken && viewOf(taken)).toEqual({
        text: '1',
        packetId: 4,
        state: DeliveryState.AwaitingPuback,
      });
      expect(taken?.share).toEqual(group);
    });

    test('gets it back at its head when that session ends', async () => {
      const [queue, member] = [rig.core.queue(group), rig.put('c')];
      for (const text of ['1', '2']) queue.push(rig.delivery(text, {}, group));
      const taken = giveFromGroup(queue, member, 4);
      await rig.commit();
      member.done(taken);
      queue.unshift(taken);
      rig.core.store.deleteSession('c');
      await rig.commitAndRestart();
      expect(rig.core.shown).toEqual(['queue $share/g/a/#']);
      expect(rig.core.drain(group)).toEqual([waits('1'), waits('2')]);
      expect(rig.core.store.messageCount).toBe(2);
    });

    test('gets it back from a session that is deleted first', async () => {
      const [queue, member] = [rig.core.queue(group), rig.put('c')];
      queue.push(rig.delivery('1', {}, group));
      const taken = giveFromGroup(queue, member, 4);
      await rig.commit();
      rig.core.store.deleteSession('c');
      queue.unshift(taken);
      await rig.commitAndRestart();
      expect(rig.core.drain(group)).toEqual([waits('1')]);
      expect(rig.core.store.messageCount).toBe(1);
    });

    test('still holds what a member that nobody keeps was given, until it is done', async () => {
      const queue = rig.core.queue(group);
      for (const text of ['1', '2']) queue.push(rig.delivery(text, {}, group));
      queue.shift();
      await rig.commitAndRestart();
      const again = shiftFrom(rig.core.queue(group));
      expect(viewOf(again)).toEqual(waits('1'));
      rig.core.queue(group).done(again);
      await rig.commitAndRestart();
      expect(rig.core.drain(group)).toEqual([waits('2')]);
    });

    test('is not the group of another name or filter', async () => {
      const groups = [share('g', 'a'), share('h', 'a'), share('g', 'a/b')];
      groups.forEach((each, i) => {
        rig.core.queue(each).push(rig.delivery(`${i}`));
      });
      await rig.commitAndRestart();
      expect(groups.map((each) => rig.core.drain(each))).toEqual([[waits('0')], [waits('1')], [waits('2')]]);
    });

    test('is forgotten with its queue', async () => {
      rig.core.queue(group).push(rig.delivery('1'));
      await rig.commit();
      rig.core.store.deleteQueue(group);
      expect(rig.core.queue(group).length).toBe(0);
      await rig.commitAndRestart();
      expect(rig.core.shown).toEqual([]);
      expect(rig.core.store.messageCount).toBe(0);
    });
  });
}
