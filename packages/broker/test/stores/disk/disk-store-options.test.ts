import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBroker, DiskStore, MemoryStore, StoreTakenError } from '../../../src/index.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'martlet-options-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

/** As a program in JavaScript may call it. */
function open(options?: unknown): Promise<DiskStore> {
  return DiskStore.open(options as { directory: string });
}

describe('A disk store is not opened with options that cannot be meant', () => {
  test.each([
    [undefined, 'expected options such as'],
    ['./martlet-data', 'expected options such as'],
    [{}, 'option directory: expected the path of a directory'],
    [{ directory: '' }, 'option directory: expected the path of a directory'],
    [{ directory: 5 }, 'option directory: expected the path of a directory'],
    [{ directory: 'a\0b' }, 'option directory: expected the path of a directory'],
  ])('%j', async (options, text) => {
    const error = await open(options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain(text);
  });

  test.each([
    [
      { segmentByte: 5 },
      'unknown option segmentByte of a disk store: expected one of directory, log, segmentBytes, ',
    ],
    [{ toString: 5 }, 'unknown option toString of a disk store'],
    [{ segmentBytes: 0 }, 'option segmentBytes: expected a whole number of bytes from 1 on, got 0'],
    [{ smallestCleanedBytes: -1 }, 'option smallestCleanedBytes: expected'],
    [{ largeBatchBytes: '5' }, 'option largeBatchBytes: expected a whole number of bytes from 1 on, got "5"'],
    [{ patienceMs: Number.NaN }, 'option patienceMs: expected a number of ms from 0 on, got NaN'],
    [{ log: console.log }, 'option log: expected an object with a method write'],
    [{ clock: Date }, 'option clock: expected an object with a number nowMs'],
    [{ onProgress: 1 }, 'option onProgress: expected a function'],
  ])('%j, and no directory is made', async (options, text) => {
    const error = await open({ directory: join(parent, 'data'), ...options }).catch(
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toContain(text);
    expect(readdirSync(parent)).toEqual([]);
  });

  test('but one that is undefined is left out', async () => {
    const store = await open({ directory: join(parent, 'data'), log: undefined, segmentBytes: undefined });
    await store.close();
  });
});

test('A second broker on one store is told to take another', async () => {
  const disk = await open({ directory: join(parent, 'data') });
  for (const store of [disk, new MemoryStore()]) {
    const broker = createBroker({ store });
    let error: unknown;
    try {
      createBroker({ store });
    } catch (reason) {
      error = reason;
    }
    expect(error).toBeInstanceOf(StoreTakenError);
    expect(error).toMatchObject({
      code: 'STORE_TAKEN',
      message: expect.stringContaining('open another one'),
    });
    await broker.close();
  }
  await disk.close();
});
