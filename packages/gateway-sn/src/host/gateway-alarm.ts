/** The one timer of a gateway. */

/** More than Node's timers take. */
const MAXIMUM_DELAY_MS = 2_147_483_647;

export class GatewayAlarm {
  readonly #onDue: () => void;
  #timer: NodeJS.Timeout | null = null;
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** Sets it to another time if it is not set to this one. */
  arm(dueMs: number, nowMs: number): void {
    if (dueMs === this.#dueMs) return;
    this.stop();
    if (dueMs === Number.POSITIVE_INFINITY) return;
    this.#dueMs = dueMs;
    const delayMs = Math.min(MAXIMUM_DELAY_MS, Math.max(0, Math.ceil(dueMs - nowMs)));
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#dueMs = Number.POSITIVE_INFINITY;
      this.#onDue();
    }, delayMs);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }
}
