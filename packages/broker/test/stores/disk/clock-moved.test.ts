import { describe, expect, test } from 'vitest';
import { Durability } from '../../../src/core/ports/durability.ts';
import { Delivery } from '../../../src/core/publish/delivery.ts';
import { DiskStore } from '../../../src/stores/disk/disk-store.ts';
import { LoadedStore } from '../contract/loaded-store.ts';
import { session, shiftFrom } from '../contract/store-rig.ts';
import { SimulatedFiles } from './simulated-files.ts';

const HOUR_MS = 3_600_000;

class Rig {
  files = new SimulatedFiles({ seed: 1 });
  wallAheadMs = 1_000_000.25;

  async open(): Promise<LoadedStore<DiskStore>> {
    return new LoadedStore(await DiskStore.openOn(this.files, {}), this.wallAheadMs);
  }

  /** Keeps what was staged; another process, whose monotonic clock says something else, opens it. */
  async restart(core: LoadedStore): Promise<LoadedStore<DiskStore>> {
    await new Promise((resolve) => core.store.commit(Durability.Disk, resolve));
    this.files = this.files.afterKill();
    this.wallAheadMs = core.wallAheadMs - 7_000_000.5;
    return this.open();
  }

  get fileBytes(): number {
    return this.files.names.reduce((sum, name) => sum + this.files.bytesOf(name).length, 0);
  }
}

function push(core: LoadedStore, payload: string, expiresAtWallMs: number): void {
  const message = core.message({ payload, expiresAtMs: expiresAtWallMs - core.wallAheadMs });
  core.sessionQueue('c').push(new Delivery(message, 1, false));
}

describe('A wall clock that jumps', () => {
  test('costs a disk store a few bytes, however many messages expire', async () => {
    const rig = new Rig();
    const core = await rig.open();
    core.store.putSession(session('c'));
    for (let i = 0; i < 1000; i++) push(core, `${i}`, 5_000_000 + i);
    await new Promise((resolve) => core.store.commit(Durability.Disk, resolve));
    const before = rig.fileBytes;
    core.wallAheadMs += HOUR_MS;
    core.store.restamp();
    const again = await rig.restart(core);
    expect(rig.fileBytes - before).toBeLessThan(1000);
    for (let i = 0; i < 1000; i++) {
      const { message } = shiftFrom(again.sessionQueue('c'));
      expect(again.expiresAtWallMs(message)).toBeCloseTo(5_000_000 + i + HOUR_MS, 0);
    }
  });

  test('to and fro, between restarts, moves what is older than each jump and nothing else', async () => {
    const rig = new Rig();
    let core = await rig.open();
    core.store.putSession(session('c'));
    push(core, 'before', 1e9);
    core.wallAheadMs += 5 * HOUR_MS;
    // It has jumped already, and nobody has noticed.
    push(core, 'unnoticed', 1e9);
    core.store.restamp();
    push(core, 'after one', 1e9);
    core = await rig.restart(core);
    core.wallAheadMs -= 2 * HOUR_MS;
    core.store.restamp();
    push(core, 'after two', 1e9);
    core = await rig.restart(core);
    core = await rig.restart(core);
    const expiries = [1, 2, 3, 4].map(() => {
      const { message } = shiftFrom(core.sessionQueue('c'));
      return Math.round(core.expiresAtWallMs(message));
    });
    expect(expiries).toEqual([1e9 + 3 * HOUR_MS, 1e9 - 2 * HOUR_MS, 1e9 - 2 * HOUR_MS, 1e9]);
  });

  test('stages nothing in a store that holds no message', async () => {
    const core = await new Rig().open();
    core.wallAheadMs += HOUR_MS;
    core.store.restamp();
    expect(core.store.hasStaged).toBe(false);
    core.store.putSession(session('c'));
    push(core, 'x', 1e9);
    core.store.restamp();
    expect(core.expiresAtWallMs(shiftFrom(core.sessionQueue('c')).message)).toBe(1e9);
  });
});
