/** One line on a terminal that is drawn over itself; nothing elsewhere. */
import type { ProgressTerminal } from '../progress-bar.ts';

/** Between two drawings, in ms. */
const REDRAWN_AFTER_MS = 250;
const ERASE_LINE = '\r\u001b[K';

export class StatusLine {
  readonly #terminal: ProgressTerminal;
  readonly #nowMs: () => number;
  #nextMs = Number.NEGATIVE_INFINITY;
  #isDrawn = false;

  /** @param nowMs a monotonic clock */
  constructor(terminal: ProgressTerminal, nowMs: () => number) {
    this.#terminal = terminal;
    this.#nowMs = nowMs;
  }

  /** @param text asked for only when it is drawn */
  show(text: () => string): void {
    if (this.#terminal.isTTY !== true || this.#nowMs() < this.#nextMs) return;
    this.#nextMs = this.#nowMs() + REDRAWN_AFTER_MS;
    this.#isDrawn = true;
    // A line that is broken could not be drawn over.
    this.#terminal.write(`${ERASE_LINE}${text().slice(0, (this.#terminal.columns || 80) - 1)}`);
  }

  /** Takes it off the terminal. */
  end(): void {
    if (this.#isDrawn) this.#terminal.write(ERASE_LINE);
    this.#isDrawn = false;
  }
}
