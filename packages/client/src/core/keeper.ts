/**
 * What of the session must survive the process, on its way to the store: changes are staged here, the host writes all of
 * them at once, one write under way at a time, and says when they are safe. Whatever tells the peer something that must
 * survive waits for the revision that its change got. Without a store everything is as safe as it will ever be at once.
 * However slow the store is, no more is staged than the session has: one change of each key, the last.
 */
import type { SessionRecords } from './session-records.ts';

export interface KeptChange {
  readonly key: number;
  /** Null removes the record. */
  readonly value: Uint8Array | null;
}

export class Keeper {
  /** False when there is no store: nothing is staged and nothing waits. */
  readonly keeps: boolean;
  /** What the store kept has been taken in: from now on changes are staged, with keys that are not in use. Null before. */
  records: SessionRecords | null;
  /** Whether a server has had the session, and may have it still. */
  isEstablished: boolean;
  /** Changes staged so far, as a count. */
  revision: number;
  /** How many of them are safe. */
  committed: number;
  /** By key, in the order of staging: since all are written or none, it does not matter. */
  readonly #staged: Map<number, KeptChange>;
  /** No write has taken the keys of records that begin here: none of them need be removed from the store. */
  #firstNew: number;

  constructor(keeps: boolean) {
    this.keeps = keeps;
    this.records = null;
    this.isEstablished = false;
    this.revision = 0;
    this.committed = 0;
    this.#staged = new Map();
    this.#firstNew = Number.POSITIVE_INFINITY;
  }

  /** Keeps whose session it is, where that has changed. */
  keepSession(clientId: string, isEstablished: boolean): void {
    if (isEstablished && this.isEstablished) return;
    this.isEstablished = isEstablished;
    if (this.records !== null) this.keep(0, this.records.sessionRecord({ clientId, isEstablished }));
  }

  /** Stages the first record of a key, which is above all keys that were ever in use. Returns the revision to wait for. */
  add(key: number, value: Uint8Array): number {
    if (key < this.#firstNew) this.#firstNew = key;
    return this.keep(key, value);
  }

  /** Stages a change, in place of an earlier one of the key. Returns the revision to wait for. */
  keep(key: number, value: Uint8Array | null): number {
    if (!this.keeps) return 0;
    if (value === null && key >= this.#firstNew) this.#staged.delete(key);
    else this.#staged.set(key, { key, value });
    return ++this.revision;
  }

  isSafe(revision: number): boolean {
    return revision <= this.committed;
  }

  /** Everything staged, to be written; null when there is nothing, and all is safe that no write under way has taken. */
  take(): readonly KeptChange[] | null {
    this.#firstNew = Number.POSITIVE_INFINITY;
    if (this.#staged.size === 0) return null;
    const staged = [...this.#staged.values()];
    this.#staged.clear();
    return staged;
  }
}
