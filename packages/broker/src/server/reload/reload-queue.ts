/** Reloads one after another: what is asked for while one is under way and another one waits is that other one. */
export class ReloadQueue<Result> {
  readonly #work: () => Promise<Result>;
  #underWay: Promise<unknown>;
  #waiting: Promise<Result> | null;

  /** @param work reads the configuration that is there when it begins */
  constructor(work: () => Promise<Result>) {
    this.#work = work;
    this.#underWay = Promise.resolve();
    this.#waiting = null;
  }

  /** Fulfils with the result of a reload that has begun after this call. */
  request(): Promise<Result> {
    this.#waiting ??= this.run(() => {
      this.#waiting = null;
      return this.#work();
    });
    return this.#waiting;
  }

  /** Does something else in turn, when everything before it has ended, whichever way. */
  run<Other>(work: () => Promise<Other>): Promise<Other> {
    const result = this.#underWay.then(work);
    this.#underWay = result.catch(() => {});
    return result;
  }
}
