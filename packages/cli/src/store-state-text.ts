/** What `martlet store stats` and `check` say of who uses a store, and how it was left. */
import type { LockHolder, StoreUse } from '@martlet/broker';

/** @param isClean The last thing in its files is a stop in order. */
export function storeStateText(use: StoreUse, isClean: boolean): string {
  switch (use.kind) {
    case 'held': {
      const { pid, host, since } = use.holder;
      return `in use by process ${pid} on ${host} since ${since}`;
    }
    case 'silent':
      return 'in use by a process that does not answer: it is stopped, or hangs';
    case 'unknown':
      return isClean
        ? 'stopped in order'
        : 'in use, or not stopped in order, or a copy of one in use (which cannot be told on this file system)';
    case 'free':
      return isClean
        ? 'stopped in order'
        : 'not stopped in order, or a copy of one in use; a broker goes on with all that is here';
  }
}

/** The same for programs. */
export function storeStateFields(use: StoreUse): {
  readonly use: StoreUse['kind'];
  readonly holder: LockHolder | null;
} {
  return { use: use.kind, holder: use.kind === 'held' ? use.holder : null };
}
