import { DeliveryState } from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import { encodeSegmentHeader, FORMAT_VERSION } from '../../../../src/stores/disk/log/batch-format.ts';
import type { CheckResult } from '../../../../src/stores/disk/tools/check-store.ts';
import { checkStore } from '../../../../src/stores/disk/tools/check-store.ts';
import { storeStats } from '../../../../src/stores/disk/tools/store-stats.ts';
import { SimulatedFiles } from '../simulated-files.ts';
import { exported, linesOf } from './exported.ts';
import { session, WrittenStore, writeExample } from './written-store.ts';

async function example(segmentBytes?: number): Promise<SimulatedFiles> {
  const files = new SimulatedFiles({ seed: 1 });
  const store = await WrittenStore.open(files, segmentBytes);
  await writeExample(store);
  await store.close();
  return files;
}

/** A store with whatever records are written into it. */
async function written(write: (store: WrittenStore) => void): Promise<SimulatedFiles> {
  const files = new SimulatedFiles({ seed: 1 });
  const store = await WrittenStore.open(files);
  write(store);
  await store.close();
  return files;
}

const codesOf = ({ findings }: CheckResult) => findings.map(({ code }) => code);

describe('A check', () => {
  test('finds a whole store sound, and counts what is in it', async () => {
    const progress: string[] = [];
    const result = await checkStore(await example(300), {
      onProgress: (phase, done, total) => progress.push(`${phase} ${done === total}`),
    });
    expect(result).toMatchObject({
      isSound: true,
      isClean: true,
      findings: [],
      findingCount: 0,
      damageCount: 0,
    });
    expect(result.files).toBeGreaterThan(5);
    expect(result.figures).toMatchObject({
      sessions: 2,
      connectedSessions: 1,
      wills: 1,
      subscriptions: 2,
      receivedPacketIds: 2,
      sharedGroups: 1,
      retained: 1,
      queued: 6,
      inFlight: 3,
      messages: 7,
    });
    expect(progress.at(-1)).toBe('messages true');
    expect(progress.filter((each) => each === 'log true')).toHaveLength(1);
  });

  test('tells of a torn tail, and calls it no damage', async () => {
    const files = new SimulatedFiles({ seed: 1 });
    const store = await WrittenStore.open(files);
    await writeExample(store);
    const before = files.bytesOf('00000001.log').length;
    store.message();
    await store.commit();
    files.truncate('00000001.log', files.bytesOf('00000001.log').length - 1);
    const result = await checkStore(files);
    expect(result).toMatchObject({ isSound: true, isClean: false, damageCount: 0 });
    expect(result.findings).toMatchObject([
      { code: 'torn-tail', isDamage: false, file: '00000001.log', offset: before },
    ]);
  });

  test('finds every bit that flips in what is known to be on the disk', async () => {
    const files = await example(300);
    const text = await exported(files);
    const last = files.names.at(-1)!;
    for (const name of files.names) {
      const { length } = files.bytesOf(name);
      for (let position = 0; position < length; position += 5) {
        files.flipBit(name, position, position % 8);
        const result = await checkStore(files);
        if (result.isSound) {
          // Only the stop's own mark, the last thing written, can be lost without harm.
          expect(name).toBe(last);
          expect(position).toBeGreaterThanOrEqual(length - 64);
          expect(await exported(files)).toBe(text);
        } else {
          expect(result.findings[0]).toMatchObject({ code: 'damaged', isDamage: true });
        }
        files.flipBit(name, position, position % 8);
      }
    }
    expect((await checkStore(files)).isSound).toBe(true);
  });

  test('finds a file that is missing, and goes on behind it', async () => {
    const files = await example(300);
    files.take('00000003.log');
    const result = await checkStore(files);
    expect(result.findings[0]).toMatchObject({ code: 'damaged', file: '00000003.log', offset: 0 });
    expect(result.batches).toBeGreaterThan(5);
  });

  test('says that a newer version wrote it', async () => {
    const files = await example();
    const storeId = new Uint8Array(16);
    const header = { version: FORMAT_VERSION + 1, segment: 1, firstSequence: 1, storeId };
    files.put('00000001.log', encodeSegmentHeader(header));
    await expect(checkStore(files)).rejects.toMatchObject({ code: 'store-too-new' });
  });

  test('says where there is no store', async () => {
    await expect(checkStore(new SimulatedFiles({ seed: 1 }))).rejects.toMatchObject({
      code: 'store-missing',
    });
    await expect(checkStore('/there/is/no/such/directory')).rejects.toMatchObject({ code: 'store-missing' });
  });

  test('finds a store in which nothing has been kept yet by its lock, living or left', async () => {
    const files = new SimulatedFiles({ seed: 1 });
    files.put('notes.txt', Uint8Array.of(1));
    await expect(checkStore(files)).rejects.toMatchObject({ code: 'store-missing' });
    files.put(`lock.${'a'.repeat(32)}.1.sock`, new Uint8Array(0));
    expect(await checkStore(files)).toMatchObject({
      isSound: true,
      files: 0,
      batches: 0,
      findings: [],
      figures: { sessions: 0, messages: 0, liveBytes: 0 },
    });
    expect(await storeStats(files)).toMatchObject({ fileBytes: 0, lastSequence: 0, segments: [] });
    expect(linesOf(await exported(files))).toMatchObject([{ version: 1 }, { type: 'end', sessions: 0 }]);
  });

  test('finds a message that nobody can read though the batch is whole', async () => {
    const files = await written(({ writer, log }) => {
      writer.session(1, session('c'));
      log.gathering.data.writeBytes(Buffer.from('nonsense'), 0, 8);
      writer.message(1, 0, 8, 0x1234_5678, 5, 100, 1, false, Number.POSITIVE_INFINITY);
      writer.push(1, 0, 1, 1, false, [], null);
    });
    expect((await checkStore(files)).findings).toEqual([
      {
        code: 'message-damaged',
        isDamage: true,
        file: '00000001.log',
        offset: 128,
        text: 'expected a message of 8 bytes, its checksum is wrong',
      },
    ]);
  });

  test('counts beside damage what a salvage exports', async () => {
    const files = await example(300);
    let sparedByOne = 0;
    for (const name of files.names) {
      const { length } = files.bytesOf(name);
      for (let position = 64; position < length; position += 11) {
        files.flipBit(name, position, position % 8);
        const { isSound, figures } = await checkStore(files);
        const { sessions, subscriptions, messages, retained, queued, inFlight } = linesOf(
          await exported(files, { salvage: true }),
        ).at(-1)!;
        expect(figures).toMatchObject({ sessions, subscriptions, messages, retained, queued, inFlight });
        if (!isSound && figures.messages === 6) sparedByOne++;
        files.flipBit(name, position, position % 8);
      }
    }
    expect(sparedByOne).toBeGreaterThan(0);
  });

  test('finds a record that it does not know', async () => {
    const files = await written(({ writer, log }) => {
      writer.session(1, session('c'));
      log.gathering.meta.writeU8(0xee);
    });
    const result = await checkStore(files);
    expect(result.findings).toMatchObject([
      { code: 'record-unknown', file: '00000001.log', offset: 128 + 7 },
    ]);
    expect(result.figures.sessions).toBe(1);
  });

  test('finds references that lead nowhere', async () => {
    const files = await written((store) => {
      const { writer } = store;
      writer.session(1, session('c'));
      writer.push(1, 0, 99, 1, false, [], null);
      writer.retained(98, 'a');
      store.push(7, 0, store.message());
      for (const key of [10, 11]) {
        store.push(1, key, store.message());
        writer.sent(1, key, key, 5, DeliveryState.AwaitingPuback);
      }
    });
    const result = await checkStore(files);
    expect(codesOf(result).sort()).toEqual([
      'message-missing',
      'message-missing',
      'owner-missing',
      'packet-id-twice',
    ]);
    expect(result.findings.map(({ text }) => text).join('\n')).toContain(
      'expected message 99 of session "c"',
    );
  });

  test('finds nothing wrong in records about what is gone', async () => {
    const files = await written((store) => {
      const { writer } = store;
      writer.done(5, 1);
      writer.sent(5, 1, 2, 3, DeliveryState.AwaitingPuback);
      writer.receivedGone(5, 1);
      writer.subscriptionGone(5, 'a');
      writer.sessionGone(5);
      writer.queueGone(6);
      writer.expiry(7, 1);
      writer.retainedGone('a');
      // Its own record comes later, because the older one was in a segment that is gone.
      store.push(8, 0, 500);
      writer.session(8, session('c'));
      store.message({}, 500);
    });
    expect(await checkStore(files)).toMatchObject({
      isSound: true,
      figures: { sessions: 1, queued: 1, messages: 1 },
    });
  });
});
