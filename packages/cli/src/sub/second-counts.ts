/** How many came in each of the last seconds. Time is an argument. */

/** Seconds that are remembered. */
export const SECONDS = 32;
/** Seconds over which a rate is taken. */
const RATE_SECONDS = 10;

export class SecondCounts {
  readonly #counts: Uint32Array = new Uint32Array(SECONDS);
  /** The second of the last count; those before it, up to so many, stand in `#counts` at their remainder. */
  #second: number;
  readonly #firstMs: number;

  constructor(nowMs: number) {
    this.#firstMs = nowMs;
    this.#second = secondOf(nowMs);
  }

  add(nowMs: number): void {
    this.#advance(secondOf(nowMs));
    const place = this.#second % SECONDS;
    this.#counts[place] = this.#counts[place]! + 1;
  }

  /** Per second, over the last ten seconds, or fewer if it began later. */
  rate(nowMs: number): number {
    const second = secondOf(nowMs);
    let count = 0;
    for (let i = 0; i < RATE_SECONDS; i++) count += this.#at(second - i);
    // The last of them is not over yet.
    const overMs = Math.min((RATE_SECONDS - 1) * 1000 + (nowMs - second * 1000), nowMs - this.#firstMs);
    return count / (Math.max(1000, overMs) / 1000);
  }

  /** Counts of the last whole seconds, the latest last. */
  series(nowMs: number): readonly number[] {
    const second = secondOf(nowMs);
    const begin = Math.max(secondOf(this.#firstMs), second - SECONDS + 1);
    return Array.from({ length: second - begin }, (_, i) => this.#at(begin + i));
  }

  #at(second: number): number {
    return second > this.#second || second <= this.#second - SECONDS || second < 0
      ? 0
      : this.#counts[second % SECONDS]!;
  }

  #advance(second: number): void {
    if (second - this.#second >= SECONDS) this.#counts.fill(0);
    else for (let s = this.#second + 1; s <= second; s++) this.#counts[s % SECONDS] = 0;
    if (second > this.#second) this.#second = second;
  }
}

function secondOf(ms: number): number {
  return Math.floor(ms / 1000);
}
