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
import { NodeSessionFiles } from './file/node-session-files.ts';
import type { SessionFiles } from './file/session-files.ts';
import type { SessionLogLimits } from './file/session-log.ts';
import { SESSION_LOG_LIMITS, SessionLog } from './file/session-log.ts';
import { makeDirectory } from './file/store-directory.ts';
import { storeFailure } from './file/store-failure.ts';
import type { SessionStore, StoredChange, StoredRecord } from './session-store.ts';

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
 * In memory it has some 150 bytes per record; the values stay in the file, which grows up to twice what lives, plus 256 KiB.
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
  return new FileStore(
    `the session store in ${directory}`,
    { files, limits: SESSION_LOG_LIMITS, lock },
    onWarning,
  );
}

/** What a file store stands on; an argument, so that tests have a disk that fails. */
export interface FileStoreGround {
  readonly files: SessionFiles;
  readonly limits: SessionLogLimits;
  /** Makes the directory if need be, and takes it for this client. */
  lock(): Promise<DirectoryLock>;
}

export class FileStore implements SessionStore {
  /** For texts: `the session store in /data`. */
  readonly #name: string;
  readonly #onWarning: (warning: ClientError) => void;
  readonly #ground: FileStoreGround;
  /** Fulfilled when what was begun has ended: one thing is done after the other. */
  #lastTurn: Promise<unknown>;
  #lock: DirectoryLock | undefined;
  #log: SessionLog | undefined;
  #failure: ClientError | undefined;

  constructor(
    name: string,
    ground: FileStoreGround,
    onWarning: (warning: ClientError) => void = () => undefined,
  ) {
    this.#name = name;
    this.#onWarning = onWarning;
    this.#ground = ground;
    this.#lastTurn = Promise.resolve();
    this.#lock = undefined;
    this.#log = undefined;
    this.#failure = undefined;
  }

  open(): Promise<readonly StoredRecord[]> {
    return this.#inTurn('opening', async () => {
      if (this.#lock !== undefined) throw new ClientError('STORE_FAILED', `${this.#name} is open already`);
      const lock = await this.#ground.lock();
      try {
        const { log, records, torn } = await SessionLog.open(this.#ground.files, this.#ground.limits);
        this.#lock = lock;
        this.#log = log;
        this.#failure = undefined;
        if (torn !== undefined) this.#warn(torn);
        return records;
      } catch (error) {
        await lock.release();
        throw error;
      }
    });
  }

  async write(changes: readonly StoredChange[]): Promise<void> {
    await this.#inTurn('writing to', async () => {
      const log = this.#usableLog();
      if (changes.length === 0) return;
      try {
        await log.append(changes);
      } catch (error) {
        throw await this.#fail(log, 'writing to', error);
      }
    });
    // A next write waits for it, this one does not.
    if (this.#log?.wantsCompaction) void this.#inTurn('compacting', () => this.#compact());
  }

  close(): Promise<void> {
    return this.#inTurn('closing', async () => {
      const lock = this.#lock;
      const log = this.#log;
      this.#lock = undefined;
      this.#log = undefined;
      this.#failure = undefined;
      try {
        await log?.close();
      } finally {
        await lock?.release();
      }
    });
  }

  /** Never rejects: what fails is told by the next write. */
  async #compact(): Promise<void> {
    const log = this.#log;
    // It may have been closed, or have failed, since this was asked for.
    if (!log?.wantsCompaction) return;
    try {
      const warning = await log.compact();
      if (warning !== undefined) this.#warn(warning);
    } catch (error) {
      await this.#fail(log, 'compacting', error);
    }
  }

  #usableLog(): SessionLog {
    if (this.#log !== undefined) return this.#log;
    const told =
      this.#failure === undefined
        ? `expected an open store, ${this.#name} is not open`
        : `${this.#name} has failed before; close it and open it again, then what it has is known (${this.#failure.message})`;
    throw new ClientError('STORE_FAILED', told, this.#failure);
  }

  /** From now on every write fails, until `close` and `open`. */
  async #fail(log: SessionLog, doing: string, error: unknown): Promise<ClientError> {
    this.#log = undefined;
    this.#failure = storeFailure(`${doing} ${this.#name}`, error);
    await log.abandon();
    return this.#failure;
  }

  #warn(warning: ClientError): void {
    try {
      this.#onWarning(warning);
    } catch {
      // Nobody waits for it here, and the store has not failed.
    }
  }

  #inTurn<T>(doing: string, work: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(work).catch((error: unknown) => {
      throw storeFailure(`${doing} ${this.#name}`, error);
    });
    this.#lastTurn = turn.catch(() => undefined);
    return turn;
  }
}
