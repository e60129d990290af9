import { constants, openSync } from 'node:fs';
import { readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogFile, LogFiles } from './log-files.ts';
import { systemCode } from './log-files.ts';
import { NodeLogFile, openDescriptor } from './node-log-file.ts';
import { syncDirectory } from './sync-directory.ts';

/** Others on the machine do not read what is kept. */
const FILE_MODE = 0o600;

/** On Linux O_DSYNC is `fdatasync` in the same call. Elsewhere it may mean less than that, and is not used. */
const WRITES_SYNCED_IN_ONE_CALL: boolean = process.platform === 'linux';

/** The files of one directory on the disk, read and written in the thread pool. */
export class NodeLogFiles implements LogFiles {
  readonly #directory: string;

  /** @param directory must exist; see {@link makeDirectory} */
  constructor(directory: string) {
    this.#directory = directory;
  }

  list(): Promise<readonly string[]> {
    return readdir(this.#directory);
  }

  async create(name: string): Promise<LogFile> {
    const file = await this.#open(name, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, true);
    try {
      await syncDirectory(this.#directory);
    } catch (error) {
      await file.close();
      throw error;
    }
    return file;
  }

  open(name: string, mode: 'read' | 'write'): Promise<LogFile> {
    const isWritten = mode === 'write';
    return this.#open(name, isWritten ? constants.O_RDWR : constants.O_RDONLY, isWritten);
  }

  openSync(name: string): LogFile {
    return new NodeLogFile(openSync(join(this.#directory, name), constants.O_RDONLY));
  }

  async remove(name: string): Promise<void> {
    try {
      await unlink(join(this.#directory, name));
    } catch (error) {
      // It may be gone by an earlier call that could not sync the directory.
      if (systemCode(error) !== 'ENOENT') throw error;
    }
    await syncDirectory(this.#directory);
  }

  async #open(name: string, flags: number, isWritten: boolean): Promise<NodeLogFile> {
    const path = join(this.#directory, name);
    const file = new NodeLogFile(await openDescriptor(path, flags, FILE_MODE));
    if (!isWritten || !WRITES_SYNCED_IN_ONE_CALL) return file;
    try {
      file.writeSyncedWith(await openDescriptor(path, constants.O_WRONLY | constants.O_DSYNC, FILE_MODE));
    } catch (error) {
      await file.close();
      throw error;
    }
    return file;
  }
}
