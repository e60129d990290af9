import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SessionStore, StoredChange } from '../../src/stores/session-store.ts';

/** A place for one session, empty at first. */
export interface StorePlace {
  /** One more store at this place, not open, as another client or another process would make it. */
  store(): SessionStore;
  discard(): Promise<void>;
}

/** What every session store does. */
export function describeSessionStore(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(`The contract of a session store, kept by the ${name}`, () => {
    let place: StorePlace;

    beforeEach(async () => {
      place = await makePlace();
    });

    afterEach(() => place.discard());

    /** What a new process finds. */
    async function found(): Promise<readonly (readonly [number, string])[]> {
      const store = place.store();
      const records = await store.open();
      await store.close();
      return records.map(({ key, value }) => [key, text(value)] as const);
    }

    async function written(...writes: readonly (readonly StoredChange[])[]): Promise<void> {
      const store = place.store();
      await store.open();
      for (const changes of writes) await store.write(changes);
      await store.close();
    }

    test('a new place has no records', async () => {
      expect(await found()).toEqual([]);
      expect(await found()).toEqual([]);
    });

    test('records come back in ascending order of key, negative ones included', async () => {
      const keys = [10, 9, -1, 2 ** 40, 0, -(2 ** 33), Number.MAX_SAFE_INTEGER, 100, Number.MIN_SAFE_INTEGER];
      await written(keys.map((key) => put(key, `value ${key}`)));
      const sorted = [...keys].sort((one, other) => one - other);
      expect(await found()).toEqual(sorted.map((key) => [key, `value ${key}`]));
    });

    test('a record is replaced, and stays alone', async () => {
      await written([put(1, 'first')], [put(1, 'second, and longer')], [put(1, '')]);
      expect(await found()).toEqual([[1, '']]);
    });

    test('a record is removed, and so is one that is not there', async () => {
      await written([put(1, 'a'), put(2, 'b')], [remove(1), remove(7)]);
      expect(await found()).toEqual([[2, 'b']]);
      await written([remove(2)]);
      expect(await found()).toEqual([]);
    });

    test('changes of one write are applied in their order', async () => {
      await written([put(1, 'a'), remove(1), put(2, 'b'), put(2, 'c'), remove(3), put(3, 'd'), put(1, 'e')]);
      expect(await found()).toEqual([
        [1, 'e'],
        [2, 'c'],
        [3, 'd'],
      ]);
    });

    test('a write of nothing changes nothing', async () => {
      await written([], [put(1, 'a')], []);
      expect(await found()).toEqual([[1, 'a']]);
    });

    test('a value is every byte of its view, and no other', async () => {
      const whole = Uint8Array.from({ length: 300 }, (_, index) => index);
      await written([{ key: 1, value: whole.subarray(20, 290) }]);
      const store = place.store();
      const [record] = await store.open();
      expect(record?.value).toBeInstanceOf(Uint8Array);
      expect([...record!.value]).toEqual([...whole.subarray(20, 290)]);
      expect(record!.value.buffer.byteLength).toBe(270);
      await store.close();
    });

    test('the caller may write over its bytes once a write is fulfilled', async () => {
      const store = place.store();
      await store.open();
      const value = new TextEncoder().encode('abc');
      await store.write([{ key: 1, value }]);
      value.fill(0);
      await store.write([put(2, 'd')]);
      await store.close();
      expect(await found()).toEqual([
        [1, 'abc'],
        [2, 'd'],
      ]);
    });

    test('a large value comes back whole', async () => {
      const value = new Uint8Array(5_000_000).map((_, index) => (index * 31) >>> 3);
      await written([put(1, 'a'), { key: 2, value }, put(3, 'c')]);
      const store = place.store();
      const records = await store.open();
      expect(records.map(({ key }) => key)).toEqual([1, 2, 3]);
      expect(Buffer.compare(records[1]!.value, value)).toBe(0);
      await store.close();
    });

    test('ten thousand records come back in order, written in many writes and changed in more', async () => {
      const store = place.store();
      await store.open();
      for (let from = 0; from < 10_000; from += 100) {
        await store.write(Array.from({ length: 100 }, (_, index) => put(from + index, `v${from + index}`)));
      }
      for (let from = 0; from < 10_000; from += 1000) {
        await store.write(
          Array.from({ length: 1000 }, (_, index) =>
            (from + index) % 2 === 0 ? remove(from + index) : put(from + index, `w${from + index}`),
          ),
        );
      }
      await store.close();
      expect(await found()).toEqual(
        Array.from({ length: 5000 }, (_, index) => [2 * index + 1, `w${2 * index + 1}`]),
      );
    });

    test('records are there again after each of many openings', async () => {
      for (let round = 0; round < 5; round++) {
        expect(await found()).toEqual(Array.from({ length: round }, (_, key) => [key, `round ${key}`]));
        await written([put(round, `round ${round}`)]);
      }
    });

    test('a write with a wrong key is refused as a whole, and every further one until it is opened again', async () => {
      const store = place.store();
      await store.open();
      await store.write([put(1, 'a')]);
      await expect(store.write([put(2, 'b'), put(Number.NaN, 'c')])).rejects.toMatchObject({
        name: 'ClientError',
        code: 'STORE_FAILED',
      });
      await expect(store.write([put(3, 'd')])).rejects.toMatchObject({ code: 'STORE_FAILED' });
      await store.close();
      expect((await store.open()).map(({ key }) => key)).toEqual([1]);
      await store.write([put(4, 'e')]);
      await store.close();
      expect(await found()).toEqual([
        [1, 'a'],
        [4, 'e'],
      ]);
    });

    test('a second client is refused until the first has closed, and takes nothing from it', async () => {
      const first = place.store();
      await first.open();
      await expect(place.store().open()).rejects.toMatchObject({ name: 'ClientError', code: 'STORE_FAILED' });
      await first.write([put(1, 'a')]);
      await first.close();
      expect(await found()).toEqual([[1, 'a']]);
    });

    test('a store that is open is not opened again', async () => {
      const store = place.store();
      await store.open();
      await expect(store.open()).rejects.toMatchObject({ code: 'STORE_FAILED' });
      await store.write([put(1, 'a')]);
      await store.close();
      expect(await found()).toEqual([[1, 'a']]);
    });

    test('before it is opened and after it is closed, nothing is written, and it says so', async () => {
      const store = place.store();
      await expect(store.write([put(1, 'a')])).rejects.toMatchObject({ code: 'STORE_FAILED' });
      await store.open();
      await store.close();
      await expect(store.write([put(1, 'a')])).rejects.toMatchObject({ code: 'STORE_FAILED' });
      expect(await found()).toEqual([]);
    });

    test('it can be closed twice, and without having been opened', async () => {
      const store = place.store();
      await store.close();
      await store.open();
      await store.close();
      await store.close();
      expect(await found()).toEqual([]);
    });

    test('what was written before it is closed is there, although nobody waited for the write', async () => {
      const store = place.store();
      await store.open();
      const write = store.write([put(1, 'a')]);
      await store.close();
      await write;
      expect(await found()).toEqual([[1, 'a']]);
    });
  });
}

export function put(key: number, value: string): StoredChange {
  return { key, value: new TextEncoder().encode(value) };
}

export function remove(key: number): StoredChange {
  return { key, value: null };
}

function text(value: Uint8Array): string {
  return new TextDecoder().decode(value);
}
