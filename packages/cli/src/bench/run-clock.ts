/**
 * The time of a run, in microseconds since it began. `performance.now()` has another beginning in each thread; the kernel's
 * monotonic clock has one for all, and by the distance of the two, taken once, every thread knows the same time.
 */
import { hrtime } from 'node:process';

/** Milliseconds on the clock that all threads of a process share. */
export function sharedNowMs(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1000 + nanoseconds / 1_000_000;
}

export class RunClock {
  #zeroMs: number;

  constructor() {
    this.#zeroMs = 0;
  }

  /** @param startMs when the run begins, by `sharedNowMs`; it may be to come */
  begin(startMs: number): void {
    this.#zeroMs = startMs - (sharedNowMs() - performance.now());
  }

  /** Below 0 before the run begins. */
  nowUs(): number {
    return (performance.now() - this.#zeroMs) * 1000;
  }
}
