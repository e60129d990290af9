/**
 * When each message of an open loop is to be sent: at a constant rate, the publishers in turn. The times follow from the
 * numbers alone, whatever has happened, so a broker that stops for a second is charged with every message that was to be
 * sent meanwhile, and not with one.
 */
export class SendSchedule {
  readonly #publishers: number;
  readonly #intervalUs: number;

  /** @param ratePerSecond messages of all publishers together, above 0 */
  constructor(ratePerSecond: number, publishers: number) {
    this.#publishers = publishers;
    this.#intervalUs = 1_000_000 / ratePerSecond;
  }

  /** When a publisher's message is to be sent, in whole µs since the beginning of the run. */
  intendedUs(publisher: number, sequence: number): number {
    return Math.round((sequence * this.#publishers + publisher) * this.#intervalUs);
  }

  /** How many messages of a publisher are to have been sent at a time. */
  due(publisher: number, nowUs: number): number {
    const slots = Math.floor((nowUs / this.#intervalUs - publisher) / this.#publishers);
    let due = Math.max(0, slots + 1);
    // The division is a little too high or too low at the very moment.
    while (this.intendedUs(publisher, due) <= nowUs) due++;
    while (due > 0 && this.intendedUs(publisher, due - 1) > nowUs) due--;
    return due;
  }
}
