import { access, chown, mkdir, open, readdir, rename, rm, rmdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory } from '../files/make-directory.ts';
import { NodeLogFiles } from '../files/node-log-files.ts';
import { syncDirectory } from '../files/sync-directory.ts';
import { UNFINISHED } from '../files/unfinished-store.ts';
import { StoreLockError } from '../lock/lock-error.ts';
import { segmentOfName } from '../log/batch-format.ts';
import { StoreLock } from '../store-lock.ts';
import { StoreToolError } from './store-tool-error.ts';

/** Files that a lock leaves. They hold nothing. */
const LOCK_FILE: Readonly<RegExp> = /^lock\..*$/;

const PLACEHOLDER =
  'A store was being put into this directory and was interrupted. Delete everything in it, and do it again.\n';

export interface NewStoreOptions {
  /**
   * Whether a broker is to start on the directory itself, or only on a copy of it: then it may be where no broker could lock it,
   * and so none can start, such as a network file system.
   * @default store
   */
  readonly use?: 'store' | 'copy';
  /**
   * A file in the directory whose contents the store is made of: it may stay, as everything else may that belongs to no store.
   * @default none: the directory must be empty, or not there
   */
  readonly beside?: string | undefined;
}

/**
 * A directory that gets a whole store or none, whenever the process ends: an import or a backup that was interrupted must
 * never look like a smaller store.
 *
 * The directory is locked as long as this has it: a broker that starts on it meanwhile would lose what it keeps there.
 * The files are made in a folder `unfinished` of the directory. To move them up, a text takes the place of the first
 * segment, which no broker takes for one; then come the others, and at last the first, which replaces the text.
 */
export class NewStoreDirectory {
  /** Where the files are to be made. */
  readonly files: NodeLogFiles;
  readonly #directory: string;
  readonly #isNew: boolean;
  readonly #lock: StoreLock | null;
  readonly #unfinished: string;
  /** Whose the store is to be, if root makes it. */
  readonly #owner: string;

  private constructor(directory: string, isNew: boolean, lock: StoreLock | null, owner: string) {
    this.#directory = directory;
    this.#owner = owner;
    this.#isNew = isNew;
    this.#lock = lock;
    this.#unfinished = join(directory, UNFINISHED);
    this.files = new NodeLogFiles(this.#unfinished);
  }

  /**
   * To be ended with `finish`, and with `abandon` if that or anything before it fails.
   * @throws {StoreToolError} `target-not-empty`
   * @throws {StoreLockError} when a broker uses the directory, or it cannot be made
   */
  static async make(
    directory: string,
    { use = 'store', beside }: NewStoreOptions = {},
  ): Promise<NewStoreDirectory> {
    const isNew = await access(directory).then(
      () => false,
      () => true,
    );
    const lock = use === 'store' ? await StoreLock.acquire(directory) : await lockWherePossible(directory);
    const made = new NewStoreDirectory(directory, isNew, lock, beside ?? directory);
    try {
      await refuseContents(directory, beside !== undefined);
      await mkdir(made.#unfinished, { mode: 0o700 });
      return made;
    } catch (error) {
      await made.#leave();
      throw error;
    }
  }

  /** Makes what is in the folder the store of the directory. No file at all is an empty store. */
  async finish(): Promise<void> {
    const names = (await this.files.list()).filter((name) => segmentOfName(name) !== undefined);
    names.sort((a, b) => segmentOfName(b)! - segmentOfName(a)!);
    const first = names.at(-1);
    if (first !== undefined && names.length > 1) await this.#writePlaceholder(first);
    for (const name of names) {
      if (name === first) await syncDirectory(this.#directory);
      await giveToOwnerOf(this.#owner, join(this.#unfinished, name));
      await rename(join(this.#unfinished, name), join(this.#directory, name));
    }
    await rmdir(this.#unfinished);
    await syncDirectory(this.#directory);
    await this.#lock?.release();
  }

  /**
   * Takes away what this has made, the directory too if it was not there before. Never rejects: what the file system does not let
   * go stays beside the folder that tells of it.
   */
  async abandon(): Promise<void> {
    try {
      // It stays until all else is gone.
      await mkdir(this.#unfinished, { recursive: true, mode: 0o700 });
      for (const name of await readdir(this.#directory)) {
        if (segmentOfName(name) !== undefined) await unlink(join(this.#directory, name));
      }
      await rm(this.#unfinished, { recursive: true });
    } catch {
      // What made this necessary is reported; the next attempt names what is left.
    }
    await this.#leave();
  }

  async #leave(): Promise<void> {
    await this.#lock?.release().catch(() => undefined);
    if (this.#isNew) await rmdir(this.#directory).catch(() => undefined);
  }

  async #writePlaceholder(name: string): Promise<void> {
    const file = await open(join(this.#directory, name), 'wx', 0o600);
    try {
      await file.writeFile(PLACEHOLDER);
      await file.sync();
    } finally {
      await file.close();
    }
    await syncDirectory(this.#directory);
  }
}

/** Null where nobody can have a lock, a broker neither. */
async function lockWherePossible(directory: string): Promise<StoreLock | null> {
  try {
    return await StoreLock.acquire(directory);
  } catch (error) {
    if (!(error instanceof StoreLockError) || error.code !== 'store-lock-unsupported') throw error;
    await makeDirectory(directory);
    return null;
  }
}

/**
 * What root makes would be for root alone: a broker that runs as another user could not read it.
 * @param path of what belongs to that user
 */
async function giveToOwnerOf(path: string, file: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = await stat(path);
  await chown(file, uid, gid);
}

/** @param allowsOthers files that belong to no store may be there */
async function refuseContents(directory: string, allowsOthers: boolean): Promise<void> {
  const isInTheWay = (name: string): boolean =>
    allowsOthers ? segmentOfName(name) !== undefined || name === UNFINISHED : !LOCK_FILE.test(name);
  const found = (await readdir(directory)).find(isInTheWay);
  if (found === undefined) return;
  if (allowsOthers && found !== UNFINISHED) {
    const text = `expected no store in ${directory} yet, found "${found}" in it: what it holds is not overwritten`;
    throw new StoreToolError(text, { code: 'target-not-empty' });
  }
  const left = found === UNFINISHED ? ', which an interrupted attempt left: delete it' : '';
  const text = `expected ${directory} to be empty or not there, found "${found}" in it${left}`;
  throw new StoreToolError(text, { code: 'target-not-empty' });
}
