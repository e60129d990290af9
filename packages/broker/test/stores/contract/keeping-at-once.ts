import { expect, test } from 'vitest';
import { Durability } from '../../../src/core/ports/durability.ts';
import type { StoreError } from '../../../src/core/ports/store.ts';
import type { StoreRig } from './store-rig.ts';
import { owner, waits } from './store-rig.ts';

/** For a store that keeps at once. */
export function describeKeepingAtOnce(rig: StoreRig): void {
  test('what was staged is kept without a commit', async () => {
    rig.put('c').push(rig.delivery('1'));
    expect(rig.core.store.hasStaged).toBe(false);
    expect(rig.core.store.messageCount).toBe(1);
    await rig.restart();
    expect(rig.core.drain(owner('c'))).toEqual([waits('1')]);
  });

  test('a commit that nobody needed ends well, and not from inside the call', async () => {
    let inside = true;
    const ended = new Promise<[error: StoreError | null, inside: boolean]>((resolve) => {
      rig.core.store.commit(Durability.Disk, (error) => resolve([error, inside]));
    });
    inside = false;
    expect(await ended).toEqual([null, false]);
  });
}
