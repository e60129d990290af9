import type { StoreFailure } from '../files/store-failure.ts';

/** A commit that is under way: whoever waits for it, and whether anybody still does. */
export class CommitAttempt {
  readonly promise: Promise<void>;
  /** It was answered, or abandoned: what its calls come back with changes nothing any more. */
  isOver: boolean;
  /** Calls of the disk that have come back. */
  steps: number;
  #resolve: () => void = () => undefined;
  #reject: (failure: StoreFailure) => void = () => undefined;

  constructor() {
    this.isOver = false;
    this.steps = 0;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  succeed(): void {
    this.isOver = true;
    this.#resolve();
  }

  fail(failure: StoreFailure): void {
    this.isOver = true;
    this.#reject(failure);
  }
}
