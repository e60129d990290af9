import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { WatchWorld } from '../../src/server/watch/file-watch.ts';
import { FileWatch } from '../../src/server/watch/file-watch.ts';

/** Files that are numbers, in a time that the test moves. */
class Files implements WatchWorld {
  readonly prints: Map<string, string> = new Map([
    ['/a/x', '1'],
    ['/a/y', '1'],
    ['/b/z', '1'],
  ]);
  readonly directories: Map<string, () => void> = new Map();
  canWatch = true;
  #timers: { readonly dueMs: number; readonly callback: () => void }[] = [];
  #nowMs = 0;

  setTimer(callback: () => void, delayMs: number): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  }

  get timers(): number {
    return this.#timers.length;
  }

  fingerprint(path: string): string | null {
    return this.prints.get(path) ?? null;
  }

  watchDirectory(directory: string, onChange: () => void): (() => void) | null {
    if (!this.canWatch) return null;
    this.directories.set(directory, onChange);
    return () => this.directories.delete(directory);
  }

  pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined || next.dueMs > endMs) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#nowMs = next.dueMs;
      next.callback();
    }
    this.#nowMs = endMs;
  }

  change(path: string, print: string | null): void {
    if (print === null) this.prints.delete(path);
    else this.prints.set(path, print);
    this.directories.get(path.slice(0, path.lastIndexOf('/')))?.();
  }
}

function watched(...paths: string[]): { files: Files; told: string[]; watch: FileWatch } {
  const files = new Files();
  const told: string[] = [];
  const watch = new FileWatch((changed) => told.push(changed.join()), files);
  watch.watch(paths);
  return { files, told, watch };
}

describe('Files that are watched', () => {
  test('are told of once, when they have stayed as they are', () => {
    const { files, told } = watched('/a/x', '/a/y', '/b/z');
    files.change('/a/x', '2');
    files.pass(200);
    files.change('/a/x', '3');
    files.change('/b/z', '2');
    files.pass(200);
    expect(told).toEqual([]);
    files.pass(600);
    expect(told).toEqual(['/a/x,/b/z']);
    files.pass(60_000);
    expect(told).toHaveLength(1);
  });

  test('are not told of when something else changes beside them', () => {
    const { files, told } = watched('/a/x');
    files.change('/a/other', '1');
    files.pass(60_000);
    expect(told).toEqual([]);
  });

  test('are not told of while they are away, but when they are back as others', () => {
    const { files, told } = watched('/a/x');
    files.change('/a/x', null);
    files.pass(60_000);
    expect(told).toEqual([]);
    files.change('/a/x', '2');
    files.pass(1000);
    expect(told).toEqual(['/a/x']);
  });

  test('are looked at now and then where the system tells nothing', () => {
    const files = new Files();
    files.canWatch = false;
    const told: string[] = [];
    const watch = new FileWatch((paths) => told.push(paths.join()), files);
    watch.watch(['/a/x']);
    files.prints.set('/a/x', '2');
    files.pass(5000);
    expect(told).toEqual([]);
    files.pass(1000);
    expect(told).toEqual(['/a/x']);
  });

  test('are left alone when others are watched, and nothing is left when none are', () => {
    const { files, told, watch } = watched('/a/x');
    watch.watch(['/b/z']);
    expect([...files.directories.keys()]).toEqual(['/b']);
    files.change('/a/x', '2');
    files.pass(60_000);
    expect(told).toEqual([]);
    watch.stop();
    expect(files.directories.size).toBe(0);
    expect(files.timers).toBe(0);
  });

  test('are told of in a real directory, when another file is renamed over one', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'martlet-watch-'));
    const path = join(directory, 'x');
    writeFileSync(path, 'before');
    const told: string[] = [];
    const watch = new FileWatch((paths) => told.push(...paths));
    try {
      watch.watch([path, join(directory, 'missing', 'y')]);
      writeFileSync(`${path}.new`, 'after');
      renameSync(`${path}.new`, path);
      await expect.poll(() => told, { timeout: 10_000 }).toEqual([path]);
    } finally {
      watch.stop();
      rmSync(directory, { recursive: true });
    }
  });
});
