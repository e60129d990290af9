/**
 * The way of the session to the store: records in at the start, changes out as they are staged, one write at a time. Only
 * a client with a store has it; browsers load it then.
 */
import type { ClientError } from '../client-error.ts';
import type { ClientCore } from '../core/client-core.ts';
import type { MakeMessage } from '../core/session-records.ts';
import { restoreSession } from '../core/session-restoring.ts';
import type { SessionStore, StoredChange } from '../stores/session-store.ts';
import { Publication } from './publication.ts';
import { storeError } from './store-error.ts';

export class SessionKeeping {
  readonly #store: SessionStore;
  readonly #core: ClientCore;
  readonly #onFailed: (error: ClientError) => void;
  #isOpen = false;
  #error: ClientError | undefined;
  #writing: Promise<void> | undefined;
  /** Fulfilled when `open` has ended. */
  #opening: Promise<boolean> | undefined;

  /** @param onFailed told at most once: nothing is kept any more */
  constructor(store: SessionStore, core: ClientCore, onFailed: (error: ClientError) => void) {
    this.#store = store;
    this.#core = core;
    this.#onFailed = onFailed;
  }

  /**
   * Opens the store, and takes in what it kept. Whether a server has had that session, and may have it still. Told as failed
   * are STORE_FAILED for a damaged record, INVALID_OPTION for the session of another client, and what the store throws.
   */
  open(clientId: string): Promise<boolean> {
    this.#opening = this.#open(clientId).catch((error: unknown) => {
      this.#onFailed(storeError(error));
      return false;
    });
    return this.#opening;
  }

  async #open(clientId: string): Promise<boolean> {
    const records = await this.#store.open();
    this.#isOpen = true;
    const make: MakeMessage = (...of) => new Publication(...of);
    return restoreSession(records, clientId, this.#core, make);
  }

  /** Writes what is staged, unless a write is under way: then it is part of the next one. */
  write(): void {
    if (this.#writing !== undefined || !this.#isOpen || this.#error !== undefined) return;
    const { keeper } = this.#core;
    if (keeper.changes === null) return;
    const { revision } = keeper;
    const changes = keeper.changes.take();
    if (changes === null) {
      // What was staged last has been taken back: nobody is to wait for a write that will not be.
      if (!keeper.isSafe(revision)) this.#onSafe(revision);
      return;
    }
    this.#writing = this.#write(changes).then(() => {
      this.#writing = undefined;
      if (this.#error === undefined) this.#onSafe(revision);
      else this.#onFailed(this.#error);
    });
  }

  /** So many changes to the store, counted from the first, are safe. */
  #onSafe(revision: number): void {
    const { keeper, incoming, outgoing } = this.#core;
    keeper.committed = revision;
    incoming.onSafe();
    outgoing.records!.onSafe((message) => outgoing.inFlight.writeNow(message));
    this.#core.requestTurn();
  }

  async #write(changes: readonly StoredChange[]): Promise<void> {
    try {
      await this.#store.write(changes);
    } catch (error) {
      this.#error = storeError(error);
    }
  }

  /** Writes what is left and lets go of the store. @throws {ClientError} STORE_FAILED, unless that was told before */
  async close(): Promise<void> {
    await this.#opening;
    if (!this.#isOpen) return;
    // No turn may begin a write behind this one.
    this.#isOpen = false;
    const known = this.#error;
    await this.#writing;
    const changes = this.#core.keeper.changes?.take();
    if (changes && this.#error === undefined) await this.#write(changes);
    try {
      await this.#store.close();
    } catch (error) {
      this.#error ??= storeError(error);
    }
    if (this.#error !== known) throw this.#error;
  }
}
