/**
 * Reloads one after another: what is asked for while one is under way and another one waits is that other one.
 *
 * One that does not end, because a file system or a service does not answer, keeps the others waiting for so long and no longer.
 * It is told that it is stale, and must change nothing when it goes on after all.
 */
import { EnvironmentError } from '../../environment-error.ts';

/** Asked before anything is changed. */
export type IsCurrent = () => boolean;

export interface ReloadQueueOptions {
  /** @default 60 s */
  readonly limitMs?: number;
  /** Calls back once, after so many ms. @returns what takes it back */
  readonly setTimer: (callback: () => void, delayMs: number, keepsAlive: boolean) => () => void;
}

const DEFAULT_LIMIT_MS = 60_000;

export class ReloadQueue<Result> {
  readonly #work: (isCurrent: IsCurrent) => Promise<Result>;
  readonly #options: ReloadQueueOptions;
  #underWay: Promise<unknown>;
  #waiting: Promise<Result> | null;

  /** @param work reads the configuration that is there when it begins */
  constructor(work: (isCurrent: IsCurrent) => Promise<Result>, options: ReloadQueueOptions) {
    this.#work = work;
    this.#options = options;
    this.#underWay = Promise.resolve();
    this.#waiting = null;
  }

  /** Fulfils with the result of a reload that has begun after this call. */
  request(): Promise<Result> {
    this.#waiting ??= this.run((isCurrent) => {
      this.#waiting = null;
      return this.#work(isCurrent);
    });
    return this.#waiting;
  }

  /** Does something else in turn, when everything before it has ended, whichever way, or has had its time. */
  run<Other>(work: (isCurrent: IsCurrent) => Promise<Other>): Promise<Other> {
    const result = this.#underWay.then(() => this.#bounded(work));
    this.#underWay = result.catch(() => {});
    return result;
  }

  #bounded<Other>(work: (isCurrent: IsCurrent) => Promise<Other>): Promise<Other> {
    const { limitMs = DEFAULT_LIMIT_MS, setTimer } = this.#options;
    return new Promise((resolve, reject) => {
      let isCurrent = true;
      const cancel = setTimer(
        () => {
          isCurrent = false;
          reject(tookTooLong(limitMs));
        },
        limitMs,
        false,
      );
      work(() => isCurrent)
        .then(resolve, reject)
        .finally(cancel);
    });
  }
}

function tookTooLong(limitMs: number): EnvironmentError {
  return new EnvironmentError(
    'RELOAD_TOOK_TOO_LONG',
    `reading it took more than ${limitMs / 1000} s: does a file system, or a service that it names, not answer? What was in effect stays`,
    undefined,
  );
}
