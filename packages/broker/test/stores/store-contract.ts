import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeCommits } from './contract/commits.ts';
import { describeKeepingAtOnce } from './contract/keeping-at-once.ts';
import { describeLatest } from './contract/latest.ts';
import { describeLoading } from './contract/loading.ts';
import { describeMessages } from './contract/messages.ts';
import { describeStoreModel } from './contract/model.ts';
import { describeQueues } from './contract/queues.ts';
import { describeSharedGroups } from './contract/shared-groups.ts';
import type { StoreHarness } from './contract/store-rig.ts';
import { StoreRig } from './contract/store-rig.ts';

export type { StoreHarness } from './contract/store-rig.ts';

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
    const rig = new StoreRig();
    beforeEach(() => rig.open(makeHarness));
    afterEach(() => rig.close());

    test('a new store shows nothing and holds nothing', () => {
      const { store, shown } = rig.core;
      expect(shown).toEqual([]);
      expect([store.messageCount, store.messageBytes]).toEqual([0, 0]);
      expect(store.hasStaged).toBe(false);
      expect(store.keepsAtOnce).toBe(traits.keepsAtOnce);
    });

    describeLoading(rig);
    describeQueues(rig);
    describeLatest(rig);
    describeSharedGroups(rig);
    describeMessages(rig);
    if (traits.keepsAtOnce) describeKeepingAtOnce(rig);
    else describeCommits(rig);
    describeStoreModel(traits, makeHarness);
  });
}
