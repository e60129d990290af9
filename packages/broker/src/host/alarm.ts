import type { BrokerEnvironment } from './broker-environment.ts';

const LONGEST_DELAY_MS = 0x7fff_ffff;

/** One timer, for the next deadline; it keeps no process alive. It may ring early, never late: who is called looks again. */
export class Alarm {
  readonly #environment: BrokerEnvironment;
  readonly #onDue: () => void;
  #cancel: (() => void) | null;
  #dueMs: number;

  constructor(environment: BrokerEnvironment, onDue: () => void) {
    this.#environment = environment;
    this.#onDue = () => {
      this.#cancel = null;
      this.#dueMs = Number.POSITIVE_INFINITY;
      onDue();
    };
    this.#cancel = null;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  /** @param dueMs monotonic; Infinity for nothing to wait for */
  arm(dueMs: number): void {
    if (dueMs === this.#dueMs || this.#dueMs === Number.NEGATIVE_INFINITY) return;
    // A timer that is early enough stays.
    if (this.#cancel !== null && this.#dueMs < dueMs) return;
    this.#cancel?.();
    this.#cancel = null;
    this.#dueMs = dueMs;
    if (dueMs === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.min(Math.max(0, Math.ceil(dueMs - this.#environment.nowMs())), LONGEST_DELAY_MS);
    this.#cancel = this.#environment.setTimer(this.#onDue, delayMs, false);
  }

  /** It never rings again. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#dueMs = Number.NEGATIVE_INFINITY;
  }
}
