/** The process's own clock, on which nothing jumps. */
export class MonotonicClock {
  /** Ms, from any beginning. */
  get nowMs(): number {
    return performance.now();
  }
}
