/**
 * Which commit makes what true. Everything staged in a turn belongs to the commit that gathers; at the end of the turn
 * it starts, unless one is under way: then later turns gather for the next.
 *
 *     stage stage stage │ commit 1 under way ················ done │ commit 2 ····
 *                       └ stage stage (turn 2) stage (turn 3) ─────┘
 */
import type { Store, StoreError } from './ports/store.ts';

/** Nothing has to be waited for. */
export const AT_ONCE = 0;

export class Commits {
  /** Everything staged for this commit and earlier ones is kept, or has failed and been told. */
  done: number;
  #gathering: number;
  #underWay: boolean;
  readonly #store: Store;

  constructor(store: Store) {
    this.done = 0;
    this.#gathering = 1;
    this.#underWay = false;
    this.#store = store;
  }

  /** The commit that makes true what has just been staged: what tells of it waits for this one. */
  get current(): number {
    return this.#store.keepsAtOnce ? AT_ONCE : this.#gathering;
  }

  /**
   * Starts the commit of what has been staged, unless one is under way. `onDone` is called later, with the commit's
   * number, and then this is to be called again.
   */
  start(onDone: (commit: number, error: StoreError | null) => void): void {
    if (this.#underWay || !this.#store.hasStaged) return;
    const commit = this.#gathering++;
    this.#underWay = true;
    this.#store.commit((error) => {
      this.#underWay = false;
      this.done = commit;
      onDone(commit, error);
    });
  }

  get underWay(): boolean {
    return this.#underWay;
  }
}
