/**
 * The time of the devices, faster or slower than ours. When this process was stopped, or cannot keep up, it stands still
 * meanwhile: nothing that was missed comes in one burst.
 */

/** This much later than planned is still as planned, in ms of ours. */
const LATE_MS = 1000;

export class SimulationClock {
  /** In ms of the devices, since they began. */
  elapsedMs = 0;
  readonly #nowMs: () => number;
  readonly #speed: number;
  #lastMs: number;
  #plannedMs = 0;

  /**
   * @param nowMs a monotonic clock
   * @param speed how much faster the devices' time goes
   */
  constructor(nowMs: () => number, speed: number) {
    this.#nowMs = nowMs;
    this.#speed = speed;
    this.#lastMs = nowMs();
  }

  /** Lets the time that has gone by since the last call count. @returns the elapsed time */
  advance(): number {
    const nowMs = this.#nowMs();
    this.elapsedMs += Math.min(nowMs - this.#lastMs, this.#plannedMs + LATE_MS) * this.#speed;
    this.#lastMs = nowMs;
    this.#plannedMs = 0;
    return this.elapsedMs;
  }

  /**
   * How long to sleep until then, in ms of ours.
   * @param atMs of the devices
   * @param mostMs of ours
   */
  plan(atMs: number, mostMs: number): number {
    this.#plannedMs = Math.min(mostMs, Math.max(0, (atMs - this.elapsedMs) / this.#speed));
    return this.#plannedMs;
  }
}
