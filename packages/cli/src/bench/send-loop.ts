/**
 * Lets the publishers of a thread send: in an open loop when the next message is due, in a closed loop when something was
 * answered. Timers of the platform are a millisecond late or more, so for the last two milliseconds before a message is due
 * the loop turns instead of sleeping. It knows how much of that turning was idle, which the platform cannot tell from work.
 */
import type { LoadPublisher } from './load-publisher.ts';

/** What the loop has of the platform. */
export interface LoopHost {
  nowUs(): number;
  /** Calls back in the next round of the event loop. */
  immediately(callback: () => void): void;
  /** Calls back after so many milliseconds. Returns what takes it back. */
  after(delayMs: number, callback: () => void): () => void;
}

/** Sooner than this the loop does not sleep. */
const SLEEPS_ABOVE_US = 2000;
/** How long before a message is due it wakes. */
const WAKES_BEFORE_US = 1200;
/** Longest sleep, in µs. */
const LONGEST_SLEEP_US = 100_000;
/** How often a closed loop looks for deliveries in other threads. */
const LOOKS_AFTER_MS = 1;

export class SendLoop {
  readonly #publishers: readonly LoadPublisher[];
  readonly #host: LoopHost;
  readonly #isOpen: boolean;
  readonly #looksAround: boolean;
  readonly #onOver: () => void;
  readonly #turn: () => void;
  #isScheduled: boolean;
  #takeBack: (() => void) | null;
  #isOver: boolean;
  #idleUs: number;
  /** When the last turn ended with the next one to follow at once; below 0 when it went to sleep. */
  #turnedUs: number;
  #wasActive: boolean;

  /**
   * @param isOpen whether messages are due at their times
   * @param looksAround whether deliveries in other threads make room
   * @param onOver called once, when all publishers are over
   */
  constructor(
    publishers: readonly LoadPublisher[],
    host: LoopHost,
    isOpen: boolean,
    looksAround: boolean,
    onOver: () => void,
  ) {
    this.#publishers = publishers;
    this.#host = host;
    this.#isOpen = isOpen;
    this.#looksAround = looksAround;
    this.#onOver = onOver;
    this.#turn = () => this.#takeTurn();
    this.#isScheduled = false;
    this.#takeBack = null;
    this.#isOver = false;
    this.#idleUs = 0;
    this.#turnedUs = -1;
    this.#wasActive = false;
  }

  begin(): void {
    this.wake();
  }

  /** Something happened: there may be room to send. */
  wake(): void {
    this.#wasActive = true;
    if (this.#isScheduled || this.#isOver) return;
    this.#takeBack?.();
    this.#takeBack = null;
    this.#isScheduled = true;
    this.#host.immediately(this.#turn);
  }

  /** Microseconds that it turned without anything to do, since this was last asked. */
  takeIdleUs(): number {
    const idleUs = this.#idleUs;
    this.#idleUs = 0;
    return idleUs;
  }

  #takeTurn(): void {
    this.#isScheduled = false;
    this.#takeBack = null;
    const nowUs = this.#host.nowUs();
    if (this.#turnedUs >= 0 && !this.#wasActive) this.#idleUs += nowUs - this.#turnedUs;
    this.#wasActive = false;
    this.#turnedUs = -1;
    let areOver = true;
    let nextUs = Number.POSITIVE_INFINITY;
    for (const publisher of this.#publishers) {
      if (publisher.isOver) continue;
      if (publisher.send(nowUs) > 0) this.#wasActive = true;
      if (publisher.isOver) continue;
      areOver = false;
      if (this.#isOpen) nextUs = Math.min(nextUs, publisher.nextDueUs);
    }
    if (!areOver) this.#sleep(nowUs, nextUs);
    else if (!this.#isOver) {
      this.#isOver = true;
      this.#onOver();
    }
  }

  #sleep(nowUs: number, nextUs: number): void {
    if (!this.#isOpen) {
      const idleMs = this.#looksAround ? LOOKS_AFTER_MS : LONGEST_SLEEP_US / 1000;
      const delayMs = nowUs < 0 ? Math.ceil(-nowUs / 1000) : idleMs;
      this.#takeBack = this.#host.after(delayMs, this.#turn);
      return;
    }
    const sleepUs = Math.min(LONGEST_SLEEP_US, nextUs - nowUs - WAKES_BEFORE_US);
    if (nextUs - nowUs > SLEEPS_ABOVE_US) {
      this.#takeBack = this.#host.after(Math.max(1, Math.floor(sleepUs / 1000)), this.#turn);
      return;
    }
    this.#isScheduled = true;
    this.#turnedUs = this.#host.nowUs();
    this.#host.immediately(this.#turn);
  }
}
