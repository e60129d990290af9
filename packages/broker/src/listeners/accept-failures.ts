import type { Log } from '../core/ports/log.ts';

/** A condition that lasts (no descriptors left) fails thousands of times a second; the log gets one line of it. */
const INTERVAL_MS = 10_000;

/** Reports connections that the operating system could not give us, at a bounded rate. */
export class AcceptFailures {
  readonly #log: Log;
  readonly #listener: string;
  readonly #now: () => number;
  #nextMs = Number.NEGATIVE_INFINITY;
  #unreported = 0;

  /** @param now A monotonic clock, in ms. */
  constructor(log: Log, listener: string, now: () => number = () => performance.now()) {
    this.#log = log;
    this.#listener = listener;
    this.#now = now;
  }

  /** @param error The system's name for it, such as `EMFILE`. */
  report(error: string): void {
    const nowMs = this.#now();
    if (nowMs < this.#nextMs) {
      this.#unreported++;
      return;
    }
    const more = this.#unreported > 0 ? `, and ${this.#unreported} more since the last report` : '';
    const advice =
      error === 'EMFILE' || error === 'ENFILE'
        ? ': too few file descriptors, raise the limit (ulimit -n)'
        : '';
    this.#unreported = 0;
    this.#nextMs = nowMs + INTERVAL_MS;
    this.#log.write('error', 'accept-failed', `${this.#listener}: ${error}${advice}${more}`);
  }
}
