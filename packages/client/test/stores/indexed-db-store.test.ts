import type { IDBDatabase, IDBObjectStore } from 'fake-indexeddb';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { IndexedDbStoreOptions } from '../../src/stores/indexed-db-store.ts';
import { indexedDbStore } from '../../src/stores/indexed-db-store.ts';
import type { SessionStore } from '../../src/stores/session-store.ts';
import { describeSessionStore, put, remove } from './session-store-contract.ts';
import { SimulatedLocks } from './simulated-locks.ts';

type Factory = NonNullable<IndexedDbStoreOptions['factory']>;
type Locks = NonNullable<IndexedDbStoreOptions['locks']>;
type Database = InstanceType<typeof IDBDatabase>;

const NAME = 'martlet:panel-3';

let factory: InstanceType<typeof IDBFactory>;
let locks: SimulatedLocks;

beforeEach(() => {
  factory = new IDBFactory();
  locks = new SimulatedLocks();
});

afterEach(() => vi.unstubAllGlobals());

function newStore(lockTimeoutMs = 0): SessionStore {
  return indexedDbStore({ name: 'panel-3', lockTimeoutMs, factory, locks: locks as unknown as Locks });
}

/** As something else on the page would open it. */
function opened(name: string, version: number, onUpgrade: (database: Database) => void = () => undefined) {
  return new Promise<Database>((resolve, reject) => {
    const request = factory.open(name, version);
    request.onupgradeneeded = () => onUpgrade(request.result);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function deleted(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = factory.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error);
  });
}

describeSessionStore('IndexedDB store', async () => ({ store: newStore, discard: async () => undefined }));

describe('A session store in IndexedDB', () => {
  test('writes a transaction for each write, kept before it is fulfilled', async () => {
    const store = newStore();
    await store.open();
    const transaction = vi.spyOn(Object.getPrototypeOf(await opened(NAME, 1)), 'transaction');
    await store.write([put(1, 'a'), put(2, 'b'), remove(1)]);
    expect(transaction.mock.calls).toEqual([['records', 'readwrite', { durability: 'strict' }]]);
    transaction.mockRestore();
    await store.close();
  });

  test('has its records under their numbers, in a database of its own name', async () => {
    const store = newStore();
    await store.open();
    await store.write([put(-3, 'abc')]);
    await store.close();
    const database = await opened(NAME, 1);
    expect([...database.objectStoreNames]).toEqual(['records']);
    const request = database.transaction('records').objectStore('records').get(-3);
    await new Promise((resolve) => {
      request.onsuccess = resolve;
    });
    expect([...request.result]).toEqual([97, 98, 99]);
  });

  test('is a session of its own for each name', async () => {
    const store = newStore();
    await store.open();
    const other = indexedDbStore({ name: 'panel-4', factory, locks: locks as unknown as Locks });
    await other.open();
    await store.write([put(1, 'a')]);
    await other.close();
    expect(await other.open()).toEqual([]);
    await Promise.all([store.close(), other.close()]);
  });

  test('takes what the browser has when it is not told otherwise', async () => {
    vi.stubGlobal('indexedDB', factory);
    vi.stubGlobal('IDBKeyRange', IDBKeyRange);
    vi.stubGlobal('navigator', { locks });
    const store = indexedDbStore({ name: 'panel-3' });
    await store.open();
    expect(locks.isHeld(NAME)).toBe(true);
    await store.close();
    expect(locks.isHeld(NAME)).toBe(false);
  });

  test('works where there are no Web Locks, and keeps no second page out', async () => {
    const stores = [1, 2].map(() => indexedDbStore({ name: 'panel-3', factory }));
    for (const store of stores) await store.open();
    await stores[0]!.write([put(1, 'a')]);
    for (const store of stores) await store.close();
    expect(await stores[1]!.open()).toHaveLength(1);
  });
});

test('A session without a name is refused when its store is made', () => {
  for (const name of ['', undefined]) {
    expect(() => indexedDbStore({ name: name as string })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    );
  }
});

