import { describe, expect, test } from 'vitest';
import { Durability } from '../../../src/core/ports/durability.ts';
import type { Log } from '../../../src/core/ports/log.ts';
import { Delivery } from '../../../src/core/publish/delivery.ts';
import { DiskStore } from '../../../src/stores/disk/disk-store.ts';
import { LoadedStore } from '../contract/loaded-store.ts';
import { numbered, session, shiftFrom } from '../contract/store-rig.ts';
import { afterAllMicrotasks } from './log-world.ts';
import { SimulatedFiles } from './simulated-files.ts';

const FIRST = '00000001.log';

class World {
  readonly files: SimulatedFiles = new SimulatedFiles({ seed: 1 });
  readonly codes: string[] = [];
  core!: LoadedStore<DiskStore>;

  /** What was stored has passed through several files, none of which a synced commit has made superfluous yet. */
  static async withDeadFiles(): Promise<World> {
    const world = new World();
    const log: Log = { write: (_level, code) => world.codes.push(code) };
    const store = await DiskStore.openOn(world.files, {
      segmentBytes: 4096,
      smallestCleanedBytes: 8192,
      patienceMs: 1,
      log,
    });
    world.core = new LoadedStore(store);
    world.core.store.putSession(session('c'));
    for (let commits = 0; commits < 60; commits++) {
      world.pass();
      expect(await world.commit(Durability.Os)).toBeUndefined();
    }
    world.core.store.putSession(session('c'));
    expect(await world.commit(Durability.Os)).toBeUndefined();
    return world;
  }

  /** Ten messages come and go. */
  pass(): void {
    const queue = this.core.sessionQueue('c');
    for (let i = 0; i < 10; i++)
      queue.push(new Delivery(this.core.message({ payload: '-'.repeat(60) }), 1, false));
    for (let i = 0; i < 10; i++) {
      const delivery = numbered(shiftFrom(queue), i + 1);
      queue.sent(delivery);
      queue.done(delivery);
    }
  }

  commit(durability: Durability = Durability.Disk): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.core.store.commit(durability, (error) => resolve(error?.code));
    });
  }
}

describe('the removal of a file that nothing needs', () => {
  test('is told once when it fails, and tried again whatever becomes of commits', async () => {
    const world = await World.withDeadFiles();
    const { files } = world;
    files.faultOf = ({ operation, name }) =>
      operation === 'remove' && name === FIRST ? { kind: 'error', code: 'EIO' } : undefined;
    for (let commits = 0; commits < 3; commits++) {
      world.pass();
      expect(await world.commit()).toBeUndefined();
      await afterAllMicrotasks();
    }
    expect(world.codes).toEqual(['store-file-not-removed']);
    expect(files.names).toContain(FIRST);
    files.faultOf = ({ operation }) => (operation === 'write' ? { kind: 'error', code: 'EIO' } : undefined);
    world.pass();
    expect(await world.commit()).toBe('store-io');
    await afterAllMicrotasks();
    expect(files.names).not.toContain(FIRST);
  });

  test('is not begun once the store is closed, by whatever commit was under way', async () => {
    const world = await World.withDeadFiles();
    const { files } = world;
    let removals = 0;
    files.faultOf = ({ operation, name }) => {
      if (operation === 'remove' && name === FIRST) removals++;
      return undefined;
    };
    world.pass();
    const commit = world.commit();
    await world.core.store.close();
    expect(await commit).toBeUndefined();
    await afterAllMicrotasks();
    expect(removals).toBe(0);
  });

  test('ends after the file under way when the store is closed, which waits for that one', async () => {
    const world = await World.withDeadFiles();
    const { files } = world;
    const removed: string[] = [];
    files.faultOf = ({ operation, name }) => {
      if (operation !== 'remove' || !files.names.includes(name)) return undefined;
      removed.push(name);
      return { kind: 'silent' };
    };
    world.pass();
    expect(await world.commit()).toBeUndefined();
    await afterAllMicrotasks();
    expect(removed).toEqual([FIRST]);
    const closed = world.core.store.close();
    await afterAllMicrotasks();
    files.answerSilentCalls();
    await closed;
    await afterAllMicrotasks();
    expect(removed).toEqual([FIRST]);
  });

  test('that is not answered does not hold up the end, and says that others have to wait', async () => {
    const world = await World.withDeadFiles();
    world.files.faultOf = ({ operation, name }) =>
      operation === 'remove' && name === FIRST ? { kind: 'silent' } : undefined;
    world.pass();
    expect(await world.commit()).toBeUndefined();
    await world.core.store.close();
    expect(world.codes).toEqual(['store-still-locked']);
  });
});

describe('a store whose disk does not answer', () => {
  test('is opened all the same, says that what was written is not synced, and syncs it later', async () => {
    const before = await World.withDeadFiles();
    const files = before.files.afterKill();
    files.faultOf = ({ operation }) => (operation === 'write' ? { kind: 'silent' } : undefined);
    const codes: string[] = [];
    const store = await DiskStore.openOn(files, {
      patienceMs: 1,
      log: { write: (_level, code) => codes.push(code) },
    });
    expect(codes).toEqual(['store-not-synced']);
    expect(store.hasStaged).toBe(true);
    files.faultOf = () => undefined;
    files.answerSilentCalls();
    const core = new LoadedStore(store);
    const outcome = await new Promise((resolve) => core.store.commit(Durability.Os, resolve));
    expect(outcome).toBeNull();
    expect(core.store.hasStaged).toBe(false);
  });
});
