/** The store of the broker that `martlet start` runs: on the disk, or in memory if nothing is ever written. */
import type { Log, Store } from '@martlet/broker';
import { DiskStore, MemoryStore } from '@martlet/broker';
import type { Levels } from './durability-options.ts';
import { isMemoryOnly } from './durability-options.ts';
import { withProgress } from './progress-bar.ts';
import { chosenDirectory, havingDirectory, withStoreIn } from './store-directory.ts';
import { UsageError } from './usage-error.ts';

/** The least time that closing gets when the connections have used up theirs, in ms. */
const LEAST_CLOSE_MS = 1000;

export interface BrokerStore {
  readonly store: Store;
  /** Undefined: there is none. */
  readonly directory: string | undefined;
  /** Rejects if something could not be kept. */
  close(): Promise<void>;
}

/**
 * Rejects with an error of the environment: in use, damaged, not permitted.
 * @param dataDir As the user gave it.
 * @throws {UsageError} for a directory in which nothing would be kept
 */
export async function openBrokerStore(
  dataDir: string | undefined,
  levels: Levels,
  log: Log,
): Promise<BrokerStore> {
  if (isMemoryOnly(levels)) {
    if (dataDir !== undefined) {
      throw new UsageError(
        "option '--data-dir': with --durability memory nothing is kept there; leave one of the two out",
      );
    }
    return { store: new MemoryStore(), directory: undefined, close: () => Promise.resolve() };
  }
  const directory = chosenDirectory(dataDir);
  const store = await withProgress('Opening the store', (progress) =>
    withStoreIn(directory, () =>
      havingDirectory(() =>
        DiskStore.open({
          directory,
          log,
          onProgress: (readBytes, totalBytes) => progress.show(readBytes, totalBytes),
        }),
      ),
    ),
  );
  return { store, directory, close: () => store.close() };
}

/**
 * Fulfils with whether everything is kept; the log says what is not. It waits for a disk that does not answer until the
 * deadline, on the clock of `performance.now()`.
 */
export async function closeBrokerStore(store: BrokerStore, deadlineMs: number, log: Log): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_resolve, reject) => {
    const delayMs = Math.max(LEAST_CLOSE_MS, deadlineMs - performance.now());
    timer = setTimeout(() => reject(new Error('its disk does not answer')), delayMs);
  });
  try {
    await Promise.race([store.close(), timeout]);
    return true;
  } catch (error) {
    log.write(
      'error',
      'store-not-closed',
      `the store could not be closed in order: ${(error as Error).message}; what had been acknowledged as on the disk is there, ` +
        'what was still waiting may not be',
    );
    return false;
  } finally {
    clearTimeout(timer);
  }
}
