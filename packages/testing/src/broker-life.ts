import type { BrokerEnvironment } from '@martlet/broker';
import type { VirtualTime } from './time/virtual-time.ts';

/** The time of one broker, from its start to its end: what it has planned ends with it, as with a process that dies. */
export class BrokerLife implements BrokerEnvironment {
  readonly #time: VirtualTime;
  readonly #random: () => number;
  /** What takes its timers back. */
  readonly #timers: Set<() => void>;
  #ended: boolean;

  constructor(time: VirtualTime, random: () => number) {
    this.#time = time;
    this.#random = random;
    this.#timers = new Set();
    this.#ended = false;
  }

  end(): void {
    this.#ended = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  nowMs(): number {
    return this.#time.nowMs;
  }

  wallMs(): number {
    return this.#time.wallMs;
  }

  newClientId(): string {
    return `martlet-${this.hashSeed() >>> 0}-${this.hashSeed() >>> 0}`;
  }

  hashSeed(): number {
    return (this.#random() * 0x1_0000_0000) | 0;
  }

  /** Not a matter of the test's. */
  heapBytes(): number {
    return 0;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    const forget = (): void => {
      this.#timers.delete(cancel);
    };
    const cancel = this.#time.setTimer(() => {
      forget();
      if (!this.#ended) callback();
    }, delayMs);
    if (this.#ended) cancel();
    else this.#timers.add(cancel);
    return () => {
      cancel();
      forget();
    };
  }

  soon(callback: () => void): void {
    this.#time.soon(() => {
      if (!this.#ended) callback();
    });
  }
}
