import { describe, expect, test } from 'vitest';
import { Durability } from '../../../src/core/ports/durability.ts';
import type { StoreError } from '../../../src/core/ports/store.ts';
import { Delivery } from '../../../src/core/publish/delivery.ts';
import type { DiskStoreOptions } from '../../../src/stores/disk/disk-store.ts';
import { DiskStore } from '../../../src/stores/disk/disk-store.ts';
import { LoadedStore } from '../contract/loaded-store.ts';
import { numbered, session, shiftFrom } from '../contract/store-rig.ts';
import { SimulatedFiles } from './simulated-files.ts';

const SEGMENT_BYTES: number = 64 * 1024;
const SMALL: DiskStoreOptions = { segmentBytes: SEGMENT_BYTES, smallestCleanedBytes: 4 * SEGMENT_BYTES };

async function open(
  files: SimulatedFiles,
  options: DiskStoreOptions = SMALL,
): Promise<LoadedStore<DiskStore>> {
  return new LoadedStore(await DiskStore.openOn(files, options));
}

function commit(core: LoadedStore): Promise<StoreError | null> {
  return new Promise((resolve) => core.store.commit(Durability.Disk, resolve));
}

/** So many messages come and go, with one commit. */
async function pass(core: LoadedStore, messages: number): Promise<StoreError | null> {
  const queue = core.sessionQueue('passing');
  for (let i = 0; i < messages; i++) queue.push(new Delivery(core.message({ payload: `${i}` }), 1, false));
  for (let i = 0; i < messages; i++) {
    const delivery = numbered(shiftFrom(queue), i + 1);
    queue.sent(delivery);
    queue.done(delivery);
  }
  return commit(core);
}

/** Much that stays: sessions with what waits for them. */
async function keep(core: LoadedStore, sessions: number, messages: number): Promise<void> {
  for (let i = 0; i < sessions; i++) {
    core.store.putSession(session(`kept ${i}`));
    const queue = core.sessionQueue(`kept ${i}`);
    queue.rest();
    for (let number = 0; number < messages; number++) {
      queue.push(new Delivery(core.message({ payload: `${number}` }), 1, false));
    }
    if (i % 10 === 9) await commit(core);
  }
}

describe('cleaning', () => {
  test.each([
    { sessions: 2000, messages: 20, passing: 1000, commits: 120 },
    { sessions: 40, messages: 1000, passing: 1000, commits: 120 },
    { sessions: 300, messages: 30, passing: 30, commits: 1500 },
    { sessions: 3000, messages: 1, passing: 250, commits: 200 },
    { sessions: 10, messages: 1, passing: 250, commits: 200 },
  ])(
    'keeps the log near twice what lives: $sessions queues of $messages, $passing that pass with each of $commits commits',
    async ({ sessions, messages, passing, commits }) => {
      const core = await open(new SimulatedFiles({ seed: 1 }));
      await keep(core, sessions, messages);
      core.store.putSession(session('passing'));
      let largest = 0;
      for (let number = 0; number < commits; number++) {
        expect(await pass(core, passing)).toBe(null);
        const { fileBytes, liveBytes } = core.store.stats();
        largest = Math.max(
          largest,
          fileBytes / (1.2 * Math.max(4 * SEGMENT_BYTES, 2 * liveBytes) + 4 * SEGMENT_BYTES),
        );
      }
      expect(largest).toBeLessThan(1);
      expect(core.store.stats().queued).toBe(sessions * messages);
      expect(core.store.stats().damagedMessages).toBe(0);
    },
  );

  test('ends its walk though more is retained anew with each commit than it visits', async () => {
    const files = new SimulatedFiles({ seed: 1 });
    const core = await open(files);
    core.store.putSession(session('kept'));
    core.sessionQueue('kept').push(new Delivery(core.message({ payload: 'kept' }), 1, false));
    await commit(core);
    for (let number = 0; number < 12; number++) {
      for (let i = 0; i < 12_000; i++) {
        core.store.putRetained(`t${i}`, core.message({ topicName: `t${i}` }), Number.POSITIVE_INFINITY);
      }
      expect(await commit(core)).toBe(null);
    }
    expect(files.names).not.toContain('00000001.log');
    expect(core.store.stats().retained).toBe(12_000);
  });

  test('merges the many small files that starts after crashes leave', async () => {
    let files = new SimulatedFiles({ seed: 1 });
    for (let life = 0; life < 200; life++) {
      const core = await open(files, {});
      for (let number = 0; number < 3; number++) {
        core.store.putSession(session(`s${life}.${number}`));
        expect(await commit(core)).toBe(null);
      }
      files = files.afterKill();
    }
    expect(files.names.length).toBeLessThan(70);
    expect((await open(files, {})).sessions.size).toBe(600);
  });

  test('adds nothing to what a commit could not write', async () => {
    const files = new SimulatedFiles({ seed: 1 });
    const core = await open(files);
    await keep(core, 300, 30);
    core.store.putSession(session('passing'));
    while (core.census.asked === 0) await pass(core, 30);
    files.faultOf = ({ operation }) =>
      operation === 'write' ? { kind: 'error', code: 'ENOSPC' } : undefined;
    expect((await pass(core, 1))?.code).toBe('store-full');
    const { asked } = core.census;
    const { fileBytes } = core.store.stats();
    for (let number = 0; number < 20; number++) expect((await pass(core, 1))?.code).toBe('store-full');
    expect(core.census.asked).toBe(asked);
    expect(core.store.stats().fileBytes - fileBytes).toBeLessThan(20 * 200);
    files.faultOf = () => undefined;
    for (let number = 0; number < 50; number++) expect(await pass(core, 30)).toBe(null);
    expect(core.census.asked).toBeGreaterThan(asked);
  });
});
