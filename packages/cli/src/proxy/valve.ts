/** Holds one sender back for as long as there is a reason to. */

/** The server is not reached yet; what goes to the other side waits there; is held by a delay; or what is told of it waits. */
export type HoldReason = 'unreached' | 'peer' | 'delay' | 'output';

export class Valve {
  readonly #reasons: Set<HoldReason> = new Set();
  readonly #pause: () => void;
  readonly #resume: () => void;

  constructor(pause: () => void, resume: () => void) {
    this.#pause = pause;
    this.#resume = resume;
  }

  set(reason: HoldReason, isHeld: boolean): void {
    const wasHeld = this.#reasons.size > 0;
    if (isHeld) this.#reasons.add(reason);
    else this.#reasons.delete(reason);
    if (wasHeld === this.#reasons.size > 0) return;
    if (isHeld) this.#pause();
    else this.#resume();
  }
}
