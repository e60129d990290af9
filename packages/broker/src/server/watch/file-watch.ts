/**
 * Tells when files have changed: what an editor writes in place, what a tool renames over them, what a container swaps by its
 * links. The system tells of changes in their directories, at once where it can; besides that the files are looked at now and
 * then, since not every file system tells. A change is reported when the files have stayed as they are for a moment, so that
 * a file half written is not read.
 */
import type { FSWatcher } from 'node:fs';
import { statSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/** How long files must have stayed the same, in ms. */
const SETTLED_MS = 300;
/** How often they are looked at where the system tells nothing, in ms. */
const POLL_MS = 5000;

export interface WatchWorld {
  setTimer(callback: () => void, delayMs: number): () => void;
  /** What changes whenever the file does; `null` where there is none. */
  fingerprint(path: string): string | null;
  /** Calls back when something in the directory changes. Null where that cannot be had. */
  watchDirectory(directory: string, onChange: () => void): (() => void) | null;
}

export class FileWatch {
  readonly #world: WatchWorld;
  readonly #onChange: (paths: readonly string[]) => void;
  #files: ReadonlyMap<string, string | null>;
  /** As they were when they last were looked at, while a change settles. */
  #seen: ReadonlyMap<string, string | null>;
  readonly #stopDirectories: Map<string, () => void>;
  #cancelTimer: (() => void) | null;
  #isSettling: boolean;

  /** @param onChange told which of the files are others than they were */
  constructor(onChange: (paths: readonly string[]) => void, world: WatchWorld = nodeWatchWorld()) {
    this.#world = world;
    this.#onChange = onChange;
    this.#files = new Map();
    this.#seen = this.#files;
    this.#stopDirectories = new Map();
    this.#cancelTimer = null;
    this.#isSettling = false;
  }

  /** Watches these files, and no others any more. As they are now is how they are known. */
  watch(paths: Iterable<string>): void {
    this.#files = this.#look(new Set(paths));
    const directories = new Set([...this.#files.keys()].map((path) => dirname(path)));
    for (const [directory, stop] of this.#stopDirectories) {
      if (directories.has(directory)) continue;
      stop();
      this.#stopDirectories.delete(directory);
    }
    for (const directory of directories) {
      if (this.#stopDirectories.has(directory)) continue;
      const stop = this.#world.watchDirectory(directory, () => this.#settle());
      if (stop !== null) this.#stopDirectories.set(directory, stop);
    }
    this.#isSettling = false;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (this.#files.size > 0) this.#poll();
  }

  stop(): void {
    this.watch([]);
  }

  #look(paths: Iterable<string>): ReadonlyMap<string, string | null> {
    return new Map([...paths].map((path) => [path, this.#world.fingerprint(path)]));
  }

  #poll(): void {
    this.#cancelTimer = this.#world.setTimer(() => {
      if (changed(this.#files, this.#look(this.#files.keys())).length > 0) this.#settle();
      else this.#poll();
    }, POLL_MS);
  }

  /** Something has happened: looks again until nothing does. */
  #settle(): void {
    if (this.#isSettling || this.#files.size === 0) return;
    this.#isSettling = true;
    this.#seen = this.#look(this.#files.keys());
    this.#cancelTimer?.();
    this.#cancelTimer = this.#world.setTimer(() => this.#settled(), SETTLED_MS);
  }

  #settled(): void {
    this.#isSettling = false;
    const now = this.#look(this.#files.keys());
    // A file that is away is about to be replaced: the next look shows.
    const isAway = [...now].some(([path, print]) => print === null && this.#files.get(path) !== null);
    if (changed(this.#seen, now).length > 0) {
      this.#settle();
      return;
    }
    const paths = changed(this.#files, now);
    if (!isAway) this.#files = now;
    this.#poll();
    if (paths.length > 0 && !isAway) this.#onChange(paths);
  }
}

function changed(
  before: ReadonlyMap<string, string | null>,
  now: ReadonlyMap<string, string | null>,
): readonly string[] {
  return [...now].flatMap(([path, print]) => (before.get(path) === print ? [] : [path]));
}

function nodeWatchWorld(): WatchWorld {
  return {
    setTimer(callback, delayMs) {
      const timer = setTimeout(callback, delayMs).unref();
      return () => clearTimeout(timer);
    },
    fingerprint(path) {
      try {
        const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
        return `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`;
      } catch {
        return null; // Not there, or not to be looked at: who reads it says so.
      }
    },
    watchDirectory(directory, onChange) {
      let watcher: FSWatcher;
      try {
        watcher = watch(directory, { persistent: false }, onChange);
      } catch {
        return null; // Not there, or no more watches to be had: the files are looked at now and then.
      }
      watcher.on('error', () => watcher.close());
      return () => watcher.close();
    },
  };
}
