/**
 * Room for what is staged and not kept. A commit may take long on a slow disk; meanwhile the next one gathers, in memory. Once
 * that is as much as it may be, whoever adds to it waits: a connection is not read until a commit has ended.
 */
import type { Keeping } from './keeping.ts';

/** Who adds to what is staged, and can wait. */
export interface StagingSource {
  /** There may be room again. */
  onStagingRoom(): void;
}

export class StagingRoom {
  readonly #keeping: Keeping;
  readonly #waiting: Set<StagingSource>;

  constructor(keeping: Keeping) {
    this.#keeping = keeping;
    this.#waiting = new Set();
  }

  /** False unless there is no room; then the source is told when there is. */
  mustWait(source: StagingSource): boolean {
    if (!this.#keeping.isBehind) return false;
    this.#waiting.add(source);
    return true;
  }

  forget(source: StagingSource): void {
    this.#waiting.delete(source);
  }

  /** A commit has ended, or is not waited for any more. */
  onChange(): void {
    if (this.#waiting.size === 0 || this.#keeping.isBehind) return;
    const sources = [...this.#waiting];
    this.#waiting.clear();
    for (const source of sources) source.onStagingRoom();
  }
}
