// A worker of node:cluster listens by itself: the first process of the cluster is another one than who holds the store.

import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, test } from 'vitest';

const SOURCE = fileURLToPath(new URL('../../../src/stores/disk/store-lock.ts', import.meta.url));

/** Writes what became of a worker's try. */
const CLUSTER = `
import cluster from 'node:cluster';
import { StoreLock } from './store-lock.mjs';
if (cluster.isPrimary) {
  const worker = cluster.fork();
  worker.on('message', (told) => {
    process.stdout.write(told);
    worker.process.kill('SIGKILL');
  });
  worker.on('exit', () => process.exit());
} else {
  const told = await StoreLock.acquire(process.argv[2]).then(() => 'held', String);
  process.send(told);
}
`;

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'martlet-cluster-'));
  const build = await rolldown({ input: SOURCE, platform: 'node' });
  await build.write({ file: join(directory, 'store-lock.mjs'), format: 'esm' });
  await build.close();
  await writeFile(join(directory, 'cluster.mjs'), CLUSTER);
});
afterAll(() => rm(directory, { recursive: true }));

// On a path that is too long for a socket, the way to it leads through the process's own descriptors.
test.each(['store', 'x'.repeat(120)])('A worker of a cluster has its lock in %s', async (name) => {
  const store = join(directory, name);
  await mkdir(store);
  const primary = spawn(process.execPath, [join(directory, 'cluster.mjs'), store]);
  let told = '';
  for await (const piece of primary.stdout) told += piece;
  expect(told).toBe('held');
});
