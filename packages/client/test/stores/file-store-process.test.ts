// What ends with a process: its lock at once, and nothing that it had kept.

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fileStore } from '../../src/stores/file-store.ts';

const HOLDER = fileURLToPath(new URL('session-holder.mjs', import.meta.url));
const SOURCE = fileURLToPath(new URL('../../src/stores/file-store.ts', import.meta.url));

let bundle: string;
let directory: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  bundle = await mkdtemp(join(tmpdir(), 'martlet-holder-'));
  const build = await rolldown({ input: SOURCE, platform: 'node' });
  await build.write({ file: join(bundle, 'file-store.mjs'), format: 'esm' });
  await build.close();
});

afterAll(() => rm(bundle, { recursive: true }));

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'martlet-session-'));
});

afterEach(async () => {
  await Promise.all(children.splice(0).map(killed));
  await rm(directory, { recursive: true });
});

function startHolder(): ChildProcess {
  const child = spawn(process.execPath, [HOLDER, join(bundle, 'file-store.mjs'), directory], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

/** Ends without a chance to tidy up. */
async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Reads on until this many more records have been kept; then kills it. Fulfils with the last number it told. */
async function killedAfter(child: ChildProcess, count: number): Promise<number> {
  let first: number | undefined;
  let told = 0;
  for await (const line of createInterface({ input: child.stdout! })) {
    told = Number(/^(?:opened|kept) (\d+)$/.exec(line)?.[1]);
    first ??= told;
    if (told === first + count) child.kill('SIGKILL');
  }
  return told;
}

describe('A process that is killed while it writes', () => {
  test('leaves everything that had been kept, and lets the next one in at once, again and again', async () => {
    let kept = 0;
    for (let round = 0; round < 6; round++) {
      kept = await killedAfter(startHolder(), 1 + 17 * round);
      const store = fileStore({ directory });
      const records = await store.open();
      expect(records.length).toBeGreaterThanOrEqual(kept);
      expect(records.length).toBeLessThanOrEqual(kept + 1);
      expect(
        records.every(({ key, value }, index) => key === index && value.every((byte) => byte === key % 256)),
      ).toBe(true);
      await store.close();
    }
    expect(kept).toBeGreaterThan(200);
  });

  test('had the store for itself until then', async () => {
    const child = startHolder();
    await once(child.stdout!, 'data');
    const store = fileStore({ directory });
    await expect(store.open()).rejects.toMatchObject({
      code: 'STORE_FAILED',
      message: expect.stringContaining(`in use by process ${child.pid} on `),
    });
    await killed(child);
    await expect(store.open()).resolves.toBeInstanceOf(Array);
    await store.close();
  });

  test('had it even while it was stopped', async () => {
    const child = startHolder();
    await once(child.stdout!, 'data');
    child.kill('SIGSTOP');
    await expect(fileStore({ directory }).open()).rejects.toMatchObject({
      message: expect.stringContaining('in use by a process that does not answer'),
    });
  });
});
