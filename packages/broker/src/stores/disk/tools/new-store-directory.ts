import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { segmentOfName } from '../batch-format.ts';
import { makeDirectory } from '../make-directory.ts';
import { NodeLogFiles } from '../node-log-files.ts';
import { syncDirectory } from '../sync-directory.ts';
import { UNFINISHED } from '../unfinished-store.ts';
import { StoreToolError } from './store-tool-error.ts';

/** Files that a lock leaves. They hold nothing. */
const LOCK_FILE: Readonly<RegExp> = /^lock\..*$/;

const PLACEHOLDER =
  'A store was being put into this directory and was interrupted. Delete everything in it, and do it again.\n';

/**
 * A directory that gets a whole store or none, whenever the process ends: an import or a backup that was interrupted must
 * never look like a smaller store.
 *
 * The files are made in a folder `unfinished` of the directory. To move them up, a text takes the place of the first
 * segment, which no broker takes for one; then come the others, and at last the first, which replaces the text.
 */
export class NewStoreDirectory {
  /** Where the files are to be made. */
  readonly files: NodeLogFiles;
  readonly #directory: string;
  readonly #unfinished: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.#unfinished = join(directory, UNFINISHED);
    this.files = new NodeLogFiles(this.#unfinished);
  }

  /** @throws {StoreToolError} `target-not-empty`; what the file system says otherwise */
  static async make(directory: string): Promise<NewStoreDirectory> {
    await makeDirectory(directory);
    const [found] = (await readdir(directory)).filter((name) => !LOCK_FILE.test(name));
    if (found !== undefined) {
      const left = found === UNFINISHED ? ', which an interrupted attempt left: delete it' : '';
      const text = `expected ${directory} to be empty or not there, found "${found}" in it${left}`;
      throw new StoreToolError(text, { code: 'target-not-empty' });
    }
    const made = new NewStoreDirectory(directory);
    await mkdir(made.#unfinished, { mode: 0o700 });
    return made;
  }

  /** Makes what is in the folder the store of the directory. No file at all is an empty store. */
  async finish(): Promise<void> {
    const names = (await this.files.list()).filter((name) => segmentOfName(name) !== undefined);
    names.sort((a, b) => segmentOfName(b)! - segmentOfName(a)!);
    const first = names.at(-1);
    if (first !== undefined && names.length > 1) await this.#writePlaceholder(first);
    for (const name of names) {
      if (name === first) await syncDirectory(this.#directory);
      await rename(join(this.#unfinished, name), join(this.#directory, name));
    }
    await rmdir(this.#unfinished);
    await syncDirectory(this.#directory);
  }

  /** Takes away what this has made. */
  async abandon(): Promise<void> {
    await rm(this.#unfinished, { recursive: true, force: true });
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
