import { readdir } from 'node:fs/promises';
import { Readable, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { exportStore } from '../../../../src/stores/disk/tools/export-store.ts';
import { importStore } from '../../../../src/stores/disk/tools/import-store.ts';
import { SimulatedFiles } from '../simulated-files.ts';
import { exported, linesOf } from './exported.ts';
import { temporaryDirectories } from './temporary-directories.ts';
import { WrittenStore, writeExample } from './written-store.ts';

const pathOf = temporaryDirectories();

async function exampleText(segmentBytes?: number): Promise<string> {
  const files = new SimulatedFiles({ seed: 1 });
  const store = await WrittenStore.open(files, segmentBytes);
  await writeExample(store);
  await store.close();
  return exported(files);
}

describe('An export', () => {
  test('says in order who there is, what is kept and who waits for it', async () => {
    await expect(await exampleText()).toMatchFileSnapshot('example-export.ndjson');
  });

  test('is the same however the store is cut into files', async () => {
    expect(await exampleText(256)).toBe(await exampleText());
  });
});

describe('The target of an export', () => {
  test('is waited for when it is slow, and gets everything', async () => {
    const files = new SimulatedFiles({ seed: 1 });
    const store = await WrittenStore.open(files);
    await writeExample(store);
    for (let i = 0; i < 3000; i++) store.push(2, 100 + i, store.message({ payload: 'x'.repeat(100) }));
    await store.close();
    let waiting = 0;
    let most = 0;
    const chunks: string[] = [];
    const slow = new Writable({
      highWaterMark: 1,
      decodeStrings: false,
      write(chunk: string, _encoding, done) {
        waiting += chunk.length;
        most = Math.max(most, waiting);
        chunks.push(chunk);
        setImmediate(() => {
          waiting -= chunk.length;
          done();
        });
      },
    });
    await exportStore(files, slow);
    expect(chunks.join('')).toBe(await exported(files));
    expect(chunks.length).toBeGreaterThan(4);
    expect(most).toBeLessThan(200_000);
  });

  test.each([0, 1])('that fails after %i writes ends it with its error', async (writes) => {
    const files = new SimulatedFiles({ seed: 1 });
    const store = await WrittenStore.open(files);
    await writeExample(store);
    for (let i = 0; i < 3000; i++) store.push(2, 100 + i, store.message({ payload: 'x'.repeat(100) }));
    await store.close();
    let left = writes;
    const failing = new Writable({
      write(_chunk, _encoding, done) {
        done(left-- > 0 ? null : new Error('the pipe is broken'));
      },
    });
    await expect(exportStore(files, failing)).rejects.toThrow('the pipe is broken');
  });
});

describe('A store that is exported, imported and exported again', () => {
  test.each([200, 1000, 1_000_000])('gives the same text in segments of %i bytes', async (segmentBytes) => {
    const text = await exampleText();
    const directory = pathOf('imported');
    const counts = await importStore(Readable.from([Buffer.from(text)]), directory, { segmentBytes });
    expect(await exported(directory)).toBe(text);
    expect({ type: 'end', ...counts }).toEqual(linesOf(text).at(-1));
    expect((await readdir(directory)).filter((name) => !/^\d{8}\.log$/.test(name))).toEqual([]);
  });
});