describe('A page that opens a session that another one has', () => {
  test('gets it when the other lets go of it in time', async () => {
    const first = newStore();
    await first.open();
    const second = newStore(60_000);
    const records = second.open();
    await first.write([put(1, 'a')]);
    await first.close();
    expect(await records).toHaveLength(1);
    await second.close();
  });

  test('is refused when the other does not, and can be closed', async () => {
    const first = newStore();
    await first.open();
    const second = newStore(1);
    await expect(second.open()).rejects.toMatchObject({
      code: 'STORE_FAILED',
      kind: 'environment',
      message: `session store ${NAME}: another page may have it; close that one, or use another name`,
      cause: { name: 'TimeoutError' },
    });
    await second.close();
    await first.close();
    await second.open();
  });

  test('is not in the way when it was closed before it had it', async () => {
    const first = newStore();
    await first.open();
    const second = newStore(60_000);
    const opening = second.open();
    await second.close();
    await first.close();
    await expect(opening).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect(locks.isHeld(NAME)).toBe(false);
    await first.open();
    await deletedSoon(first);
  });

  async function deletedSoon(store: SessionStore): Promise<void> {
    await store.close();
    // A connection that was left open would hold this up for ever.
    await deleted(NAME);
  }
});

describe('A browser that keeps nothing', () => {
  test.each([
    ['has no IndexedDB', undefined],
    [
      'forbids it',
      {
        open: () => {
          throw new DOMException('denied', 'SecurityError');
        },
      },
    ],
  ])('is told at once when it %s, and the lock is given back', async (_what, broken) => {
    const store = indexedDbStore({
      name: 'panel-3',
      locks: locks as unknown as Locks,
      ...(broken === undefined ? {} : { factory: broken as unknown as Factory }),
    });
    await expect(store.open()).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: `session store ${NAME}: IndexedDB refused it`,
      cause: expect.any(Error),
    });
    expect(locks.isHeld(NAME)).toBe(false);
  });

  test('a database of a newer version is left alone', async () => {
    (await opened(NAME, 2)).close();
    await expect(newStore().open()).rejects.toMatchObject({
      code: 'STORE_FAILED',
      cause: { name: 'VersionError' },
    });
  });

  test('a database of somebody else is left alone', async () => {
    (await opened(NAME, 1, (database) => database.createObjectStore('theirs'))).close();
    await expect(newStore().open()).rejects.toMatchObject({
      code: 'STORE_FAILED',
      cause: { name: 'NotFoundError' },
    });
    await deleted(NAME);
  });

  test('a quota that is exceeded fails the write as a whole, and all after it until it is opened again', async () => {
    const store = newStore();
    await store.open();
    await store.write([put(1, 'a')]);
    const prototype = Object.getPrototypeOf(
      (await opened(NAME, 1)).transaction('records', 'readwrite').objectStore('records'),
    );
    const originalPut = prototype.put;
    const fullPut = vi.spyOn(prototype, 'put').mockImplementation(function (
      this: InstanceType<typeof IDBObjectStore>,
      ...[value, key]: unknown[]
    ) {
      const request = originalPut.call(this, value, key);
      // So a browser does that finds out when it writes.
      if (key === 3) {
        Object.defineProperty(this.transaction, 'error', {
          value: new DOMException('full', 'QuotaExceededError'),
        });
        this.transaction.abort();
      }
      return request;
    });
    await expect(store.write([put(2, 'b'), put(3, 'c')])).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: `session store ${NAME}: a write failed; close it, and open it again`,
      cause: { name: 'QuotaExceededError' },
    });
    fullPut.mockRestore();
    await expect(store.write([put(4, 'd')])).rejects.toMatchObject({
      code: 'STORE_FAILED',
      cause: { name: 'QuotaExceededError' },
    });
    await store.close();
    expect((await store.open()).map(({ key }) => key)).toEqual([1]);
    await store.write([put(4, 'd')]);
    await store.close();
  });
});

describe('A database that is deleted under a store', () => {
  test('by another page goes, and the next write says so', async () => {
    const store = newStore();
    await store.open();
    await store.write([put(1, 'a')]);
    await deleted(NAME);
    await expect(store.write([put(2, 'b')])).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: `session store ${NAME}: it was deleted from outside; close it, and open it again`,
    });
    await store.close();
    expect(await store.open()).toEqual([]);
    await store.write([put(3, 'c')]);
    await store.close();
  });

  test('by the user, in the settings of the browser, makes the next write say so', async () => {
    let database: Database | undefined;
    const watching = {
      open: (...args: [string, number]) => {
        const request = factory.open(...args);
        request.addEventListener('success', () => {
          database = request.result as Database;
        });
        return request;
      },
    };
    const store = indexedDbStore({ name: 'panel-3', factory: watching as unknown as Factory });
    await store.open();
    database!.close();
    database!.onclose!(new Event('close'));
    await expect(store.write([put(1, 'a')])).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining('deleted from outside'),
    });
  });
});
