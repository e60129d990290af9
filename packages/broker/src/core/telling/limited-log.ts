/**
 * A log within a bound of lines per minute, so that nothing that happens again and again fills a disk. What is left out is
 * counted, and told with the first line of a later minute.
 */
import type { Log, LogLevel } from '../ports/log.ts';

const MINUTE_MS = 60_000;

export class LimitedLog implements Log {
  linesPerMinute: number;
  readonly #log: Log;
  readonly #clock: { readonly nowMs: number };
  readonly #code: string;
  readonly #subject: string;
  #minuteBeganMs: number;
  #written: number;
  #leftOut: number;

  /**
   * @param clock monotonic
   * @param code of the line that tells how many were left out
   * @param subject what the lines are about, for that one
   */
  constructor(
    log: Log,
    clock: { readonly nowMs: number },
    linesPerMinute: number,
    code: string,
    subject: string,
  ) {
    this.#log = log;
    this.#clock = clock;
    this.linesPerMinute = linesPerMinute;
    this.#code = code;
    this.#subject = subject;
    this.#minuteBeganMs = clock.nowMs;
    this.#written = 0;
    this.#leftOut = 0;
  }

  /** Whether a line would be written now: one that can wait is told in a later minute instead of being left out. */
  get hasRoom(): boolean {
    return this.#written < this.linesPerMinute || this.#minuteIsOver;
  }

  get #minuteIsOver(): boolean {
    return this.#clock.nowMs - this.#minuteBeganMs >= MINUTE_MS;
  }

  write(level: LogLevel, code: string, text: string): void {
    if (this.#minuteIsOver) {
      if (this.#leftOut > 0) {
        const told = `${this.#leftOut} more lines about ${this.#subject} were left out in a minute`;
        this.#log.write('notice', this.#code, told);
      }
      this.#minuteBeganMs = this.#clock.nowMs;
      this.#written = 0;
      this.#leftOut = 0;
    }
    if (this.#written >= this.linesPerMinute) {
      this.#leftOut++;
      return;
    }
    this.#written++;
    this.#log.write(level, code, text);
  }
}
