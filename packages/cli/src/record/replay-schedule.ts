/**
 * When recorded messages are due. Each due time is counted from the beginning and not from the message before, so that
 * nothing adds up; how late messages really are is kept.
 */

export class ReplaySchedule {
  readonly #beganMs: number;
  readonly #fromUs: number;
  readonly #speed: number;
  #lates = 0;
  #lateSumMs = 0;
  #latestMs = 0;

  /**
   * @param beganMs when the replay began, by the monotonic clock
   * @param fromUs the time in the recording at which it begins
   * @param speed Infinity: everything is due at once
   */
  constructor(beganMs: number, fromUs: number, speed: number) {
    this.#beganMs = beganMs;
    this.#fromUs = fromUs;
    this.#speed = speed;
  }

  /** In ms of the monotonic clock. */
  dueMs(atUs: number): number {
    return this.#beganMs + Math.max(0, atUs - this.#fromUs) / 1000 / this.#speed;
  }

  /** A message has left. */
  left(atUs: number, nowMs: number): void {
    if (this.#speed === Number.POSITIVE_INFINITY) return;
    const lateMs = Math.max(0, nowMs - this.dueMs(atUs));
    this.#lates += 1;
    this.#lateSumMs += lateMs;
    this.#latestMs = Math.max(this.#latestMs, lateMs);
  }

  /** How late messages left, in ms; undefined if there was nothing to be late for. */
  get lateness(): { readonly meanMs: number; readonly latestMs: number } | undefined {
    if (this.#lates === 0) return undefined;
    return { meanMs: this.#lateSumMs / this.#lates, latestMs: this.#latestMs };
  }
}
