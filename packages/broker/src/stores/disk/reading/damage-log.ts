import type { Log } from '../../../core/ports/log.ts';

const MINUTE_MS = 60_000;
/** A file that is damaged may have had very many messages. */
const LINES_PER_MINUTE = 100;

/** Tells of messages that are lost, each in a line, but for those above a hundred in a minute: these are counted. */
export class DamageLog {
  readonly #log: Log | null;
  readonly #clock: { readonly nowMs: number };
  #minuteBeganMs: number;
  #written: number;
  #leftOut: number;

  /** @param clock monotonic */
  constructor(log: Log | null, clock: { readonly nowMs: number }) {
    this.#log = log;
    this.#clock = clock;
    this.#minuteBeganMs = clock.nowMs;
    this.#written = 0;
    this.#leftOut = 0;
  }

  tell(text: string): void {
    const { nowMs } = this.#clock;
    if (nowMs - this.#minuteBeganMs >= MINUTE_MS) {
      if (this.#leftOut > 0) {
        this.#log?.write(
          'error',
          'stored-message-damaged',
          `${this.#leftOut} more messages were damaged in a minute`,
        );
      }
      this.#minuteBeganMs = nowMs;
      this.#written = 0;
      this.#leftOut = 0;
    }
    if (this.#written === LINES_PER_MINUTE) {
      this.#leftOut++;
      return;
    }
    this.#written++;
    this.#log?.write('error', 'stored-message-damaged', text);
  }
}
