import { readdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
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
