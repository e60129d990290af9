/**
 * The time of a test: it stands still until the test moves it.
 *
 * What is to happen *soon* happens by itself, in rounds, one in each turn of Node's event loop. Between two rounds all
 * promises of the application get as far as they can, so that its code may `await` whatever it likes. Timers wait for
 * `advance`, which stops at each of them.
 *
 *     soon, due timers ──▶ round ──▶ promises run ──▶ round ──▶ … ──▶ nothing left: settled
 *
 * The only thing taken from the platform is `setImmediate`, straight from Node: libraries that put false timers in the
 * place of the global ones do not touch it.
 */
import { setImmediate } from 'node:timers';
import { TestBrokerError } from '../test-broker-error.ts';

/** Rounds in which nothing happens before all is taken to be over: application code may wait for as many turns. */
const QUIET_ROUNDS = 10;
/** Rounds within which things must come to rest. */
const MAXIMUM_ROUNDS = 100_000;
/** Monotonic ms when the time begins: not 0, so that a 0 taken for "never" is noticed. */
const FIRST_MS = 1_000_000;

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

export class VirtualTime {
  #nowMs: number;
  readonly #wallAheadMs: number;
  #soon: (() => void)[];
  /** By when they are due; of those due together, the one set first is first. */
  readonly #timers: Timer[];
  #roundRequested: boolean;
  /** Counts whatever asks for more to happen. */
  #activity: number;
  #advancing: Promise<void>;

  /** @param startMs what the wall clock shows at the start, in ms since 1970 */
  constructor(startMs: number) {
    this.#nowMs = FIRST_MS;
    this.#wallAheadMs = startMs - FIRST_MS;
    this.#soon = [];
    this.#timers = [];
    this.#roundRequested = false;
    this.#activity = 0;
    this.#advancing = Promise.resolve();
  }

  /** Monotonic ms. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Ms since 1970. */
  get wallMs(): number {
    return this.#nowMs + this.#wallAheadMs;
  }

  /** Monotonic ms when the next timer is due; Infinity if there is none. */
  get nextDueMs(): number {
    return this.#timers[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }

  /** Calls back once, in the next round. */
  soon(callback: () => void): void {
    this.#soon.push(callback);
    this.#requestRound();
  }

  /** Calls back once, when so many ms have passed. @returns what takes it back */
  setTimer(callback: () => void, delayMs: number): () => void {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), callback };
    let at = this.#timers.length;
    while (at > 0 && this.#timers[at - 1]!.dueMs > timer.dueMs) at--;
    this.#timers.splice(at, 0, timer);
    if (timer.dueMs <= this.#nowMs) this.#requestRound();
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  /**
   * Fulfils when nothing is left that would happen without more time.
   * @throws {TestBrokerError} `NEVER_SETTLES`
   */
  async settled(): Promise<void> {
    let quiet = 0;
    for (let round = 0; quiet < QUIET_ROUNDS; round++) {
      if (round >= MAXIMUM_ROUNDS) {
        throw new TestBrokerError(
          'NEVER_SETTLES',
          `expected everything to come to rest within ${MAXIMUM_ROUNDS} rounds, but something goes on for ever: look for a client that answers its own messages, or a timer that is set again at once`,
        );
      }
      const before = this.#activity;
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
      quiet = this.#roundRequested || this.#activity !== before ? 0 : quiet + 1;
    }
  }

  /** Moves time on, stopping at each timer, and lets everything settle there. One call after the other. */
  advance(ms: number): Promise<void> {
    if (!Number.isFinite(ms) || ms < 0) {
      throw new RangeError(`advance: expected milliseconds, a finite number from 0 on, got ${String(ms)}`);
    }
    const advanced = this.#advancing.then(() => this.#advance(ms));
    this.#advancing = advanced.catch(() => {});
    return advanced;
  }

  async #advance(ms: number): Promise<void> {
    await this.settled();
    const endMs = this.#nowMs + ms;
    while (this.nextDueMs <= endMs) {
      this.#nowMs = this.nextDueMs;
      this.#requestRound();
      await this.settled();
    }
    this.#nowMs = endMs;
    await this.settled();
  }

  #requestRound(): void {
    this.#activity++;
    if (this.#roundRequested) return;
    this.#roundRequested = true;
    setImmediate(() => this.#round());
  }

  /** Does what was to be done when it began; what that asks for is done in the next one. */
  #round(): void {
    this.#roundRequested = false;
    const callbacks = this.#soon;
    this.#soon = [];
    let due = 0;
    while (due < this.#timers.length && this.#timers[due]!.dueMs <= this.#nowMs) due++;
    const timers = this.#timers.slice(0, due);
    for (const callback of callbacks) callSafely(callback);
    for (const timer of timers) {
      const index = this.#timers.indexOf(timer);
      if (index < 0) continue; // taken back meanwhile
      this.#timers.splice(index, 1);
      callSafely(timer.callback);
    }
    if (this.nextDueMs <= this.#nowMs) this.#requestRound();
  }
}

/** An error ends what threw it and nothing else; like one in any callback of Node, it is the process's to report. */
function callSafely(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    setImmediate(() => {
      throw error;
    });
  }
}
