/** What was sent and received during a check, a line a packet: shown when it fails. */

/** A check that sends thousands of packets shows the last of them. */
const KEPT_LINES = 200;

export class Exchange {
  readonly #startMs: number;
  readonly #nowMs: () => number;
  readonly #lines: string[] = [];

  /** @param nowMs a monotonic clock */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
  }

  /** @param name of the connection: `publisher` */
  add(name: string, direction: '→' | '←', text: string): void {
    const ms = (this.#nowMs() - this.#startMs).toFixed(1).padStart(7);
    this.#lines.push(`${ms} ms  ${name} ${direction} ${text}`);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
  }

  get lines(): readonly string[] {
    return this.#lines;
  }
}
