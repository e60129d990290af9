/**
 * Keeps a client's session in IndexedDB, across reloads and restarts of the browser. The database `martlet:<name>`,
 * version 1, has one object store, `records`: its keys are the keys, and its values are `Uint8Array`s.
 */
import { ClientError } from '../client-error.ts';
import type { SessionStore, StoredChange, StoredRecord } from './session-store.ts';

export interface IndexedDbStoreOptions {
  /** Of the session; one for each client of an origin. */
  readonly name: string;
  /**
   * How long to wait for another page to let go of the session, in ms: a page that is loaded anew may meet the one that it
   * replaces. 0 refuses at once.
   * @default 1000
   */
  readonly lockTimeoutMs?: number;
  /** @default the browser's `indexedDB` */
  readonly factory?: IDBFactory;
  /** @default the browser's `navigator.locks`, which secure pages have */
  readonly locks?: LockManager;
}

const RECORDS = 'records';

/**
 * A session store in IndexedDB, for the option `store` of `connect`.
 *
 * A write is one transaction with `durability: 'strict'`, and fulfilled when it is complete. All errors are
 * `STORE_FAILED`, with the browser's as `cause`: there is no IndexedDB (some private windows, frames in a sandbox),
 * another page has the session, the quota is exceeded, the database was deleted. After a failed write every further
 * one fails, until the store is closed and opened again. Where there are no Web Locks (pages without TLS), a second
 * page is not kept out.
 *
 * A browser that runs out of space may delete it, unless `navigator.storage.persist()` was granted.
 *
 * @example
 * const client = connect('wss://broker.example', {
 *   clientId: 'panel-3',
 *   sessionExpiryInterval: 86_400,
 *   store: indexedDbStore({ name: 'panel-3' }),
 * });
 */
export function indexedDbStore(options: IndexedDbStoreOptions): SessionStore {
  if (!options.name)
    throw new ClientError('INVALID_OPTION', `name: expected that of a session, got ${options.name}`);
  const name = `martlet:${options.name}`;
  let isOpen = false;
  let database: IDBDatabase | undefined;
  let failure: ClientError | undefined;
  let unlock: (() => Promise<unknown>) | undefined;

  const failed = (told: string, cause?: unknown): ClientError =>
    new ClientError('STORE_FAILED', `session store ${name}: ${told}`, cause);

  const close = async (): Promise<void> => {
    isOpen = false;
    database?.close();
    database = failure = undefined;
    await unlock?.();
    unlock = undefined;
  };

  return {
    async open() {
      if (isOpen) throw failed('it is open already');
      isOpen = true;
      let told = 'another page may have it; close that one, or use another name';
      try {
        unlock = await lock(options, name);
        told = 'IndexedDB refused it';
        const opened = await openDatabase(options.factory ?? globalThis.indexedDB, name);
        database = opened;
        opened.onclose = opened.onversionchange = () => {
          opened.close();
          failure ??= failed('it was deleted from outside; close it, and open it again');
        };
        // `close` was called before there was anything to close.
        if (!isOpen) throw new Error('closed while it was being opened');
        return await readAll(opened);
      } catch (error) {
        await close();
        throw failed(told, error);
      }
    },

    async write(changes) {
      if (failure !== undefined) throw failure;
      if (database === undefined) throw failed('expected it to be open');
      try {
        await writeAll(database, changes);
      } catch (error) {
        failure ??= failed('a write failed; close it, and open it again', error);
        throw failure;
      }
    },

    close,
  };
}

/** Fulfils with what gives the name back; that is fulfilled when others can have it. */
async function lock(
  { locks = globalThis.navigator?.locks, lockTimeoutMs = 1000 }: IndexedDbStoreOptions,
  name: string,
): Promise<(() => Promise<unknown>) | undefined> {
  if (!locks) return undefined;
  return new Promise((resolve, reject) => {
    const options =
      lockTimeoutMs > 0 ? { signal: AbortSignal.timeout(lockTimeoutMs) } : { ifAvailable: true };
    const held = locks.request(name, options, (granted) => {
      if (granted === null) throw new Error('not available');
      return new Promise<void>((release) => {
        resolve(() => {
          release();
          return held;
        });
      });
    });
    held.catch(reject);
  });
}

function openDatabase(factory: IDBFactory, name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(RECORDS);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function readAll(database: IDBDatabase): Promise<readonly StoredRecord[]> {
  const transaction = database.transaction(RECORDS);
  const records = transaction.objectStore(RECORDS);
  const keys = records.getAllKeys();
  const values = records.getAll();
  await completed(transaction);
  return keys.result.map((key, index) => ({ key: key as number, value: values.result[index] }));
}

async function writeAll(database: IDBDatabase, changes: readonly StoredChange[]): Promise<void> {
  const transaction = database.transaction(RECORDS, 'readwrite', { durability: 'strict' });
  const records = transaction.objectStore(RECORDS);
  try {
    for (const { key, value } of changes) {
      // A copy: of a view, the browser would keep the whole buffer.
      if (value) records.put(value.slice(), key);
      else records.delete(key);
    }
  } catch (error) {
    transaction.abort();
    throw error;
  }
  await completed(transaction);
}

function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}
