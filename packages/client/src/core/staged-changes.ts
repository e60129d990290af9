/**
 * Changes to a session on their way to its store: all of them are written at once. However slow the store is, no more is
 * staged than the session has: one change of each key, the last. Only a client with a store has them.
 */
export interface KeptChange {
  readonly key: number;
  /** Null removes the record. */
  readonly value: Uint8Array | null;
}

export class StagedChanges {
  /** By key, in the order of staging: since all are written or none, it does not matter. */
  readonly #staged: Map<number, KeptChange> = new Map();
  /** No write has taken the keys of records that begin here: none of them need be removed from the store. */
  #firstNew: number = Number.POSITIVE_INFINITY;

  /** The next change is the first of its key, which is above all keys that were ever in use. */
  begin(key: number): void {
    if (key < this.#firstNew) this.#firstNew = key;
  }

  stage(key: number, value: Uint8Array | null): void {
    if (value === null && key >= this.#firstNew) this.#staged.delete(key);
    else this.#staged.set(key, { key, value });
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
