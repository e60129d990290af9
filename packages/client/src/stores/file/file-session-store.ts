import { ClientError } from '../../client-error.ts';
import type { SessionStore, StoredChange, StoredRecord } from '../session-store.ts';
import type { DirectoryLock } from './directory-lock.ts';
import type { SessionFiles } from './session-files.ts';
import type { SessionLogLimits } from './session-log.ts';
import { SessionLog } from './session-log.ts';
import { storeFailure } from './store-failure.ts';

/** What a file store stands on; an argument, so that tests have a disk that fails. */
export interface FileSessionGround {
  readonly files: SessionFiles;
  readonly limits: SessionLogLimits;
  /** Makes the directory if need be, and takes it for this client. */
  lock(): Promise<DirectoryLock>;
}

/**
 * A session store on files: takes the lock, does one thing after the other, compacts the log between two writes, and after
 * a failure refuses every write until it is closed and opened again.
 */
export class FileSessionStore implements SessionStore {
  /** For texts: `the session store in /data`. */
  readonly #name: string;
  readonly #onWarning: (warning: ClientError) => void;
  readonly #ground: FileSessionGround;
  /** Fulfilled when what was begun has ended: one thing is done after the other. */
  #lastTurn: Promise<unknown>;
  #lock: DirectoryLock | undefined;
  #log: SessionLog | undefined;
  #failure: ClientError | undefined;

  constructor(
    name: string,
    ground: FileSessionGround,
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
