// A publisher that is killed and started again, over and over, on the session that it keeps in a file: what it was told to
// be stored arrives, once and in order.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { SeededRandom } from '../../seeded-random.ts';
import { Programs } from '../program.ts';
import { Clients, textsUntil } from './clients.ts';
import { describeEachServer } from './servers/all-servers.ts';

const SOURCE = fileURLToPath(new URL('persistent-publisher.ts', import.meta.url));
const KILLS = 5;
const MOST_LINES = 150;
/** Whoever changes it tries other moments. */
const SEED = 20_261_120;

const clients = new Clients();
const programs = new Programs();
const directory = mkdtempSync(join(tmpdir(), 'martlet-persistence-'));
const bundle = join(directory, 'publisher.mjs');

beforeAll(async () => {
  const build = await rolldown({
    input: SOURCE,
    platform: 'node',
    resolve: { conditionNames: ['martlet-source', 'node', 'import'] },
  });
  await build.write({ file: bundle, format: 'esm', codeSplitting: false });
  await build.close();
});
afterEach(async () => {
  await programs.stopAll();
  await clients.closeAll();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** By run, then by number within it. */
function isInOrder(texts: readonly string[]): boolean {
  const numbers = texts.map((text) => {
    const [run, number] = text.split(' ').map(Number);
    return run! * 1_000_000 + number!;
  });
  return numbers.every((number, index) => index === 0 || number > numbers[index - 1]!);
}

describeEachServer(({ name }, running) => {
  test(`what was stored at QoS 2 arrives once and in order, though its publisher was killed ${KILLS} times`, async () => {
    const url = running().url('mqtt');
    const store = join(directory, name);
    const receiver = await clients.connect(url);
    const subscription = await receiver.subscribe('persistence', { bufferMessages: 1_000_000 });
    const received = textsUntil(subscription, 'end');
    const random = new SeededRandom(SEED);
    const stored: string[] = [];
    for (let run = 0; run <= KILLS; run++) {
      const count = run === KILLS ? ['50'] : [];
      const program = programs.start(process.execPath, [bundle, url, store, String(run), ...count]);
      if (run < KILLS) {
        const line = random.below(MOST_LINES);
        await program.line(new RegExp(`^stored ${run} ${line}$`));
        program.signal('SIGKILL');
      }
      const { stdout, stderr, signal } = await program.exit;
      expect([stderr, signal]).toEqual(['', run < KILLS ? 'SIGKILL' : null]);
      expect(stdout).not.toContain('failed');
      // A last line that was not finished says nothing.
      const lines = stdout.split('\n').slice(0, -1);
      stored.push(...lines.map((line) => line.slice('stored '.length)));
    }
    const texts = await received;
    expect(new Set(texts).size).toBe(texts.length);
    expect(stored.filter((text) => !texts.includes(text))).toEqual([]);
    expect(isInOrder(texts)).toBe(true);
    expect(stored.length).toBeGreaterThan(KILLS * 10);
  });
});
