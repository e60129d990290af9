/**
 * Which commit makes what true. Everything staged in a turn belongs to the commit that gathers; at the end of the turn
 * it starts, unless one is under way: then later turns gather for the next.
 *
 *     stage stage stage │ commit 1 under way ················ done │ commit 2 ····
 *                       └ stage stage (turn 2) stage (turn 3) ─────┘
 *
 * A commit is made at the highest level that anything in it is awaited at, else at `Os`; then one at `Disk` follows within
 * `osSyncMs`, even of nothing.
 *
 * What a failed commit covered belongs to the next one, which is tried after a pause: a full disk is not hammered. One
 * that does not get on for `commitSilenceMs` is abandoned: the store ends it with an error, and opens itself again.
 */
import type { Deadline, Deadlines } from '@martlet/protocol';
import { errorCode } from './internal-error.ts';
import type { Limits } from './options/limits.ts';
import { Durability } from './ports/durability.ts';
import type { Store, StoreError } from './ports/store.ts';

/** Nothing has to be waited for. */
export const AT_ONCE = 0;

/** Ms from a failed commit to the next attempt; doubled by each further failure. */
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 10_000;

/** Ms between two looks at a commit that is late: who has slept, or was stopped, hears of its end only in between. */
const SECOND_LOOK_MS = 100;

export class Commits {
  /** Everything staged for this commit and earlier ones is kept. */
  done: number;
  /** The same, and survives a power cut. */
  synced: number;
  #gathering: number;
  /** The highest level at which the commit that gathers is awaited. */
  #awaited: Durability;
  /** Of the commit under way; null when there is none. */
  #underWay: Durability | null;
  /** Some of what is kept would not survive a power cut yet. */
  #unsynced: boolean;
  /** The commit under way is late, and has been looked at once. */
  #late: boolean;
  /** How far the commit under way had come when it was looked at last. */
  #progress: number;
  /** The broker closes: every commit is made at the highest level. */
  #finishing: boolean;
  /** 0 unless the last commit failed. */
  #retryMs: number;
  readonly #store: Store;
  readonly #deadlines: Deadlines;
  readonly #limits: Limits;
  readonly #onSilent: () => void;
  /** Set while a failed commit is not to be tried again. */
  readonly #pause: Deadline;
  /** Set while there is something that a power cut would take. */
  readonly #sync: Deadline;
  /** Set while a commit is under way. */
  readonly #silence: Deadline;

  /** @param onSilent the commit under way has been silent for too long and is abandoned */
  constructor(store: Store, deadlines: Deadlines, limits: Limits, onSilent: () => void) {
    this.done = 0;
    this.synced = 0;
    this.#gathering = 1;
    this.#awaited = Durability.Memory;
    this.#underWay = null;
    this.#unsynced = false;
    this.#late = false;
    this.#progress = 0;
    this.#finishing = false;
    this.#retryMs = 0;
    this.#store = store;
    this.#deadlines = deadlines;
    this.#limits = limits;
    this.#onSilent = onSilent;
    this.#pause = { heapIndex: -1, onDue: () => {} };
    this.#sync = { heapIndex: -1, onDue: () => this.#await(Durability.Disk) };
    this.#silence = { heapIndex: -1, onDue: (nowMs) => this.#onSilence(nowMs) };
  }

  /**
   * The commit that makes true, to this level, what has just been staged: what tells of it waits for this one, and it is
   * made at this level at least. At `Memory`, and with a store that keeps at once, nothing has to be waited for.
   */
  awaited(level: Durability): number {
    if (!this.holds(level)) return AT_ONCE;
    this.#await(level);
    return this.#gathering;
  }

  /** The number of the commit that will cover what is staged now. */
  get gathering(): number {
    return this.#gathering;
  }

  /** Whether anything has to be waited for at this level. */
  holds(level: Durability): boolean {
    return level !== Durability.Memory && !this.#store.keepsAtOnce;
  }

