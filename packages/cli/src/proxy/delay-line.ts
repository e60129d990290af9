/**
 * Holds what passes for a while, and lets it go in its order: jitter makes a network uneven, but no stream of bytes comes out of
 * order. Time is asked for, so that tests move it.
 */

export interface DelayLineOptions {
  /** What everything is held for, in ms. */
  readonly delayMs: number;
  /** Up to so much more or less, in ms, by chance. */
  readonly jitterMs: number;
  nowMs(): number;
  /** At least 0, below 1. */
  random(): number;
  /** Calls back after so many ms. @returns takes it back */
  setTimer(callback: () => void, ms: number): () => void;
  /** What has been held long enough. */
  release(bytes: Uint8Array): void;
}

interface HeldBytes {
  readonly bytes: Uint8Array;
  readonly dueMs: number;
}

export class DelayLine {
  /** Bytes that are held. */
  heldBytes = 0;
  readonly #options: DelayLineOptions;
  readonly #held: HeldBytes[] = [];
  #lastDueMs = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;
  /** Called when nothing is held any more. */
  #onEmpty: (() => void)[] = [];

  constructor(options: DelayLineOptions) {
    this.#options = options;
  }

  push(bytes: Uint8Array): void {
    const { delayMs, jitterMs, nowMs, random, release } = this.#options;
    if (delayMs === 0 && jitterMs === 0) {
      release(bytes);
      return;
    }
    const wantedMs = nowMs() + Math.max(0, delayMs + (random() * 2 - 1) * jitterMs);
    this.#lastDueMs = Math.max(this.#lastDueMs, wantedMs);
    this.#held.push({ bytes, dueMs: this.#lastDueMs });
    this.heldBytes += bytes.length;
    if (this.#held.length === 1) this.#schedule();
  }

  /** Calls back when everything that is held now has gone; at once if nothing is. */
  whenEmpty(callback: () => void): void {
    if (this.#held.length === 0) callback();
    else this.#onEmpty.push(callback);
  }

  /** Forgets what is held. */
  close(): void {
    this.#cancel?.();
    this.#held.length = 0;
    this.heldBytes = 0;
    this.#onEmpty = [];
  }

  #schedule(): void {
    const first = this.#held[0];
    if (first === undefined) return;
    const { nowMs, setTimer } = this.#options;
    this.#cancel = setTimer(() => this.#releaseDue(), Math.max(0, first.dueMs - nowMs()));
  }

  #releaseDue(): void {
    const nowMs = this.#options.nowMs();
    let count = 0;
    while (count < this.#held.length && this.#held[count]!.dueMs <= nowMs) count += 1;
    for (const { bytes } of this.#held.splice(0, count)) {
      this.heldBytes -= bytes.length;
      this.#options.release(bytes);
    }
    if (this.#held.length > 0) this.#schedule();
    else for (const callback of this.#onEmpty.splice(0)) callback();
  }
}
