/**
 * Whether a service is worth asking: after five failures in a row it is left alone for a while, then one question tries it. So
 * clients do not wait for the timeout of a service that is down, and it is not run over when it comes back.
 */
const FAILURES = 5;

export class Circuit {
  readonly #retryAfterMs: number;
  #failures = 0;
  /** Monotonic; until then nothing is asked. */
  #closedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(retryAfterMs: number) {
    this.#retryAfterMs = retryAfterMs;
  }

  /** Whether the last five questions failed. */
  get isDown(): boolean {
    return this.#failures >= FAILURES;
  }

  /** Whether to ask now. One that tries a service that was down keeps others from it until it has its answer, or as long again. */
  mayAsk(nowMs: number): boolean {
    if (!this.isDown) return true;
    if (nowMs < this.#closedUntilMs) return false;
    this.#closedUntilMs = nowMs + this.#retryAfterMs;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(nowMs: number): void {
    this.#failures++;
    if (this.isDown) this.#closedUntilMs = nowMs + this.#retryAfterMs;
  }
}
