import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configurationFrom } from '@martlet/broker/config';
import { afterAll, expect, test } from 'vitest';
import { openStartStore } from '../../src/start/start-store.ts';

const parent = mkdtempSync(join(tmpdir(), 'martlet-cli-'));
afterAll(() => rmSync(parent, { recursive: true }));

const log = { write: () => {} };

test('A store is opened in the directory that was named, and in memory when nothing is written', async () => {
  const directory = join(parent, 'data');
  const { configuration } = configurationFrom({ store: { directory, durability: 'os' } });
  const opened = await openStartStore(configuration, log);
  expect(opened.directory).toBe(directory);
  expect(opened.store.keepsAtOnce).toBe(false);
  await expect(openStartStore(configuration, log)).rejects.toMatchObject({
    name: 'CommandFailure',
    message: expect.stringMatching(/; stop it, or use another directory \(--data-dir DIRECTORY\)$/),
    cause: expect.objectContaining({ code: 'store-in-use' }),
  });
  await opened.close();

  const memory = configurationFrom({ store: { directory: false } }).configuration;
  const none = await openStartStore(memory, log);
  expect([none.directory, none.store.keepsAtOnce]).toEqual([undefined, true]);
  await none.close();
});
