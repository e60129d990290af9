/**
 * Which commit makes what true. Everything staged in a turn belongs to the commit that gathers; at the end of the turn
 * it starts, unless one is under way: then later turns gather for the next.
 *
 *     stage stage stage │ commit 1 under way ················ done │ commit 2 ····
 *                       └ stage stage (turn 2) stage (turn 3) ─────┘
 *
 * What a failed commit covered belongs to the next one, which is tried after a pause: a full disk is not hammered.
 */
import type { Deadline, Deadlines } from '@martlet/protocol';
import { errorCode } from './internal-error.ts';
import { Durability } from './ports/durability.ts';
import type { Store, StoreError } from './ports/store.ts';

/** Nothing has to be waited for. */
export const AT_ONCE = 0;

/** Ms from a failed commit to the next attempt; doubled by each further failure. */
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 10_000;

export class Commits {
  /** Everything staged for this commit and earlier ones is kept. */
  done: number;
  #gathering: number;
  #underWay: boolean;
  /** 0 unless the last commit failed. */
  #retryMs: number;
  readonly #store: Store;
  readonly #deadlines: Deadlines;
  /** Set while a failed commit is not to be tried again. */
  readonly #pause: Deadline;

  constructor(store: Store, deadlines: Deadlines) {
    this.done = 0;
    this.#gathering = 1;
    this.#underWay = false;
    this.#retryMs = 0;
    this.#store = store;
    this.#deadlines = deadlines;
    this.#pause = { heapIndex: -1, onDue: () => {} };
  }

  /** The commit that makes true what has just been staged: what tells of it waits for this one. */
  get current(): number {
    return this.#store.keepsAtOnce ? AT_ONCE : this.#gathering;
  }

  /** The commit after which all is kept that has been staged so far, whenever it was. */
  get latest(): number {
    if (this.#store.keepsAtOnce) return AT_ONCE;
    if (this.#store.hasStaged) return this.#gathering;
    return this.#underWay ? this.#gathering - 1 : AT_ONCE;
  }

  /**
   * Starts the commit of what has been staged, unless one is under way or the last one failed just now. `onDone` is
   * called later, with the commit's number, and then this is to be called again; a pause ends with a deadline.
   */
  start(onDone: (commit: number, error: StoreError | null) => void): void {
    if (this.#underWay || this.#pause.heapIndex >= 0 || !this.#store.hasStaged) return;
    const commit = this.#gathering++;
    this.#underWay = true;
    const onEnd = (error: StoreError | null): void => {
      this.#underWay = false;
      if (error === null) {
        this.#retryMs = 0;
        this.done = commit;
      }
      onDone(commit, error);
    };
    try {
      this.#store.commit(Durability.Disk, onEnd);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      onEnd({ code: errorCode(error) ?? 'store-threw', message });
    }
  }

  /** The commit that has just ended failed: the next one waits a while. */
  pause(nowMs: number): void {
    this.#retryMs = this.#retryMs === 0 ? FIRST_RETRY_MS : Math.min(this.#retryMs * 2, LAST_RETRY_MS);
    this.#deadlines.set(this.#pause, nowMs + this.#retryMs);
  }

  /** Something is not kept yet: a commit is under way, or to come. */
  get pending(): boolean {
    return this.#underWay || this.#store.hasStaged;
  }
}
