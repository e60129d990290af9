/** Over how long an average looks back, by the last level of its `$SYS` topic. */
export const LOAD_PERIODS: readonly { readonly name: string; readonly seconds: number }[] = [
  { name: '1min', seconds: 60 },
  { name: '5min', seconds: 300 },
  { name: '15min', seconds: 900 },
];

/**
 * How fast a counter rises, per minute: exponentially weighted averages, as an operating system gives its load. They
 * start at 0 and need about their period to tell the truth.
 */
export class LoadAverages {
  readonly #averages: number[] = LOAD_PERIODS.map(() => 0);
  #counter: number;

  /** @param counter what the counter stands at. */
  constructor(counter: number) {
    this.#counter = counter;
  }

  /** @param seconds since the last update; more than 0. */
  update(counter: number, seconds: number): void {
    const perMinute = ((counter - this.#counter) * 60) / seconds;
    this.#counter = counter;
    LOAD_PERIODS.forEach((period, i) => {
      const weight = Math.exp(-seconds / period.seconds);
      this.#averages[i] = perMinute + weight * (this.#averages[i]! - perMinute);
    });
  }

  /** The average over `LOAD_PERIODS[period]`. */
  average(period: number): number {
    return this.#averages[period]!;
  }
}
