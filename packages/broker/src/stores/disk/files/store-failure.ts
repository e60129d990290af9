import type { StoreError } from '../../../core/ports/store.ts';
import { SyncFailedError, systemCode } from './log-files.ts';
import { StoreOpenError } from './store-open-error.ts';

/** Why something could not be kept, or not be read. Stable; the message is for people. */
export type StoreFailureCode =
  /** No space is left on the disk, or the quota is used up. Goes away when there is space. */
  | 'store-full'
  /** The file system or the directory may not be written to. */
  | 'store-read-only'
  /** A call of the file system failed otherwise, which `cause` tells. */
  | 'store-io'
  /** What was written may not be on the disk. It is written again to another file. */
  | 'store-sync-failed'
  /** A call has not been answered for seconds. What it was to write is written again to another file. */
  | 'store-silent'
  /** What was on the disk is not there any more as it was written. */
  | 'store-damaged'
  /** The caller staged more than fits in one batch. */
  | 'store-batch-too-large'
  | 'store-closed';

/**
 * A commit or a read of the disk store failed. Nothing is lost by it: what a commit was to keep stays pending and goes
 * with the next one.
 */
export class StoreFailure extends Error implements StoreError {
  override readonly name = 'StoreFailure';
  readonly code: StoreFailureCode;

  constructor(code: StoreFailureCode, message: string, details: { cause?: unknown } = {}) {
    super(message, { cause: details.cause });
    this.code = code;
  }

  /** What an error of the file system means for the store. One that is already told in these terms stays. */
  static of(error: unknown, doing: string): StoreFailure {
    if (error instanceof StoreFailure) return error;
    if (error instanceof StoreOpenError) {
      const kind = error.code === 'store-unreadable' ? 'store-io' : 'store-damaged';
      return new StoreFailure(kind, error.message, { cause: error });
    }
    const cause = { cause: error };
    const told = error instanceof Error ? error.message : String(error);
    if (error instanceof SyncFailedError) {
      return new StoreFailure('store-sync-failed', `${doing}: ${told}; it is written again elsewhere`, cause);
    }
    switch (systemCode(error)) {
      case 'ENOSPC':
      case 'EDQUOT':
        return new StoreFailure('store-full', `${doing}: the disk is full; free some space (${told})`, cause);
      case 'EROFS':
      case 'EACCES':
      case 'EPERM':
        return new StoreFailure('store-read-only', `${doing}: it may not be written to (${told})`, cause);
      default:
        return new StoreFailure('store-io', `${doing}: the file system failed (${told})`, cause);
    }
  }
}
