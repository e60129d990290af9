/**
 * The file in which dynamic security is kept. It is written beside itself, as `F.new`, synced, and then takes the place of `F`;
 * the directory is synced after it. So there is always a whole file, the old one or the new one.
 *
 * Somebody else may change the file, too (`mosquitto_ctrl dynsec init`, a deployment): `hasChanged` says so.
 */
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import { ConfigurationError } from '../../config/configuration-error.ts';
import { opennessNotice, readListedFile, textOf } from '../listed-file.ts';

/** Some million clients. */
export const MAXIMUM_SECURITY_FILE_BYTES: number = 256 * 1024 * 1024;

const KEY = 'dynamicSecurity.file';
/** It has the hashes of passwords in it. */
const PRIVATE = 0o600;

/** Tells one content of a file from another without reading it. */
export interface FileStamp {
  readonly inode: number;
  readonly bytes: number;
  readonly modifiedMs: number;
}

export interface ReadSecurityFile {
  readonly text: string;
  readonly stamp: FileStamp;
  readonly notices: readonly ConfigurationProblem[];
}

export class SecurityFile {
  /** As it is configured. */
  readonly path: string;
  #stamp: FileStamp | null = null;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * @returns undefined if there is none; what is read counts as known from `take` on
   * @throws {ConfigurationError} if it cannot be read
   */
  async read(): Promise<ReadSecurityFile | undefined> {
    const stamp = await stampOf(this.path);
    if (stamp === null) return undefined;
    const file = await readListedFile(this.path, KEY, MAXIMUM_SECURITY_FILE_BYTES);
    const notice = opennessNotice(file, KEY);
    return { text: textOf(file, KEY), stamp, notices: notice === undefined ? [] : [notice] };
  }

  /** What was read is good, and in force: until then it may not be written over. */
  take(stamp: FileStamp): void {
    this.#stamp = stamp;
  }

  /** Whether it is another one than was taken or written last; false if it is not there. */
  async hasChanged(): Promise<boolean> {
    const now = await stampOf(this.path);
    return now !== null && !isSame(now, this.#stamp);
  }

  /** @throws {Error} of the system, or a RangeError for a text that could not be read again; the file is as it was */
  async write(text: string): Promise<void> {
    if (Buffer.byteLength(text) > MAXIMUM_SECURITY_FILE_BYTES)
      throw new RangeError(`expected at most ${MAXIMUM_SECURITY_FILE_BYTES} bytes`);
    const path = await this.#target();
    const mode = (await modeOf(path)) ?? PRIVATE;
    const beside = `${path}.new`;
    try {
      await writeSynced(beside, text, mode);
      await rename(beside, path);
    } catch (error) {
      await rm(beside, { force: true }).catch(() => {});
      throw error;
    }
    this.#stamp = await stampOf(path);
    await syncDirectory(dirname(path));
  }

  /**
   * Makes sure that changes can be kept.
   * @throws {ConfigurationError} if a file cannot be made beside it
   */
  async checkWritable(): Promise<void> {
    const beside = `${await this.#target()}.new`;
    try {
      const file = await open(beside, 'w', PRIVATE);
      await file.close();
      await rm(beside);
    } catch (error) {
      const text = `expected a directory in which files can be made, as changes are written to ${beside} first, got ${systemReason(error)}`;
      throw new ConfigurationError(
        [{ file: this.path, line: undefined, key: KEY, severity: 'error', code: 'file-not-writable', text }],
        { cause: error },
      );
    }
  }

  /** Where a link leads: it is to stay one. */
  async #target(): Promise<string> {
    return realpath(this.path).catch(() => this.path);
  }
}

/** Why the system refused, in one word such as `EACCES`. */
export function systemReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

/** A file that only this user reads, on the disk when the promise fulfils. */
export async function writeSynced(path: string, text: string, mode: number = PRIVATE): Promise<void> {
  const file = await open(path, 'w', mode);
  try {
    await file.chmod(mode); // it may have been there, and the umask is not asked
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

const NOT_SYNCABLE: ReadonlySet<string> = new Set(['EINVAL', 'ENOTSUP', 'ENOSYS']);

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } catch (error) {
    // Some file systems keep the order by themselves, and know of no such thing.
    if (!NOT_SYNCABLE.has(systemReason(error))) throw error;
  } finally {
    await directory.close();
  }
}

async function modeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ mode }) => mode & 0o777,
    () => undefined,
  );
}

async function stampOf(path: string): Promise<FileStamp | null> {
  return stat(path).then(
    ({ ino, size, mtimeMs }) => ({ inode: ino, bytes: size, modifiedMs: mtimeMs }),
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      return { inode: 0, bytes: 0, modifiedMs: 0 }; // something is there; reading it tells what is wrong
    },
  );
}

function isSame(one: FileStamp, other: FileStamp | null): boolean {
  if (other === null) return false;
  return one.inode === other.inode && one.bytes === other.bytes && one.modifiedMs === other.modifiedMs;
}
