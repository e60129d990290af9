/** Kills this very process at the point and passage that it was told. */

/** @typedef {import('./broker-process.mjs').Death} Death */

export class Executioner {
  #death;
  #left;
  /** The store is being opened: of the points of writing, only those of a new segment count. */
  opening = true;

  /** @param {Death | null} death */
  constructor(death) {
    this.#death = death;
    this.#left = death?.occurrence ?? 0;
  }

  /** How much of what is torn is written: from 0 to below 1. */
  get fraction() {
    return this.#death?.fraction ?? 0;
  }

  /**
   * Whether this point is the one to die at, now or later.
   * @param {string} point
   */
  isFor(point) {
    return point === this.#death?.name;
  }

  /**
   * Counts a passage; true when this is the one to die at.
   * @param {string} point
   */
  isDue(point) {
    return this.isFor(point) && --this.#left === 0;
  }

  /** @param {string} point */
  pass(point) {
    if (this.isDue(point)) this.die();
  }

  /** Does not return: the signal is delivered before the call that sends it ends. */
  die() {
    process.kill(process.pid, 'SIGKILL');
  }
}
