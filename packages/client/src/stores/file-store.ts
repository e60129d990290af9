/**
 * Keeps a client's session in a directory, across restarts and power cuts. For Node.js.
 *
 * The directory is made if it is missing, for this user only, and has `session.log` (its bytes: file/log-format.ts), for
 * a moment `session.new`, and while a client uses it `lock.<id>.sock`. It should be on a disk of this machine: a process on
 * another one, that mounts the same network file system, is not kept out.
 */
import { ClientError } from '../client-error.ts';
import type { DirectoryLock } from './file/directory-lock.ts';
import { lockDirectory } from './file/directory-lock.ts';
import { FileSessionStore } from './file/file-session-store.ts';
import { NodeSessionFiles } from './file/node-session-files.ts';
import { SESSION_LOG_LIMITS } from './file/session-log.ts';
import { makeDirectory } from './file/store-directory.ts';
import type { SessionStore } from './session-store.ts';

export type { SessionStore, StoredChange, StoredRecord } from './session-store.ts';

export interface FileStoreOptions {
  /** One for each client. */
  readonly directory: string;
  /**
   * Told what does not make the store fail: a last write that a crash left unfinished was cut off, or the file could not be
   * made smaller (a full disk). What it throws is ignored.
   */
  readonly onWarning?: (warning: ClientError) => void;
}

/**
 * A session store in a directory, for the option `store` of `connect`.
 *
 * A write is fulfilled when it is synced to the disk; it takes one `fdatasync`. All errors are `STORE_FAILED`, with the system's
 * as `cause`: the directory cannot be used, another client has it, the file is damaged (nothing is changed then), a write
 * or a sync failed. After a failed write every further one fails, until the store is closed and opened again: then all
 * writes are there that had been fulfilled, in order, and the failed one as a whole or not at all.
 *
 * In memory it has some 100 bytes per record; the values stay in the file, which grows up to twice what lives, plus 256 KiB.
 * A write may have 1 GiB.
 *
 * @example
 * const client = connect('mqtt://localhost', {
 *   clientId: 'meter-7',
 *   sessionExpiryInterval: 86_400,
 *   store: fileStore({ directory: '/var/lib/meter/session' }),
 * });
 */
export function fileStore(options: FileStoreOptions): SessionStore {
  const { directory, onWarning } = options;
  if (typeof directory !== 'string' || directory === '') {
    throw new ClientError(
      'INVALID_OPTION',
      `expected the path of a directory for a session store, got ${directory}`,
    );
  }
  const lock = async (): Promise<DirectoryLock> => {
    await makeDirectory(directory);
    return lockDirectory(directory);
  };
  const files = new NodeSessionFiles(directory);
  return new FileSessionStore(
    `the session store in ${directory}`,
    { files, limits: SESSION_LOG_LIMITS, lock },
    onWarning,
  );
}
