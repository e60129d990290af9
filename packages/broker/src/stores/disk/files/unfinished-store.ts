import type { LogFiles } from './log-files.ts';
import { StoreOpenError } from './store-open-error.ts';

/** A folder of this name is in a directory as long as a store is being put into it. */
export const UNFINISHED = 'unfinished';

/**
 * A directory into which a store was being put holds a part of it at most, and looks like an empty or a smaller one.
 * @throws {StoreOpenError} `store-unfinished`; `store-unreadable`
 */
export async function refuseUnfinished(files: LogFiles): Promise<void> {
  let names: readonly string[];
  try {
    names = await files.list();
  } catch (error) {
    throw StoreOpenError.unreadable('the data directory', error);
  }
  if (names.includes(UNFINISHED)) throw StoreOpenError.unfinished(UNFINISHED);
}
