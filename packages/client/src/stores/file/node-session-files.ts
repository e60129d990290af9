import type { FileHandle } from 'node:fs/promises';
import { open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { SessionFile, SessionFiles } from './session-files.ts';
import { syncDirectory } from './store-directory.ts';
import { systemCode } from './store-failure.ts';

/** Others on the machine do not read what is kept. */
const FILE_MODE = 0o600;

/** The files of one directory on the disk, read and written in the thread pool. */
export class NodeSessionFiles implements SessionFiles {
  readonly #directory: string;

  /** @param directory must exist */
  constructor(directory: string) {
    this.#directory = directory;
  }

  pathOf(name: string): string {
    return join(this.#directory, name);
  }

  async create(name: string): Promise<SessionFile> {
    return new NodeSessionFile(await open(this.pathOf(name), 'w+', FILE_MODE));
  }

  async open(name: string): Promise<SessionFile | undefined> {
    try {
      return new NodeSessionFile(await open(this.pathOf(name), 'r+'));
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      return undefined;
    }
  }

  rename(from: string, to: string): Promise<void> {
    return rename(this.pathOf(from), this.pathOf(to));
  }

  async remove(name: string): Promise<void> {
    await unlink(this.pathOf(name)).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw error;
    });
  }

  syncNames(): Promise<void> {
    return syncDirectory(this.#directory);
  }
}

class NodeSessionFile implements SessionFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    let done = 0;
    while (done < target.length) {
      const { bytesRead } = await this.#handle.read(target, done, target.length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    // A nearly full disk and a very long write take less than they were given.
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  }

  truncate(length: number): Promise<void> {
    return this.#handle.truncate(length);
  }

  sync(): Promise<void> {
    // The length is among what it syncs, whenever reading the file back needs it.
    return this.#handle.datasync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
