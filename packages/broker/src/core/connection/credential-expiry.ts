/**
 * When what a client was authenticated with expires: a moment on the wall clock, which may be set while time passes. It is looked
 * at every minute, so that a clock that jumps forward is noticed, and not believed before its time if it jumps back.
 */
import type { Deadline } from '@martlet/protocol';
import type { CoreContext } from '../context.ts';

/** Ms between two looks at the wall clock, at most. */
const LOOK_MS = 60_000;

export class CredentialExpiry implements Deadline {
  /** Of Deadlines. */
  heapIndex: number;
  readonly #context: CoreContext;
  readonly #onExpired: () => void;
  #atWallMs: number;

  constructor(context: CoreContext, onExpired: () => void) {
    this.heapIndex = -1;
    this.#context = context;
    this.#onExpired = onExpired;
    this.#atWallMs = Number.POSITIVE_INFINITY;
  }

  /** @param atWallMs Infinity: never */
  expireAt(atWallMs: number): void {
    this.#atWallMs = atWallMs;
    if (atWallMs === Number.POSITIVE_INFINITY) this.stop();
    else this.#watch();
  }

  /** The connection has ended. */
  stop(): void {
    this.#context.deadlines.clear(this);
  }

  onDue(): void {
    if (this.#context.wallMs >= this.#atWallMs) this.#onExpired();
    else this.#watch();
  }

  #watch(): void {
    const { deadlines, nowMs, wallMs } = this.#context;
    deadlines.set(this, nowMs + Math.min(Math.max(this.#atWallMs - wallMs, 0), LOOK_MS));
  }
}
