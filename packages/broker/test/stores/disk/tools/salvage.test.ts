import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { StoreOpenError } from '../../../../src/stores/disk/files/store-open-error.ts';
import { checkStore } from '../../../../src/stores/disk/tools/check-store.ts';
import { importStore } from '../../../../src/stores/disk/tools/import-store.ts';
import { SimulatedFiles } from '../simulated-files.ts';
import { exported, linesOf } from './exported.ts';
import { temporaryDirectories } from './temporary-directories.ts';
import { session, subscription, WrittenStore } from './written-store.ts';

const pathOf = temporaryDirectories();

/** A session with ten messages of 100 bytes, each in a batch of its own. */
async function tenMessages(): Promise<SimulatedFiles> {
  const files = new SimulatedFiles({ seed: 1 });
  const store = await WrittenStore.open(files);
  store.writer.session(1, session('c'));
  store.writer.subscription(1, subscription('a/#'));
  await store.commit();
  for (let key = 0; key < 10; key++) {
    store.push(1, key, store.message({ payload: `${key}`.repeat(100) }));
    await store.commit();
  }
  await store.close();
  return files;
}

function placeOf(files: SimulatedFiles, text: string): number {
  const at = Buffer.from(files.bytesOf('00000001.log')).indexOf(text);
  expect(at).toBeGreaterThan(0);
  return at;
}

describe('An export of a damaged store', () => {
  test('is refused, with the place and the way out', async () => {
    const files = await tenMessages();
    files.flipBit('00000001.log', placeOf(files, '3333'), 0);
    await expect(exported(files)).rejects.toThrow(StoreOpenError);
    await expect(exported(files)).rejects.toThrow('00000001.log, byte');
  });

  test('loses one message when that is damaged, says so, and can be imported', async () => {
    const files = await tenMessages();
    files.flipBit('00000001.log', placeOf(files, '3333'), 0);
    const text = await exported(files, { salvage: true });
    const lines = linesOf(text);
    expect(lines[0]).toEqual({ format: 'martlet-store-export', version: 1, salvaged: true });
    expect(lines.filter(({ type }) => type === 'queued')).toHaveLength(9);
    expect(lines.filter(({ type }) => type === 'message').map(({ payload }) => String(payload)[0])).toEqual([
      ...'012456789',
    ]);
    expect(lines.filter(({ type }) => type === 'lost')).toMatchObject([
      { code: 'message-damaged', file: '00000001.log' },
      { code: 'message-missing', text: expect.stringContaining('a message of session "c" is lost') },
    ]);
    expect(lines.at(-1)).toMatchObject({ type: 'end', sessions: 1, messages: 9, queued: 9, lost: 2 });
    const directory = pathOf('rescued');
    await importStore(Readable.from([text]), directory);
    expect(await checkStore(directory)).toMatchObject({ isSound: true, figures: { sessions: 1, queued: 9 } });
  });

  test('loses one batch when its header is damaged, and goes on behind it', async () => {
    const files = await tenMessages();
    files.flipBit('00000001.log', placeOf(files, '3333') - 20, 3);
    const lines = linesOf(await exported(files, { salvage: true }));
    expect(lines.at(-1)).toMatchObject({ sessions: 1, subscriptions: 1, messages: 9, queued: 9, lost: 1 });
  });

  test('keeps the messages when the record of their session is lost, and says whose they were', async () => {
    const files = await tenMessages();
    files.flipBit('00000001.log', 64 + 8, 3);
    const lines = linesOf(await exported(files, { salvage: true }));
    expect(lines.at(-1)).toMatchObject({ sessions: 0, messages: 10, queued: 0, lost: 2 });
    expect(lines.filter(({ code }) => code === 'owner-missing')).toMatchObject([
      { text: 'expected the record of owner 1, to whom 10 messages belong' },
    ]);
  });

  test('loses nothing when the header of a file is damaged, even of the only one', async () => {
    const files = await tenMessages();
    const whole = linesOf(await exported(files));
    for (const position of [3, 9, 13, 17, 30, 45, 61]) {
      files.flipBit('00000001.log', position, 0);
      const lines = linesOf(await exported(files, { salvage: true }));
      expect(lines.slice(1, -2)).toEqual(whole.slice(1, -1));
      expect(lines.slice(-2)).toMatchObject([{ code: 'damaged', offset: 0 }, { lost: 1 }]);
      files.flipBit('00000001.log', position, 0);
    }
  });

  test('finds the id of the store in another file, and what is behind a damaged batch', async () => {
    const files = new SimulatedFiles({ seed: 1 });
    const store = await WrittenStore.open(files, 600);
    store.writer.session(1, session('c'));
    await store.commit();
    for (let key = 0; key < 20; key++) {
      store.push(1, key, store.message({ payload: `${key % 10}`.repeat(100) }));
      await store.commit();
    }
    await store.close();
    // The id of the store in two bits, and the header of the first batch behind it.
    files.flipBit('00000002.log', 30, 0);
    files.flipBit('00000002.log', 31, 0);
    files.flipBit('00000002.log', 64 + 8, 0);
    const lines = linesOf(await exported(files, { salvage: true }));
    expect(lines.at(-1)).toMatchObject({ sessions: 1, messages: 19, queued: 19 });
  });

  test('never fails, whatever byte is damaged, and can always be imported', async () => {
    const files = await tenMessages();
    const { length } = files.bytesOf('00000001.log');
    for (let position = 0; position < length; position += 37) {
      files.flipBit('00000001.log', position, position % 8);
      const text = await exported(files, { salvage: true });
      const directory = pathOf('rescued');
      await importStore(Readable.from([text]), directory);
      // Without its session, there is nothing to be put into a store: the messages stand in the export.
      if (linesOf(text).at(-1)!['messages'] === 0) throw new Error(`everything was lost at byte ${position}`);
      const { isSound, figures } = await checkStore(directory);
      expect(isSound).toBe(true);
      expect(
        figures.sessions === 1 ? figures.queued : linesOf(text).at(-1)!['messages'],
      ).toBeGreaterThanOrEqual(9);
      files.flipBit('00000001.log', position, position % 8);
    }
  });
});
