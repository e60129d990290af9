import { copyFile, cp, readdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { DiskStore } from '../../../../src/stores/disk/disk-store.ts';
import { makeDirectory } from '../../../../src/stores/disk/files/make-directory.ts';
import { NodeLogFiles } from '../../../../src/stores/disk/files/node-log-files.ts';
import { backupStore } from '../../../../src/stores/disk/tools/backup-store.ts';
import { checkStore } from '../../../../src/stores/disk/tools/check-store.ts';
import { NewStoreDirectory } from '../../../../src/stores/disk/tools/new-store-directory.ts';
import { exported, linesOf } from './exported.ts';
import { temporaryDirectories } from './temporary-directories.ts';
import { session, WrittenStore, writeExample } from './written-store.ts';

const pathOf = temporaryDirectories();

async function openStore(directory: string, segmentBytes?: number): Promise<WrittenStore> {
  await makeDirectory(directory);
  return WrittenStore.open(new NodeLogFiles(directory), segmentBytes);
}

/** Keeps the last fifty messages, and gives old segments up, as a broker does whose client keeps up. */
class BusyWriter {
  removed: number;
  readonly #store: WrittenStore;
  /** The last message that has a byte in each segment. */
  readonly #lastIn: Map<number, number>;
  #key: number;

  constructor(store: WrittenStore) {
    this.removed = 0;
    this.#store = store;
    this.#lastIn = new Map();
    this.#key = 0;
  }

  async write(): Promise<void> {
    const { writer, log } = this.#store;
    writer.session(1, session('c'));
    for (let i = 0; i < 10; i++) {
      const key = this.#key++;
      this.#store.push(1, key, this.#store.message({ payload: `message ${key}` }));
      writer.done(1, key - 50);
    }
    this.#lastIn.set(log.gathering.place.segment, this.#key);
    await this.#store.commit();
    const oldest = log.segments[0]!.number;
    if (log.segments.length > 2 && this.#lastIn.get(oldest)! < this.#key - 60) {
      await log.remove(oldest);
      this.removed++;
    }
  }
}

describe('A backup', () => {
  test('is a store that holds the same, and the original is as it was', async () => {
    const directory = pathOf('store');
    const store = await openStore(directory, 300);
    await writeExample(store);
    await store.close();
    const before = await Promise.all(
      (await readdir(directory)).map((name) => readFile(join(directory, name))),
    );
    const target = join(pathOf('backups'), 'one');
    const phases: string[] = [];
    const result = await backupStore(directory, target, {
      onProgress: (phase, done, total) => phases.push(`${phase} ${done === total}`),
    });
    expect(await exported(target)).toBe(await exported(directory));
    expect((await readdir(target)).length).toBe(result.files);
    expect([...new Set(phases.filter((phase) => phase.endsWith('true')))]).toEqual([
      'verify true',
      'copy true',
      'verify-copy true',
    ]);
    const after = await Promise.all(
      (await readdir(directory)).map((name) => readFile(join(directory, name))),
    );
    expect(after).toEqual(before);
  });

  test('can be opened and written to', async () => {
    const directory = pathOf('store');
    const store = await openStore(directory);
    await writeExample(store);
    const target = pathOf('backup');
    await backupStore(directory, target);
    const restored = await openStore(target);
    restored.writer.sessionGone(1);
    await restored.close();
    expect(linesOf(await exported(target)).at(-1)).toMatchObject({ sessions: 1, inFlight: 0 });
    await store.close();
  });

  test('is consistent while the store is written to and cleaned, again and again', async () => {
    const directory = pathOf('store');
    const writer = new BusyWriter(await openStore(directory, 2000));
    await writer.write();
    for (let backups = 0; backups < 8; backups++) {
      const target = pathOf('backup');
      let isDone = false;
      const backup = backupStore(directory, target).finally(() => {
        isDone = true;
      });
      while (!isDone) await writer.write();
      await backup;
      expect(await checkStore(target)).toMatchObject({ isSound: true, findings: [] });
      const lines = linesOf(await exported(target));
      const numbers = lines
        .filter(({ type }) => type === 'message')
        .map(({ payload }) => Number(String(payload).slice(8)));
      expect(numbers.length).toBeLessThanOrEqual(50);
      expect(numbers).toEqual(numbers.map((_, i) => numbers[0]! + i));
      expect(lines.at(-1)).toMatchObject({ sessions: 1, queued: numbers.length });
    }
    expect(writer.removed).toBeGreaterThan(10);
  });

  test('ends with the last whole commit', async () => {
    const directory = pathOf('store');
    const store = await openStore(directory);
    store.writer.session(1, session('c'));
    await store.commit();
    const { size } = await stat(join(directory, '00000001.log'));
    store.message();
    await store.commit();
    await truncate(join(directory, '00000001.log'), size + 70);
    const target = pathOf('backup');
    expect(await backupStore(directory, target)).toEqual({ files: 1, bytes: size, lastSequence: 1 });
    expect((await stat(join(target, '00000001.log'))).size).toBe(size);
    expect(await checkStore(target)).toMatchObject({ isSound: true, findings: [] });
    await store.close();
  });

  test('of a damaged store is refused, and nothing is left behind', async () => {
    const directory = pathOf('store');
    const store = await openStore(directory, 300);
    await writeExample(store);
    await store.close();
    const path = join(directory, '00000002.log');
    const bytes = await readFile(path);
    bytes[100]! ^= 1;
    await writeFile(path, bytes);
    const target = pathOf('backup');
    await expect(backupStore(directory, target)).rejects.toMatchObject({ code: 'store-damaged' });
    await expect(readdir(target)).rejects.toThrow('ENOENT');
  });

  test('of a store in which nothing has been kept yet is an empty directory', async () => {
    const directory = pathOf('store');
    const broker = await DiskStore.open({ directory });
    const target = pathOf('backup');
    expect(await backupStore(directory, target)).toEqual({ files: 0, bytes: 0, lastSequence: 0 });
    expect(await readdir(target)).toEqual([]);
    await broker.close();
  });

  test('is refused where something is already, and where there is no store', async () => {
    const directory = pathOf('store');
    await (await openStore(directory)).close();
    await expect(backupStore(directory, pathOf('backup'))).rejects.toMatchObject({ code: 'store-missing' });
    const store = await openStore(directory);
    await writeExample(store);
    await store.close();
    const target = pathOf('target');
    await makeDirectory(join(target, 'something'));
    await expect(backupStore(directory, target)).rejects.toMatchObject({ code: 'target-not-empty' });
    expect(await readdir(target)).toEqual(['something']);
    const missing = join(pathOf('x'), 'missing');
    await expect(backupStore(missing, pathOf('backup'))).rejects.toMatchObject({ code: 'store-missing' });
  });
});

describe('The target of a backup', () => {
  test('is not in the store, by whatever path', async () => {
    const directory = pathOf('store');
    const store = await openStore(directory);
    await writeExample(store);
    await store.close();
    const link = pathOf('link');
    await symlink(directory, link);
    const names = await readdir(directory);
    for (const target of [directory, join(directory, 'b'), join(link, 'deeper/b'), link]) {
      await expect(backupStore(directory, target)).rejects.toMatchObject({ code: 'target-in-store' });
    }
    expect(await readdir(directory)).toEqual(names);
    await backupStore(directory, `${directory}-2`);
  });

  test('is not the store of a broker, and no broker starts on it meanwhile', async () => {
    const directory = pathOf('store');
    const store = await openStore(directory);
    await writeExample(store);
    await store.close();
    const target = pathOf('target');
    const broker = await DiskStore.open({ directory: target });
    await expect(backupStore(directory, target)).rejects.toMatchObject({ code: 'store-in-use' });
    await broker.close();
    const starts: Promise<unknown>[] = [];
    await backupStore(directory, target, {
      onProgress: (phase) => {
        if (phase === 'copy') starts.push(DiskStore.open({ directory: target }).catch((error) => error));
      },
    });
    expect(await Promise.all(starts)).toMatchObject([{ code: 'store-in-use' }]);
    expect(await exported(target)).toBe(await exported(directory));
  });
});

describe('A directory that gets a store', () => {
  test('is as it was before when that is given up, wherever it was', async () => {
    const directory = pathOf('store');
    const store = await openStore(directory, 300);
    await writeExample(store);
    await store.close();
    const names = (await readdir(directory)).sort();
    for (const stoppedAt of [...names, 'the beginning']) {
      const target = pathOf('target');
      const made = await NewStoreDirectory.make(target);
      for (const name of names) {
        if (name !== stoppedAt) await copyFile(join(directory, name), join(target, 'unfinished', name));
      }
      vi.spyOn(made.files, 'list').mockResolvedValue(names);
      if (stoppedAt !== 'the beginning') await expect(made.finish()).rejects.toThrow('ENOENT');
      await made.abandon();
      await expect(readdir(target)).rejects.toThrow('ENOENT');
    }
    const there = pathOf('there');
    await makeDirectory(there);
    await (await NewStoreDirectory.make(there)).abandon();
    expect(await readdir(there)).toEqual([]);
  });

  test('is taken for no store by a broker and by the tools as long as the process has not come to its end', async () => {
    const target = pathOf('target');
    const made = await NewStoreDirectory.make(target);
    await (await made.files.create('00000001.log')).close();
    // What a process that was killed leaves.
    const left = pathOf('left');
    await cp(join(target, 'unfinished'), join(left, 'unfinished'), { recursive: true });
    const refusal = { code: 'store-unfinished', message: expect.stringContaining('do it again') };
    await expect(DiskStore.open({ directory: left })).rejects.toMatchObject(refusal);
    await expect(checkStore(left)).rejects.toMatchObject(refusal);
    expect(await readdir(left)).toEqual(['unfinished']);
    await made.abandon();
  });

  test('holds none until it holds all of it, wherever the process ends', async () => {
    const directory = pathOf('store');
    const store = await openStore(directory, 300);
    await writeExample(store);
    await store.close();
    const names = (await readdir(directory)).sort();
    expect(names.length).toBeGreaterThan(3);
    for (const stoppedAt of [...names, undefined]) {
      const target = pathOf('target');
      const made = await NewStoreDirectory.make(target);
      for (const name of names) {
        // What is not there cannot be moved: everything ends there.
        if (name !== stoppedAt) await copyFile(join(directory, name), join(target, 'unfinished', name));
      }
      vi.spyOn(made.files, 'list').mockResolvedValue(names);
      const finishing = made.finish();
      if (stoppedAt === undefined) {
        await finishing;
        expect(await exported(target)).toBe(await exported(directory));
        continue;
      }
      await expect(finishing).rejects.toThrow('ENOENT');
      // What is left when its process ends there; the lock ends with it.
      const left = pathOf('left');
      await cp(target, left, { recursive: true, filter: (path) => !path.includes('/lock.') });
      await expect(openStore(left), stoppedAt).rejects.toMatchObject({ code: 'store-damaged' });
      await expect(DiskStore.open({ directory: left })).rejects.toMatchObject({ code: 'store-unfinished' });
      await expect(NewStoreDirectory.make(left)).rejects.toMatchObject({ code: 'target-not-empty' });
      await made.abandon();
    }
  });
});
