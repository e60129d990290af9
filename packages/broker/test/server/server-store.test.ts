import { expect, test } from 'vitest';
import type { ServerStore } from '../../src/server/server-store.ts';
import { closeServerStore } from '../../src/server/server-store.ts';
import { MemoryStore } from '../../src/stores/memory-store.ts';

function logTo(lines: string[]) {
  return {
    write: (level: string, code: string, text: string) => void lines.push(`${level} ${code}: ${text}`),
  };
}

function storeThatCloses(close: () => Promise<void>): ServerStore {
  return { store: new MemoryStore(), directory: '/data', close };
}

test('A store that cannot be closed in order is told in the log', async () => {
  const lines: string[] = [];
  const full = storeThatCloses(() => Promise.reject(new Error('the disk is full')));
  expect(await closeServerStore(full, 0, logTo(lines))).toBe(false);
  const silent = storeThatCloses(() => new Promise(() => {}));
  expect(await closeServerStore(silent, 0, logTo(lines))).toBe(false);
  expect(lines).toEqual([
    expect.stringMatching(
      /^error store-not-closed: .* in order: the disk is full; what had been acknowledged/,
    ),
    expect.stringMatching(/^error store-not-closed: .* in order: its disk does not answer;/),
  ]);
});
