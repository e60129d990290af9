/** The store of a server: on the disk, or in memory if nothing is ever written. */
import { resolve } from 'node:path';
import type { Configuration } from '../config/configuration.ts';
import type { Log } from '../core/ports/log.ts';
import type { Store } from '../core/ports/store.ts';
import { DiskStore } from '../stores/disk/disk-store.ts';
import { MemoryStore } from '../stores/memory-store.ts';
import { isInMemory } from './reload/fixed-keys.ts';

export interface ServerStore {
  readonly store: Store;
  /** Undefined: there is none. */
  readonly directory: string | undefined;
  /** Rejects if something could not be kept. */
  close(): Promise<void>;
}

/** Rejects with an error of the environment: in use, damaged, not permitted. */
export type OpenServerStore = (configuration: Configuration, log: Log) => Promise<ServerStore>;

/** The least time that closing gets when the connections have used up theirs, in ms. */
const LEAST_CLOSE_MS = 1000;
const DEFAULT_DIRECTORY = 'martlet-data';

export async function openServerStore(configuration: Configuration, log: Log): Promise<ServerStore> {
  if (isInMemory(configuration)) return memoryServerStore();
  const directory = resolve(configuration.store.directory || DEFAULT_DIRECTORY);
  const store = await DiskStore.open({ directory, log });
  return { store, directory, close: () => store.close() };
}

export function memoryServerStore(): ServerStore {
  return { store: new MemoryStore(), directory: undefined, close: () => Promise.resolve() };
}

/**
 * Fulfils with whether everything is kept; the log says what is not. It waits for a disk that does not answer until the
 * deadline, on the clock of `performance.now()`.
 */
export async function closeServerStore(store: ServerStore, deadlineMs: number, log: Log): Promise<boolean> {
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
