import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DiskStoreOptions } from '../../src/stores/disk/disk-store.ts';
import { DiskStore } from '../../src/stores/disk/disk-store.ts';
import type { LogFiles } from '../../src/stores/disk/files/log-files.ts';
import { NodeLogFiles } from '../../src/stores/disk/files/node-log-files.ts';
import type { StoreHarness } from './contract/store-rig.ts';
import type { SimulatedFiles } from './disk/simulated-files.ts';
import { GatedFiles } from './gated-files.ts';

/** A harness whose store is known to be a disk store. */
export interface DiskHarness extends StoreHarness {
  readonly store: DiskStore;
  commitUnderWay(): boolean;
  reopen(): Promise<DiskHarness>;
}

/** A disk store on simulated files; a restart finds what a killed process leaves. */
export function simulatedHarness(files: SimulatedFiles, options: DiskStoreOptions): Promise<DiskHarness> {
  return harnessOn(files, options, () => simulatedHarness(files.afterKill(), options));
}

/** A disk store in a directory of its own, which is removed with the last store in it. */
export async function realHarness(options: DiskStoreOptions, directory?: string): Promise<DiskHarness> {
  const path = directory ?? (await mkdtemp(join(tmpdir(), 'martlet-store-')));
  const harness = await harnessOn(new NodeLogFiles(path), options, () => realHarness(options, path));
  return {
    ...harness,
    async close() {
      await harness.close();
      await rm(path, { recursive: true, force: true });
    },
  };
}

async function harnessOn(
  files: LogFiles,
  options: DiskStoreOptions,
  reopen: () => Promise<DiskHarness>,
): Promise<DiskHarness> {
  const gate = new GatedFiles(files);
  const store = await DiskStore.openOn(gate, options);
  let ended: Promise<void> = Promise.resolve();
  let underWay = false;
  const { commit } = store;
  store.commit = (durability, done) => {
    gate.shut();
    underWay = true;
    ended = new Promise((resolve) => {
      commit.call(store, durability, (error) => {
        underWay = false;
        done(error);
        resolve();
      });
    });
  };
  return {
    store,
    commitUnderWay: () => underWay,
    finishCommit() {
      gate.letGo();
      return ended;
    },
    failNextCommit: () => gate.failNext(),
    async reopen() {
      await gate.end();
      return reopen();
    },
    async close() {
      gate.letGo();
      await ended;
      await store.close();
    },
  };
}
