/** Numbers that look random and are the same for the same seed. */
export class Random {
  #state;

  /** @param {number} seed */
  constructor(seed) {
    this.#state = seed | 0;
  }

  /**
   * A whole number from 0 to below `limit`.
   * @param {number} limit
   */
  below(limit) {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * limit);
  }

  /**
   * A whole number from `low` to `high`, both included.
   * @param {number} low
   * @param {number} high
   */
  between(low, high) {
    return low + this.below(high - low + 1);
  }

  /**
   * True once in so many times.
   * @param {number} times
   */
  oneIn(times) {
    return this.below(times) === 0;
  }
}
