/** `--rate`: at most so many messages in a time, evenly spread. */
import { rate } from '../flags/quantity.ts';

const MOST_PER_SECOND = 10_000_000;

/**
 * Reads `500/s`, `20k/s`, `30/m`, `10/h` or `500`, which is in a second.
 * @returns messages in a second
 * @throws {UsageError}
 */
export function parseRate(given: string): number {
  return rate(MOST_PER_SECOND)(given);
}

/** What was missed is made up for this long, in ms: a connection that was away for minutes is not followed by a flood. */
const MADE_UP_MS = 1000;

/** Says how many messages may go, and when the next may. */
export class Pacer {
  readonly #intervalMs: number;
  #nextMs: number;

  /** @param nowMs when the first one may go, by a monotonic clock */
  constructor(perSecond: number, nowMs: number) {
    this.#intervalMs = 1000 / perSecond;
    this.#nextMs = nowMs;
  }

  /** When the next message may go. */
  get nextMs(): number {
    return this.#nextMs;
  }

  /** Takes as many of these as may go now. @returns how many, which may be none */
  take(wanted: number, nowMs: number): number {
    if (nowMs < this.#nextMs) return 0;
    this.#nextMs = Math.max(this.#nextMs, nowMs - MADE_UP_MS);
    const taken = Math.min(wanted, Math.floor((nowMs - this.#nextMs) / this.#intervalMs) + 1);
    this.#nextMs += taken * this.#intervalMs;
    return taken;
  }
}
