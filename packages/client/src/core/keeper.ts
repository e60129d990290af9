/**
 * What of the session must survive the process, on its way to the store: changes are staged here, the host writes all of
 * them at once, one write under way at a time, and says when they are safe. Whatever tells the peer something that must
 * survive waits for the revision that its change got. Without a store everything is as safe as it will ever be at once.
 */
export interface KeptChange {
  readonly key: number;
  /** Null removes the record. */
  readonly value: Uint8Array | null;
}

export class Keeper {
  /** False when there is no store: nothing is staged and nothing waits. */
  readonly keeps: boolean;
  /** Changes staged so far, as a count. */
  revision: number;
  /** How many of them are safe. */
  committed: number;
  #staged: KeptChange[];
  #bytes: number;

  constructor(keeps: boolean) {
    this.keeps = keeps;
    this.revision = 0;
    this.committed = 0;
    this.#staged = [];
    this.#bytes = 0;
  }

  /** Bytes staged and not yet taken. */
  get stagedBytes(): number {
    return this.#bytes;
  }

  /** Stages a change. Returns the revision to wait for. */
  keep(key: number, value: Uint8Array | null): number {
    if (!this.keeps) return 0;
    this.#staged.push({ key, value });
    this.#bytes += value?.length ?? 0;
    return ++this.revision;
  }

  isSafe(revision: number): boolean {
    return revision <= this.committed;
  }

  /** Everything staged, to be written; null when there is nothing. */
  take(): readonly KeptChange[] | null {
    if (this.#staged.length === 0) return null;
    const staged = this.#staged;
    this.#staged = [];
    this.#bytes = 0;
    return staged;
  }
}
