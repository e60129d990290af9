import type { LogFile, LogFiles } from '../files/log-files.ts';
import { systemCode } from '../files/log-files.ts';
import { StoreOpenError } from '../files/store-open-error.ts';
import { UNFINISHED } from '../files/unfinished-store.ts';
import { segmentOfName } from '../log/batch-format.ts';
import { StoreToolError } from './store-tool-error.ts';

/** A broker removes a segment every few seconds at most; so many tries in a row fail only if something is wrong. */
const MOST_TRIES = 50;

/** Of a broker that uses the store, or was killed. */
const LOCK_FILE: Readonly<RegExp> = /^lock\.[0-9a-f]{32}\.\d+\.sock$/;

/**
 * All segments of a store at one moment, held open: a broker that uses the store goes on, and what it removes meanwhile
 * can still be read here. Nothing is written, and no lock is taken.
 *
 * What counts in a segment is never changed, and segments are removed oldest first. So if all that were listed could be opened, they were
 * there together, and the last one ends in whatever the broker has written by the time it is read.
 */
export class HeldSegments implements LogFiles {
  readonly #files: ReadonlyMap<string, LogFile>;

  private constructor(files: ReadonlyMap<string, LogFile>) {
    this.#files = files;
  }

  /** @throws {StoreToolError} `store-missing`, `store-too-busy`, `too-many-files`; {@link StoreOpenError} otherwise */
  static async hold(source: LogFiles): Promise<HeldSegments> {
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const all = await listed(source);
      if (all.includes(UNFINISHED)) throw StoreOpenError.unfinished(UNFINISHED);
      const names = all.filter((name) => segmentOfName(name) !== undefined);
      names.sort((a, b) => segmentOfName(a)! - segmentOfName(b)!);
      // A broker makes the first file when there is something to keep; its lock, living or left, tells of the store.
      if (names.length === 0 && !all.some((name) => LOCK_FILE.test(name))) throw storeMissing(all);
      const files = await openAll(source, names);
      if (files !== null) return new HeldSegments(files);
    }
    const text = `files of the store vanished ${MOST_TRIES} times while they were being opened; try again`;
    throw new StoreToolError(text, { code: 'store-too-busy' });
  }

  list(): Promise<readonly string[]> {
    return Promise.resolve([...this.#files.keys()]);
  }

  open(name: string, mode: 'read' | 'write'): Promise<LogFile> {
    if (mode === 'write') return Promise.reject(new TypeError('what is held is only read'));
    return Promise.resolve(new Borrowed(this.#held(name)));
  }

  openSync(name: string): LogFile {
    return new Borrowed(this.#held(name));
  }

  create(): Promise<LogFile> {
    return Promise.reject(new TypeError('what is held is only read'));
  }

  remove(): Promise<void> {
    return Promise.reject(new TypeError('what is held is only read'));
  }

  async close(): Promise<void> {
    for (const file of this.#files.values()) await file.close();
  }

  #held(name: string): LogFile {
    const file = this.#files.get(name);
    if (file === undefined) throw new TypeError(`${name} is not among what is held`);
    return file;
  }
}

function storeMissing(names: readonly string[]): StoreToolError {
  const text =
    names.length === 0
      ? 'this directory is empty: a broker that uses it has kept nothing yet, or it is another directory'
      : 'there is no store in this directory: no file such as 00000001.log';
  return new StoreToolError(text, { code: 'store-missing' });
}

async function listed(source: LogFiles): Promise<readonly string[]> {
  try {
    return await source.list();
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw StoreOpenError.unreadable('the data directory', error);
    throw new StoreToolError('there is no such directory', { code: 'store-missing', cause: error });
  }
}

/** Null if one of them is gone. */
async function openAll(source: LogFiles, names: readonly string[]): Promise<Map<string, LogFile> | null> {
  const files = new Map<string, LogFile>();
  try {
    for (const name of names) files.set(name, await source.open(name, 'read'));
    return files;
  } catch (error) {
    for (const file of files.values()) await file.close();
    const code = systemCode(error);
    if (code === 'ENOENT') return null;
    if (code === 'EMFILE' || code === 'ENFILE') {
      const text = `the store has ${names.length} files, and only ${files.size} could be opened; allow more (ulimit -n)`;
      throw new StoreToolError(text, { code: 'too-many-files', cause: error });
    }
    throw StoreOpenError.unreadable('the data directory', error);
  }
}

/** A held file for one reader, who closes it when done; it stays open for the others. */
class Borrowed implements LogFile {
  readonly #file: LogFile;

  constructor(file: LogFile) {
    this.#file = file;
  }

  size(): Promise<number> {
    return this.#file.size();
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return this.#file.read(target, position);
  }

  readSync(target: Uint8Array, position: number): number {
    return this.#file.readSync(target, position);
  }

  write(): Promise<void> {
    return Promise.reject(new TypeError('what is held is only read'));
  }

  sync(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
