/** The application's messages that wait to be kept: each is told when the commit that keeps it has ended, or the broker has. */
import type { StoreError } from '../core/ports/store.ts';
import type { BrokerEnvironment } from './broker-environment.ts';

interface KeptWaiter {
  readonly commit: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class KeptWaiters {
  #waiters: KeptWaiter[];
  /** Told that nothing waits for the store any more. */
  #onAllKept: (() => void) | null;

  constructor() {
    this.#waiters = [];
    this.#onAllKept = null;
  }

  /** Fulfils when the commit is done; rejects if it failed, or if nothing more is waited for. */
  kept(commit: number): Promise<void> {
    return new Promise((resolve, reject) => this.#waiters.push({ commit, resolve, reject }));
  }

  /** @param pending whether the store has more to keep */
  onCommitted(commit: number, error: StoreError | null, pending: boolean): void {
    if (!pending) this.#onAllKept?.();
    const waiters = this.#waiters.filter((waiter) => waiter.commit <= commit);
    if (waiters.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => waiter.commit > commit);
    for (const { resolve, reject } of waiters) {
      if (error === null) resolve();
      else reject(notKept(error.code, error.message));
    }
  }

  /** Fulfils when the store has kept everything, or has had so many ms. */
  allKept(environment: BrokerEnvironment, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = environment.setTimer(resolve, timeoutMs, true);
      this.#onAllKept = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Who waits yet is told that the store has had its time. */
  giveUp(): void {
    for (const { reject } of this.#waiters.splice(0)) {
      reject(notKept('store-timeout', 'the store had not kept it when the broker was closed'));
    }
  }
}

export function notKept(code: string, reason: string): Error {
  return Object.assign(new Error(`the message could not be kept: ${reason}`), { code });
}
