import { DeliveryState } from '@martlet/protocol';
import { describe, expect, test, vi } from 'vitest';
import { Durability } from '../../../src/core/ports/durability.ts';
import type { MessageConversion } from '../../../src/core/ports/store.ts';
import { Delivery } from '../../../src/core/publish/delivery.ts';
import { DiskStore } from '../../../src/stores/disk/disk-store.ts';
import { takenList, waitingList } from '../../../src/stores/disk/index/entry-lists.ts';
import { SegmentLog } from '../../../src/stores/disk/log/segment-log.ts';
import { Replay } from '../../../src/stores/disk/state/replay.ts';
import { StoredState } from '../../../src/stores/disk/state/stored-state.ts';
import { LoadedStore } from '../contract/loaded-store.ts';
import { session } from '../contract/store-rig.ts';
import { SimulatedFiles } from './simulated-files.ts';

const core = new LoadedStore(await DiskStore.openOn(new SimulatedFiles({ seed: 1 })));

async function open(files: SimulatedFiles): Promise<{ state: StoredState; log: SegmentLog }> {
  const state = new StoredState();
  const replay = new Replay(state);
  const log = await SegmentLog.open(files, {
    onReplay: (meta, place) => replay.onBatch(meta, place),
    onMoved: (moves) => state.onMoved(moves),
    onNote: () => undefined,
  });
  replay.finish();
  state.journal.attach(log);
  const conversion: MessageConversion = core;
  state.messages.conversion = conversion;
  return { state, log };
}

function delivery(text: string): Delivery {
  return new Delivery(core.message({ payload: text }), 1, false);
}

/** The keys of a list, in its order. */
function keysOf(state: StoredState, list: number): number[] {
  const { entries } = state.queues;
  const keys: number[] = [];
  for (let entry = entries.lists.firstOf(list); entry !== 0; entry = entries.nextOf(entry)) {
    keys.push(entries.keyOf(entry));
  }
  return keys;
}

describe('the keys of a queue', () => {
  test.each([
    ['the last', (state: StoredState, owner: number) => state.queues.owners.setNextKey(owner, 0x7fff_fffe)],
    [
      'the first',
      (state: StoredState, owner: number) => state.queues.owners.setKeyBefore(owner, -0x7fff_ffff),
    ],
  ])('begin anew when %s has been given, in the same order, which a restart finds', async (_, exhaust) => {
    const files = new SimulatedFiles({ seed: 1 });
    const { state, log } = await open(files);
    state.owners.putSession(session('c'));
    const owner = state.owners.session('c');
    const { queues } = state;
    const sent = queues.push(owner, delivery('sent'));
    queues.send(owner, sent, 7, DeliveryState.AwaitingPuback);
    queues.push(owner, delivery('shifted'));
    queues.take(owner);
    queues.push(owner, delivery('waits'));
    exhaust(state, owner);
    for (let i = 0; i < 4; i++) queues.push(owner, delivery(`${i}`));
    for (let i = 0; i < 4; i++) queues.pushFirst(owner, delivery(`${i}`));
    for (const list of [takenList(owner), waitingList(owner)]) {
      const keys = keysOf(state, list);
      expect(keys).toEqual([...keys].sort((a, b) => a - b));
      expect(keys.every((key) => Math.abs(key) < 100)).toBe(true);
    }
    await log.commit(Durability.Disk);
    const again = (await open(files.afterKill())).state;
    const found = again.owners.session('c');
    expect(keysOf(again, takenList(found))).toEqual(keysOf(state, takenList(owner)).slice(0, 1));
    // What was taken and not sent waits again: after what was put in front of it, before what came behind.
    expect(again.queues.owners.waitingOf(found)).toBe(10);
    expect(again.queues.owners.entriesOf(found)).toBe(11);
    const messages = (of: StoredState, list: number): number[] => {
      const { entries } = of.queues;
      const ids: number[] = [];
      for (let entry = entries.lists.firstOf(list); entry !== 0; entry = entries.nextOf(entry)) {
        ids.push(of.messages.slots.idOf(entries.messageOf(entry)));
      }
      return ids;
    };
    const [shiftedId] = messages(state, takenList(owner)).slice(1);
    const waiting = messages(again, waitingList(found));
    expect(waiting.filter((id) => id !== shiftedId)).toEqual(messages(state, waitingList(owner)));
  });
});

