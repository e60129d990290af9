// A store's lock between processes: one has it at a time, and it is gone with its process, however that died.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildMartlet } from './martlet-command.ts';
import type { Program } from './program.ts';
import { Programs } from './program.ts';

const HOLDER = fileURLToPath(new URL('lock-holder.mjs', import.meta.url));
const programs = new Programs();
let parent: string;
let directory: string;

beforeAll(buildMartlet);
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'martlet-lock-'));
  directory = join(parent, 'store');
});
afterEach(async () => {
  await programs.stopAll();
  rmSync(parent, { recursive: true, force: true });
});

/** @param start A file for whose appearance it waits; there is one always: what is above the store. */
function claim(start: string = parent, ...patienceMs: string[]): Program {
  return programs.start(process.execPath, [HOLDER, directory, start, ...patienceMs]);
}

/** What it wrote first about the lock. */
function outcome(program: Program): Promise<string> {
  return program.line(/^(?!ready)/);
}

/** Ends without a chance to tidy up. */
async function kill(program: Program): Promise<void> {
  program.signal('SIGKILL');
  await program.exit;
}

describe('A lock between processes', () => {
  test('names the process that holds it, and is free after its orderly end', async () => {
    const first = claim();
    expect(await outcome(first)).toBe('held');
    expect(await outcome(claim())).toMatch(
      new RegExp(
        `^store-in-use the store in .* is in use by process ${first.child.pid} on \\S+ since \\d{4}-`,
      ),
    );
    first.child.stdin!.end();
    await first.line(/^released/);
    expect(await outcome(claim())).toBe('held');
  });

  test('is free at once after kill -9, again and again', async () => {
    for (let round = 0; round < 5; round++) {
      const holder = claim();
      expect(await outcome(holder)).toBe('held');
      await kill(holder);
      rmSync(join(directory, 'witness'));
    }
  });

  test('is taken over from a process that is being killed, without waiting for its end', async () => {
    const holder = claim();
    expect(await outcome(holder)).toBe('held');
    rmSync(join(directory, 'witness'));
    holder.signal('SIGKILL');
    // It may live for a moment still: then it is in use, and if not it is free.
    const next = await outcome(claim());
    expect(next).toMatch(/^(?:held|store-in-use)/);
    await holder.exit;
    if (next !== 'held') expect(await outcome(claim())).toBe('held');
  });

  test('is held by a process that has been stopped', async () => {
    const holder = claim();
    expect(await outcome(holder)).toBe('held');
    holder.signal('SIGSTOP');
    expect(await outcome(claim(parent, '200'))).toMatch(/^store-in-use .* a process that does not answer/);
    holder.signal('SIGCONT');
    expect(await outcome(claim())).toContain(`process ${holder.child.pid}`);
  });

  test('is given to exactly one of many that start at once, and killed holders leave it free', async () => {
    for (let round = 0; round < 6; round++) {
      const shot = join(parent, `shot-${round}`);
      const starters = Array.from({ length: 6 }, () => claim(shot));
      await Promise.all(starters.map((starter) => starter.line(/^ready/)));
      writeFileSync(shot, '');
      const outcomes = await Promise.all(starters.map(outcome));
      expect(outcomes.filter((text) => text === 'held')).toHaveLength(1);
      expect(outcomes.filter((text) => text.startsWith('store-in-use'))).toHaveLength(5);
      // Its witness and its socket stay behind.
      await kill(starters[outcomes.indexOf('held')]!);
      rmSync(join(directory, 'witness'));
    }
  });
});
