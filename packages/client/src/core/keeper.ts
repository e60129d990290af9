/**
 * How safe the session is: changes to what must survive the process are counted, the host writes them, one write under way
 * at a time, and says how many are safe. Whatever tells the peer something that must survive waits for the revision that
 * its change got. Without a store everything is as safe as it will ever be at once.
 */
import type { StagedChanges } from './staged-changes.ts';

export class Keeper {
  /** What is to be written. Null where there is no store, and before what it kept has been taken in: then nothing waits. */
  changes: StagedChanges | null = null;
  /** Changes staged so far, as a count. */
  revision = 0;
  /** How many of them are safe. */
  committed = 0;

  /** Stages a change, in place of an earlier one of the key. Returns the revision to wait for. */
  keep(key: number, value: Uint8Array | null): number {
    if (this.changes === null) return 0;
    this.changes.stage(key, value);
    return ++this.revision;
  }

  isSafe(revision: number): boolean {
    return revision <= this.committed;
  }
}