describe('what a killed process had written and not synced', () => {
  async function leave(): Promise<SimulatedFiles> {
    const files = new SimulatedFiles({ seed: 1 });
    const left = new LoadedStore(await DiskStore.openOn(files));
    left.store.putSession(session('c'));
    await new Promise((resolve) => left.store.commit(Durability.Os, resolve));
    return files.afterKill();
  }

  test('is synced when the store is opened', async () => {
    const files = await leave();
    const { store } = new LoadedStore(await DiskStore.openOn(files));
    expect(store.hasStaged).toBe(false);
    const again = new LoadedStore(await DiskStore.openOn(files.afterPowerCut()));
    expect(again.shown).toEqual(['session c']);
  });

  test('goes with the next commit if the disk is full then', async () => {
    const files = await leave();
    files.faultOf = ({ operation }) =>
      operation === 'write' || operation === 'create' ? { kind: 'error', code: 'ENOSPC' } : undefined;
    const loaded = new LoadedStore(await DiskStore.openOn(files));
    expect(loaded.shown).toEqual(['session c']);
    expect(loaded.store.hasStaged).toBe(true);
    files.faultOf = () => undefined;
    const error = await new Promise((resolve) => loaded.store.commit(Durability.Disk, resolve));
    expect(error).toBe(null);
    expect(loaded.store.hasStaged).toBe(false);
    const again = new LoadedStore(await DiskStore.openOn(files.afterPowerCut()));
    expect(again.shown).toEqual(['session c']);
  });
});

describe('what a log says that this version does not know', () => {
  test('is refused, with its place and the way out', async () => {
    const files = new SimulatedFiles({ seed: 1 });
    const { log } = await open(files);
    log.gathering.meta.writeU8(0xee);
    await log.commit(Durability.Disk);
    await expect(open(files.afterKill())).rejects.toMatchObject({
      code: 'store-damaged',
      damage: { file: '00000001.log' },
    });
  });
});

describe('a batch that goes on in another file', () => {
  test('counts there, and its messages are read from there', async () => {
    const { state } = await open(new SimulatedFiles({ seed: 1 }));
    state.owners.putSession(session('c'));
    state.queues.push(state.owners.session('c'), delivery('moves'));
    state.retained.put('r', core.message({ topicName: 'r', payload: 'moves too' }), 1);
    const { segment, dataStart } = state.journal.log.gathering.place;
    const { slots } = state.messages;
    const offset = slots.offsetOf(1);
    state.onMoved([
      {
        from: { segment, dataStart },
        to: { segment: segment + 2, dataStart: dataStart + 1000 },
        dataLength: 4096,
      },
    ]);
    expect([slots.segmentOf(1), slots.offsetOf(1)]).toEqual([segment + 2, offset + 1000]);
    // The session, the entry and what is retained may count for an older segment than they are in.
    expect([state.segments.countOf(segment), state.segments.countOf(segment + 2)]).toEqual([3, 2]);
    state.onMoved([
      { from: { segment: segment + 2, dataStart }, to: { segment: segment + 1, dataStart }, dataLength: 0 },
    ]);
    expect(state.segments.countOf(segment + 2)).toBe(2);
    state.onMoved([{ from: { segment, dataStart }, to: { segment: segment - 1, dataStart }, dataLength: 0 }]);
    expect([state.segments.countOf(segment - 1), state.segments.countOf(segment)]).toEqual([3, 0]);
  });

  test('costs one look at each message, however many batches there are, and none takes another for itself', async () => {
    const { state } = await open(new SimulatedFiles({ seed: 1 }));
    state.owners.putSession(session('c'));
    const owner = state.owners.session('c');
    const { segment, dataStart } = state.journal.log.gathering.place;
    const { slots } = state.messages;
    const starts: number[] = [];
    for (let i = 0; i < 200; i++) {
      starts.push(dataStart + state.journal.data.length);
      state.queues.push(owner, delivery(`${i}`));
    }
    const length = (starts[1] ?? 0) - dataStart;
    // Each goes to where the one behind it was; batches without data lie between them.
    const moves = starts.flatMap((start, i) => {
      const from = { segment, dataStart: start };
      const to = { segment, dataStart: starts[i + 1] ?? start + length };
      return [
        { from, to, dataLength: slots.lengthOf(i + 1) },
        { from, to, dataLength: 0 },
      ];
    });
    const looks = vi.spyOn(slots, 'segmentOf');
    state.onMoved(moves);
    expect(looks.mock.calls.length).toBeLessThanOrEqual(200);
    const found = starts.map((_, i) => slots.offsetOf(i + 1));
    expect(found).toEqual([...starts.slice(1), starts.at(-1)! + length]);
    expect(state.segments.countOf(segment)).toBe(1 + 200 + 200);
  });
});
