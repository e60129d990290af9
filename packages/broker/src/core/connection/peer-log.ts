/** Logs what peers did wrong, at a bounded rate: an attacker fills no disk. What is left out is counted and told later. */
import type { CoreContext } from '../context.ts';

const MINUTE_MS = 60_000;

export class PeerLog {
  readonly #context: CoreContext;
  #minuteBeganMs: number;
  #written: number;
  #leftOut: number;

  constructor(context: CoreContext) {
    this.#context = context;
    this.#minuteBeganMs = context.nowMs;
    this.#written = 0;
    this.#leftOut = 0;
  }

  write(code: string, text: string): void {
    const { nowMs, log, profile } = this.#context;
    if (nowMs - this.#minuteBeganMs >= MINUTE_MS) {
      if (this.#leftOut > 0) {
        log.write(
          'notice',
          'peer-log-limited',
          `${this.#leftOut} more lines about peers were left out in a minute`,
        );
      }
      this.#minuteBeganMs = nowMs;
      this.#written = 0;
      this.#leftOut = 0;
    }
    if (this.#written >= profile.limits.malformedLogPerMinute) {
      this.#leftOut++;
      return;
    }
    this.#written++;
    log.write('notice', code, text);
  }
}
