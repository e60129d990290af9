/**
 * A rate: tokens come in steadily up to a capacity, and what is done takes some. More than there is may be taken by what
 * has happened already, and is paid back by waiting. So over any time, what is done is at most the capacity, and the rate
 * times that time, and the last thing that was done.
 *
 * Time is an argument, monotonic ms. A clock that goes backwards brings no tokens and takes none.
 */

/** Sums of fractions miss a whole number by less than this. */
const TOLERANCE = 1e-6;

export class TokenBucket {
  readonly perMs: number;
  readonly capacity: number;
  #tokens: number;
  #atMs: number;

  /**
   * Begins full.
   * @param perSecond above 0
   * @param capacity at least 1, or nothing would ever pass
   */
  constructor(perSecond: number, capacity: number, nowMs: number) {
    this.perMs = perSecond / 1000;
    this.capacity = Math.max(1, capacity);
    this.#tokens = this.capacity;
    this.#atMs = nowMs;
  }

  /** What there is now; below 0 while more has been taken than there was. */
  tokensAt(nowMs: number): number {
    if (nowMs > this.#atMs) {
      this.#tokens = Math.min(this.capacity, this.#tokens + (nowMs - this.#atMs) * this.perMs);
    }
    this.#atMs = nowMs;
    return this.#tokens;
  }

  /** Whether there is a whole token: something may be done. */
  hasRoom(nowMs: number): boolean {
    return this.tokensAt(nowMs) >= 1 - TOLERANCE;
  }

  /** Takes a token if there is one. */
  tryTake(nowMs: number): boolean {
    if (!this.hasRoom(nowMs)) return false;
    this.#tokens--;
    return true;
  }

  /** Takes what has been done, there or not. */
  charge(amount: number, nowMs: number): void {
    this.tokensAt(nowMs);
    this.#tokens -= amount;
  }

  /** Ms until there is a whole token; 0 if there is one. */
  waitMs(nowMs: number): number {
    return this.hasRoom(nowMs) ? 0 : (1 - this.#tokens) / this.perMs;
  }

  isFull(nowMs: number): boolean {
    return this.tokensAt(nowMs) >= this.capacity - TOLERANCE;
  }
}