  /** The commit after which all is kept, to this level, that has been staged so far, whenever it was. */
  latest(level: Durability): number {
    if (!this.holds(level)) return AT_ONCE;
    if (this.#store.hasStaged) return this.awaited(level);
    if (this.#underWay !== null && this.#underWay >= level) return this.#gathering - 1;
    // What was kept at a lower level, or is about to be.
    if (level === Durability.Disk && (this.#unsynced || this.#underWay !== null)) return this.awaited(level);
    return AT_ONCE;
  }

  /**
   * Starts the commit of what has been staged, unless one is under way or the last one failed just now. `onDone` is
   * called later, with the commit's number, after which `ended` and then this are to be called; a pause ends with a deadline.
   */
  start(nowMs: number, onDone: (commit: number, error: StoreError | null) => void): void {
    if (this.#underWay !== null || this.#pause.heapIndex >= 0) {
      this.#store.endTurn();
      return;
    }
    // What is awaited may have staged nothing: to take back what the store does not know, to sync what is written.
    if (!this.#store.hasStaged && this.#awaited === Durability.Memory) return;
    const commit = this.#gathering++;
    const level = this.#finishing ? Durability.Disk : Math.max(this.#awaited, Durability.Os);
    this.#underWay = level as Durability;
    this.#awaited = Durability.Memory;
    this.#late = false;
    this.#deadlines.set(this.#silence, nowMs + this.#limits.commitSilenceMs - this.#secondLookMs);
    try {
      this.#store.commit(this.#underWay, (error) => onDone(commit, error));
      this.#progress = this.#store.commitProgress;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      onDone(commit, { code: errorCode(error) ?? 'store-threw', message });
    }
  }

  /** The commit under way has ended. After a failed one the next one waits a while, and makes up for it. */
  ended(commit: number, error: StoreError | null, nowMs: number): void {
    const level = this.#underWay!;
    this.#underWay = null;
    this.#deadlines.clear(this.#silence);
    if (error !== null) {
      this.#await(level);
      this.#retryMs = this.#retryMs === 0 ? FIRST_RETRY_MS : Math.min(this.#retryMs * 2, LAST_RETRY_MS);
      this.#deadlines.set(this.#pause, nowMs + this.#retryMs);
      return;
    }
    this.#retryMs = 0;
    this.done = commit;
    this.#unsynced = level < Durability.Disk;
    if (!this.#unsynced) {
      this.synced = commit;
      this.#deadlines.clear(this.#sync);
    } else if (this.#finishing) this.#await(Durability.Disk);
    else if (this.#sync.heapIndex < 0) this.#deadlines.set(this.#sync, nowMs + this.#limits.osSyncMs);
  }

  /** The broker closes: what is kept is made to survive a power cut now, and so is everything after it. */
  finish(): void {
    this.#finishing = true;
    if (this.#unsynced) this.#await(Durability.Disk);
  }

  /** Something is not kept yet, or not to the highest level: a commit is under way, or to come. */
  get pending(): boolean {
    return (
      this.#underWay !== null ||
      this.#unsynced ||
      this.#awaited !== Durability.Memory ||
      this.#store.hasStaged
    );
  }

  get #secondLookMs(): number {
    return Math.min(SECOND_LOOK_MS, this.#limits.commitSilenceMs / 2);
  }

  #onSilence(nowMs: number): void {
    const { commitProgress } = this.#store;
    if (commitProgress !== this.#progress) {
      this.#progress = commitProgress;
      this.#late = false;
      this.#deadlines.set(this.#silence, nowMs + this.#limits.commitSilenceMs - this.#secondLookMs);
      return;
    }
    if (!this.#late) {
      this.#late = true;
      this.#deadlines.set(this.#silence, nowMs + this.#secondLookMs);
      return;
    }
    this.#onSilent();
    this.#store.abandon();
  }

  #await(level: Durability): void {
    if (level > this.#awaited) this.#awaited = level;
  }
}
