/** The way of the session to the store: records in at the start, changes out as they are staged, one write at a time. */
import { ClientError } from '../client-error.ts';
import type { ClientCore } from '../core/client-core.ts';
import type { SessionStore, StoredRecord } from '../stores/session-store.ts';

export class SessionKeeping {
  readonly #store: SessionStore;
  readonly #core: ClientCore;
  readonly #onFailed: (error: ClientError) => void;
  #isOpen = false;
  #hasFailed = false;
  #writing: Promise<void> | undefined;

  /** @param onFailed told at most once: nothing is kept any more */
  constructor(store: SessionStore, core: ClientCore, onFailed: (error: ClientError) => void) {
    this.#store = store;
    this.#core = core;
    this.#onFailed = onFailed;
  }

  /** @throws {ClientError} STORE_FAILED */
  async open(): Promise<readonly StoredRecord[]> {
    try {
      const records = await this.#store.open();
      this.#isOpen = true;
      return records;
    } catch (error) {
      throw storeError(error);
    }
  }

  /** Writes what is staged, unless a write is under way: then it is part of the next one. */
  write(): void {
    if (this.#writing !== undefined || !this.#isOpen || this.#hasFailed) return;
    const changes = this.#core.takeChanges();
    if (changes === null) return;
    const { revision } = this.#core.keeper;
    this.#writing = this.#store.write(changes).then(
      () => {
        this.#writing = undefined;
        this.#core.onSafe(revision);
      },
      (error: unknown) => {
        this.#writing = undefined;
        this.#hasFailed = true;
        this.#onFailed(storeError(error));
      },
    );
  }

  /** Writes what is left and lets go of the store. @throws {ClientError} STORE_FAILED */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    await this.#writing;
    this.#isOpen = false;
    try {
      const changes = this.#core.takeChanges();
      if (changes !== null && !this.#hasFailed) await this.#store.write(changes);
      await this.#store.close();
    } catch (error) {
      throw storeError(error);
    }
  }
}

export function storeError(error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new ClientError('STORE_FAILED', `the store of the session failed: ${text}`, error);
}
