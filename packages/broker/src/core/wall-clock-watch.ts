/** Notices that the wall clock has jumped: what was noted by it must not expire by surprise after the next start. */
import type { CoreContext } from './context.ts';
import type { Retaining } from './retained/retaining.ts';
import type { Sessions } from './session/sessions.ts';

/** Ms by which the wall clock may drift from the monotonic one before it counts as a jump. */
const CLOCK_JUMP_MS = 2000;

export class WallClockWatch {
  readonly #context: CoreContext;
  readonly #sessions: Sessions;
  readonly #retaining: Retaining;
  #offsetMs: number;

  constructor(context: CoreContext, sessions: Sessions, retaining: Retaining) {
    this.#context = context;
    this.#sessions = sessions;
    this.#retaining = retaining;
    this.#offsetMs = context.wallMs - context.nowMs;
  }

  look(): void {
    const { keeping, log, store, wallMs, nowMs } = this.#context;
    const offsetMs = wallMs - nowMs;
    // Not while nothing is kept: a clock that jumps to and fro would stage everything again and again.
    if (Math.abs(offsetMs - this.#offsetMs) < CLOCK_JUMP_MS || keeping.refusal !== null) return;
    log.write('notice', 'wall-clock-jumped', 'the wall clock has jumped; expiry times are noted anew');
    this.#sessions.restamp();
    this.#retaining.restamp();
    store.restamp();
    this.#context.staged();
    this.#offsetMs = offsetMs; // only now: what throws is tried again
  }
}
