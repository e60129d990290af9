import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryStore } from '@martlet/broker';
import { afterAll, expect, test } from 'vitest';
import type { BrokerStore } from '../src/broker-store.ts';
import { closeBrokerStore, openBrokerStore } from '../src/broker-store.ts';

const parent = mkdtempSync(join(tmpdir(), 'martlet-cli-'));
afterAll(() => rmSync(parent, { recursive: true }));

function logTo(lines: string[]) {
  return {
    write: (level: string, code: string, text: string) => void lines.push(`${level} ${code}: ${text}`),
  };
}

function storeThatCloses(close: () => Promise<void>): BrokerStore {
  return { store: new MemoryStore(), directory: '/data', close };
}

test('A store is opened in the directory that was named, and in memory when nothing is written', async () => {
  const directory = join(parent, 'data');
  const disk = { durability: 'os', topicDurability: [] } as const;
  const opened = await openBrokerStore(directory, disk, logTo([]));
  expect(opened.directory).toBe(directory);
  expect(opened.store.keepsAtOnce).toBe(false);
  await expect(openBrokerStore(directory, disk, logTo([]))).rejects.toMatchObject({
    name: 'CommandFailure',
    message: expect.stringMatching(/; stop it, or use another directory \(--data-dir DIRECTORY\)$/),
    cause: expect.objectContaining({ code: 'store-in-use' }),
  });
  expect(await closeBrokerStore(opened, 0, logTo([]))).toBe(true);

  const memory = { durability: 'memory', topicDurability: [] } as const;
  const none = await openBrokerStore(undefined, memory, logTo([]));
  expect([none.directory, none.store.keepsAtOnce]).toEqual([undefined, true]);
  expect(await closeBrokerStore(none, 0, logTo([]))).toBe(true);
  await expect(openBrokerStore(directory, memory, logTo([]))).rejects.toMatchObject({ name: 'UsageError' });
});

test('A store that cannot be closed in order is told in the log', async () => {
  const lines: string[] = [];
  const full = storeThatCloses(() => Promise.reject(new Error('the disk is full')));
  expect(await closeBrokerStore(full, 0, logTo(lines))).toBe(false);
  const silent = storeThatCloses(() => new Promise(() => {}));
  expect(await closeBrokerStore(silent, 0, logTo(lines))).toBe(false);
  expect(lines).toEqual([
    expect.stringMatching(
      /^error store-not-closed: .* in order: the disk is full; what had been acknowledged/,
    ),
    expect.stringMatching(/^error store-not-closed: .* in order: its disk does not answer;/),
  ]);
});
