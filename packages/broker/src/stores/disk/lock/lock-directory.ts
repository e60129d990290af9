/**
 * A store's directory as the lock needs it: made if it is missing, open, listed, and with paths of sockets that the system
 * takes however long the directory's own path is.
 */
import type { FileHandle } from 'node:fs/promises';
import { open, readdir, realpath, statfs, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory } from '../files/make-directory.ts';
import { lockUnsupported } from './lock-error.ts';

/** Bytes of a socket's path on the system that takes fewest (macOS: 104 with the NUL at its end). */
const SOCKET_PATH_BYTES = 103;

/**
 * File systems that several machines mount: `f_type` of Linux's statfs. A socket is known to one kernel only, so that on them a
 * store which another machine uses would look abandoned.
 */
const NETWORK_FILE_SYSTEMS: Readonly<Record<number, string>> = {
  26985: 'NFS',
  20859: 'SMB',
  4266872130: 'SMB',
  4283649346: 'CIFS',
  1397113167: 'AFS',
  1799439955: 'AFS',
  12805120: 'Ceph',
  18225520: 'GFS2',
  1952539503: 'OCFS2',
};

export class LockDirectory {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #platform: NodeJS.Platform;

  private constructor(path: string, handle: FileHandle, platform: NodeJS.Platform) {
    this.#path = path;
    this.#handle = handle;
    this.#platform = platform;
  }

  /** Makes the directory if it is missing, so that it survives a power cut, and opens it. */
  static async open(directory: string, platform: NodeJS.Platform = process.platform): Promise<LockDirectory> {
    await makeDirectory(directory);
    return LockDirectory.openExisting(directory, platform);
  }

  static async openExisting(
    directory: string,
    platform: NodeJS.Platform = process.platform,
  ): Promise<LockDirectory> {
    const path = await realpath(directory);
    if (platform === 'linux') {
      const name = networkFileSystem((await statfs(path)).type);
      if (name !== null) {
        throw lockUnsupported(
          path,
          `it is on a network file system (${name}), where a broker on another machine could not be noticed`,
        );
      }
    }
    return new LockDirectory(path, await open(path, 'r'), platform);
  }

  /** With no symbolic link in it. */
  get path(): string {
    return this.#path;
  }

  filePath(name: string): string {
    return join(this.#path, name);
  }

  /**
   * The path of a socket in this directory, short enough for the system; valid until `close`.
   * @throws `store-lock-unsupported` if there is none
   */
  socketPath(name: string): string {
    const path = this.filePath(name);
    if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES) return path;
    if (this.#platform === 'linux') return `/proc/self/fd/${this.#handle.fd}/${name}`;
    throw lockUnsupported(
      this.#path,
      `its path is too long for a socket in it: ${Buffer.byteLength(path)} bytes, and this system takes ${SOCKET_PATH_BYTES}`,
    );
  }

  /** Names of files: all that were there from the beginning of this call to its end, and perhaps some that were not. */
  list(): Promise<readonly string[]> {
    return readdir(this.#path);
  }

  /** Nothing if it is gone already. */
  async remove(name: string): Promise<void> {
    await unlink(this.filePath(name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** @returns its name if several machines can mount file systems of this type, else null */
export function networkFileSystem(type: number): string | null {
  // The C library has it as a signed number on some machines.
  return NETWORK_FILE_SYSTEMS[type >>> 0] ?? null;
}
