import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Durability } from '../../../src/core/ports/durability.ts';
import { makeDirectory } from '../../../src/stores/disk/files/make-directory.ts';
import { NodeLogFiles } from '../../../src/stores/disk/files/node-log-files.ts';
import { SegmentLog } from '../../../src/stores/disk/log/segment-log.ts';

let directory: string;
let files: NodeLogFiles;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'martlet-log-'));
  files = new NodeLogFiles(directory);
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('A file', () => {
  test.each([true, false])('has all pieces one behind the other, synced: %s', async (synced) => {
    const file = await files.create('a.log');
    await file.write([bytes(1, 2), bytes(), bytes(3)], 0, synced);
    await file.write([bytes(9)], 5, synced);
    await file.sync();
    expect([...readFileSync(join(directory, 'a.log'))]).toEqual([1, 2, 3, 0, 0, 9]);
    expect(await file.size()).toBe(6);
    await file.close();
  });

  test('takes more pieces than the system takes at once', async () => {
    const file = await files.create('a.log');
    const pieces = Array.from({ length: 3000 }, (_, at) => bytes(at, at >> 8));
    await file.write(pieces, 10, true);
    expect(readFileSync(join(directory, 'a.log')).subarray(10)).toEqual(Buffer.concat(pieces));
    await file.close();
  });

  test('is read from any place, as far as it goes', async () => {
    const file = await files.create('a.log');
    await file.write([bytes(1, 2, 3, 4)], 0, false);
    const target = bytes(7, 7, 7);
    expect(await file.read(target, 2)).toBe(2);
    expect([...target]).toEqual([3, 4, 7]);
    expect(file.readSync(target, 1)).toBe(3);
    expect([...target]).toEqual([2, 3, 4]);
    expect(await file.read(target, 4)).toBe(0);
    await file.close();
    const again = files.openSync('a.log');
    expect(again.readSync(target, 0)).toBe(3);
    await again.close();
  });

  test('is closed when the calls under way have been answered, and takes no more', async () => {
    const file = await files.create('a.log');
    const order: string[] = [];
    const write = file.write([new Uint8Array(1_000_000)], 0, true).then(() => order.push('written'));
    const close = file.close().then(() => order.push('closed'));
    await expect(file.write([bytes(1)], 0, false)).rejects.toThrow('the file is closed');
    await Promise.all([write, close]);
    expect(order).toEqual(['written', 'closed']);
    await file.close();
  });

  test('is nobody else’s to read', async () => {
    await (await files.create('a.log')).close();
    expect(statSync(join(directory, 'a.log')).mode & 0o077).toBe(0);
  });

  test('that is opened to be read cannot be written', async () => {
    await (await files.create('a.log')).close();
    const file = await files.open('a.log', 'read');
    await expect(file.write([bytes(1)], 0, false)).rejects.toMatchObject({ code: 'EBADF' });
    await file.close();
  });
});

describe('A directory', () => {
  test('has the names of what was made and not removed', async () => {
    await (await files.create('a.log')).close();
    await (await files.create('b.log')).close();
    await expect(files.create('a.log')).rejects.toMatchObject({ code: 'EEXIST' });
    await files.remove('a.log');
    await files.remove('a.log');
    expect(await files.list()).toEqual(['b.log']);
    await expect(files.open('a.log', 'write')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is made with its parents, for its owner only, and may be there', async () => {
    const made = join(directory, 'x', 'y', 'z');
    await makeDirectory(made);
    await makeDirectory(made);
    expect(statSync(made).mode & 0o077).toBe(0);
  });

  test('cannot be made where a file is', async () => {
    writeFileSync(join(directory, 'x'), '');
    await expect(makeDirectory(join(directory, 'x', 'y'))).rejects.toMatchObject({
      code: 'ENOTDIR',
    });
  });
});

describe('A log on the real disk', () => {
  test('keeps what was committed, over several files and openings', async () => {
    const shown: string[] = [];
    const open = (): Promise<SegmentLog> => {
      shown.length = 0;
      return SegmentLog.open(files, {
        segmentBytes: 2000,
        onReplay: (meta) => shown.push(Buffer.from(meta).toString()),
        onMoved: () => undefined,
        onNote: () => undefined,
      });
    };
    const expected: string[] = [];
    for (let life = 0; life < 4; life++) {
      const log = await open();
      for (let count = 0; count < 10; count++) {
        const text = Buffer.from(`${life} ${count}`);
        log.gathering.meta.writeBytes(text, 0, text.length);
        log.gathering.data.writeBytes(new Uint8Array(200), 0, 200);
        await log.commit(count % 3 === 0 ? Durability.Disk : Durability.Os);
        expected.push(text.toString());
      }
      // Every other life ends without a word.
      if (life % 2 === 1) {
        await log.close();
        expected.push('');
      }
    }
    await open();
    expect(shown).toEqual(expected);
    expect(existsSync(join(directory, '00000003.log'))).toBe(true);
  });
});
