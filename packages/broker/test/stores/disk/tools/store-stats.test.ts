import { describe, expect, test } from 'vitest';
import { makeDirectory } from '../../../../src/stores/disk/files/make-directory.ts';
import { NodeLogFiles } from '../../../../src/stores/disk/files/node-log-files.ts';
import { storeStats } from '../../../../src/stores/disk/tools/store-stats.ts';
import { SimulatedFiles } from '../simulated-files.ts';
import { temporaryDirectories } from './temporary-directories.ts';
import { session, WrittenStore, writeExample } from './written-store.ts';

const pathOf = temporaryDirectories();

describe('The figures of a store', () => {
  test('count what is kept, and name the biggest queues', async () => {
    const files = new SimulatedFiles({ seed: 1 });
    const store = await WrittenStore.open(files, 300);
    await writeExample(store);
    await store.close();
    const stats = await storeStats(files);
    expect(stats).toMatchObject({
      sessions: 2,
      messages: 7,
      queued: 6,
      inFlight: 3,
      retained: 1,
      stop: 'clean',
      damageCount: 0,
      biggestQueues: [
        { owner: 'connected', kind: 'session', queued: 2, inFlight: 3, payloadBytes: 8 + 5 + 3 * 50 },
        { owner: 'absent \u{1f4a1}', kind: 'session', queued: 2, inFlight: 0, payloadBytes: 5 },
        { owner: '$share/g/jobs/+', kind: 'share', queued: 2, inFlight: 0, payloadBytes: 12 },
      ],
      oldestMessage: { topicName: 'jobs/1', payloadBytes: 8, keptBeforeWallMs: undefined },
    });
    expect(stats.payloadBytes).toBe(8 + 4 + 5 + 3 * 50);
    expect(stats.lastSequence).toBe(stats.syncedSequence);
    const sizes = files.names.map((name) => files.bytesOf(name).length);
    expect(stats.fileBytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
    expect(stats.segments.map(({ bytes }) => bytes)).toEqual(sizes);
    expect(stats.liveBytes + stats.deadBytes).toBe(stats.fileBytes);
  });

  test('tell living bytes from dead ones', async () => {
    const files = new SimulatedFiles({ seed: 1 });
    const store = await WrittenStore.open(files);
    store.writer.session(1, session('c'));
    for (let key = 0; key < 100; key++) store.push(1, key, store.message({ payload: 'x'.repeat(1000) }));
    await store.commit();
    const full = await storeStats(files);
    for (let key = 0; key < 90; key++) store.writer.done(1, key);
    await store.commit();
    const emptied = await storeStats(files);
    // Each message has 1,000 bytes of payload and some 30 of topic name, record and reference.
    expect(full.liveBytes).toBeGreaterThan(100_000);
    expect(full.liveBytes).toBeLessThan(104_000);
    expect(full.deadBytes).toBeLessThan(300);
    expect(emptied.liveBytes).toBeGreaterThan(10_000);
    expect(emptied.liveBytes).toBeLessThan(10_500);
    expect(emptied.segments[0]!.liveMessageBytes).toBeGreaterThan(10_000);
    expect(emptied.segments[0]!.liveMessageBytes).toBeLessThan(10_200);
    expect(emptied.stop).toBe('unclean');
  });

  test('name the ten biggest queues, the biggest first', async () => {
    const files = new SimulatedFiles({ seed: 1 });
    const store = await WrittenStore.open(files);
    const message = store.message();
    for (let ownerId = 1; ownerId <= 15; ownerId++) {
      store.writer.session(ownerId, session(`c${ownerId}`));
      for (let key = 0; key < (ownerId * 7) % 16; key++) store.push(ownerId, key, message);
    }
    await store.close();
    const { biggestQueues, messages } = await storeStats(files);
    expect(biggestQueues.map(({ queued }) => queued)).toEqual([15, 14, 13, 12, 11, 10, 9, 8, 7, 6]);
    expect(messages).toBe(1);
  });

  test('say of a directory when its files were written to', async () => {
    const directory = pathOf('store');
    await makeDirectory(directory);
    const store = await WrittenStore.open(new NodeLogFiles(directory));
    await writeExample(store);
    await store.close();
    const { oldestMessage, segments } = await storeStats(directory);
    expect(oldestMessage!.keptBeforeWallMs).toBe(segments[0]!.modifiedAtWallMs);
    expect(segments[0]!.modifiedAtWallMs).toBeGreaterThan(Date.UTC(2020, 0));
  });
});
