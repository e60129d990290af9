import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ClientError } from '../../src/client-error.ts';
import { fileStore } from '../../src/stores/file-store.ts';
import { describeSessionStore, put, remove } from './session-store-contract.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'martlet-session-'));
});

afterEach(() => rm(directory, { recursive: true }));

describeSessionStore('file store', async () => {
  const place = join(directory, 'a', 'session');
  return { store: () => fileStore({ directory: place }), discard: async () => undefined };
});

describe('The directory of a file store', () => {
  test('is made with its parents, for this user only', async () => {
    const deep = join(directory, 'state', 'meter', 'session');
    const store = fileStore({ directory: deep });
    await store.open();
    await store.close();
    expect((await stat(deep)).mode & 0o777).toBe(0o700);
    expect((await stat(join(deep, 'session.log'))).mode & 0o777).toBe(0o600);
  });

  test('has the log and a lock while it is open, and the log alone then', async () => {
    const store = fileStore({ directory });
    await store.open();
    expect(await readdir(directory)).toEqual([
      expect.stringMatching(/^lock\.[0-9a-f]{16}\.sock$/),
      'session.log',
    ]);
    await store.close();
    expect(await readdir(directory)).toEqual(['session.log']);
  });

  test("is refused when it is none, with the system's error and what to do", async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    for (const path of [file, join(file, 'deeper'), '/proc/martlet/session']) {
      await expect(fileStore({ directory: path }).open()).rejects.toMatchObject({
        code: 'STORE_FAILED',
        kind: 'environment',
        cause: { code: expect.stringMatching(/^E/) },
        message: expect.stringMatching(
          /^opening the session store in .* failed: .*; use a path that leads to/,
        ),
      });
    }
  });

  test('is refused when it is no text, or empty', () => {
    for (const wrong of ['', undefined, 7]) {
      expect(() => fileStore({ directory: wrong as string })).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION' }),
      );
    }
  });
});

describe('The file of a file store', () => {
  test('stays within twice what lives, 256 KiB and a write, however much is written', async () => {
    const store = fileStore({ directory });
    await store.open();
    const value = 'x'.repeat(1000);
    await store.write(Array.from({ length: 50 }, (_, key) => put(key, value)));
    let largest = 0;
    for (let round = 0; round < 1500; round++) {
      await store.write([remove(round % 50), put(round % 50, value)]);
      largest = Math.max(largest, (await stat(join(directory, 'session.log'))).size);
    }
    await store.close();
    expect(largest).toBeGreaterThan(256 * 1024);
    expect(largest).toBeLessThan(256 * 1024 + 2 * 50 * 1012 + 2 * 1056);
    expect(await readdir(directory)).toEqual(['session.log']);
    const again = fileStore({ directory });
    expect(await again.open()).toHaveLength(50);
    await again.close();
  });

  test('is refused when something else has its name, and is left as it is', async () => {
    for (const text of ['', 'MARTLETC', 'x'.repeat(100)]) {
      await writeFile(join(directory, 'session.log'), text);
      await expect(fileStore({ directory }).open()).rejects.toMatchObject({
        code: 'STORE_FAILED',
        message: expect.stringMatching(
          /session\.log, byte 0: expected the header of a session log in a file of \d+ bytes\. Nothing was changed/,
        ),
      });
      expect(await readFile(join(directory, 'session.log'), 'utf8')).toBe(text);
    }
    expect(await readdir(directory)).toEqual(['session.log']);
  });

  test('is cut where a crash left its last write unfinished, and this is told once', async () => {
    const store = fileStore({ directory });
    await store.open();
    await store.write([put(1, 'a')]);
    await store.close();
    const path = join(directory, 'session.log');
    const whole = await readFile(path);
    await writeFile(path, Buffer.concat([whole, Buffer.from('MCBT and no more')]));
    const warnings: ClientError[] = [];
    for (let round = 0; round < 2; round++) {
      const again = fileStore({ directory, onWarning: (warning) => void warnings.push(warning) });
      expect((await again.open()).map(({ key }) => key)).toEqual([1]);
      await again.close();
    }
    expect(warnings).toEqual([
      expect.objectContaining({
        code: 'STORE_FAILED',
        message: expect.stringMatching(new RegExp(`byte ${whole.length}: .*its 16 bytes were cut off$`)),
      }),
    ]);
  });

  test('is opened although who is warned throws', async () => {
    const path = join(directory, 'session.log');
    const store = fileStore({
      directory,
      onWarning: () => {
        throw new Error('a bug of the application');
      },
    });
    await store.open();
    await store.close();
    await writeFile(path, Buffer.concat([await readFile(path), Buffer.from('torn')]));
    await expect(store.open()).resolves.toEqual([]);
    await store.close();
  });
});
