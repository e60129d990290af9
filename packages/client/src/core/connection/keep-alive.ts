/**
 * Finds out that the server is gone, and keeps it from thinking that we are: by the clock, not by counting timers,
 * because a browser throttles the timers of a tab that nobody looks at.
 *
 * Half a keep alive after the last byte arrived, or after our last packet, PINGREQ leaves. When nothing has arrived half a
 * keep alive after that, the connection is dead: so it is found out within the keep alive. Who looks at the clock much
 * too late was asleep, and gives the server its time again: the answer may be waiting to be read.
 */

/** A look at the clock that comes so much too late, in milliseconds, means that the process or the tab was asleep. */
const ASLEEP_MS = 1000;

export const KeepAliveVerdict = { Fine: 0, Ping: 1, Dead: 2 } as const;
export type KeepAliveVerdict = (typeof KeepAliveVerdict)[keyof typeof KeepAliveVerdict];

export class KeepAlive {
  /** Milliseconds from a ping to its answer, and from silence to a ping; 0 when there is no keep alive. */
  readonly #halfMs: number;
  #receivedMs: number;
  #sentMs: number;
  /** When the answer to the PINGREQ under way is due; Infinity when none is. */
  #answerMs: number;

  /** @param keepAliveS seconds; 0 means that nothing is watched. */
  constructor(keepAliveS: number, nowMs: number) {
    this.#halfMs = keepAliveS * 500;
    this.#receivedMs = nowMs;
    this.#sentMs = nowMs;
    this.#answerMs = Number.POSITIVE_INFINITY;
  }

  received(nowMs: number): void {
    this.#receivedMs = nowMs;
    this.#answerMs = Number.POSITIVE_INFINITY;
  }

  sent(nowMs: number): void {
    this.#sentMs = nowMs;
  }

  /** A PINGREQ has left, for its own reason: an answer is expected within so many milliseconds. */
  pinged(nowMs: number, withinMs: number = this.#halfMs): void {
    this.#sentMs = nowMs;
    this.#answerMs = Math.min(this.#answerMs, nowMs + withinMs);
  }

  /** When to look at the clock next; Infinity for never. */
  get nextMs(): number {
    if (this.#answerMs !== Number.POSITIVE_INFINITY) return this.#answerMs;
    if (this.#halfMs === 0) return Number.POSITIVE_INFINITY;
    return Math.min(this.#receivedMs, this.#sentMs) + this.#halfMs; // [MQTT-3.1.2-20]
  }

  /** What to do now. After `Ping` the caller sends PINGREQ and calls `pinged`. */
  look(nowMs: number): KeepAliveVerdict {
    const dueMs = this.nextMs;
    if (nowMs < dueMs) return KeepAliveVerdict.Fine;
    const answerDue = this.#answerMs !== Number.POSITIVE_INFINITY;
    if (!answerDue) return KeepAliveVerdict.Ping;
    if (nowMs - dueMs < ASLEEP_MS) return KeepAliveVerdict.Dead;
    this.#answerMs = Number.POSITIVE_INFINITY;
    return KeepAliveVerdict.Ping;
  }
}
