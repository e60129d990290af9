import type { BrokerEnvironment } from '@martlet/broker';
import type { VirtualTime } from './time/virtual-time.ts';

/** The time of one broker, from its start to its end: what it has planned ends with it, as with a process that dies. */
export class BrokerLife implements BrokerEnvironment {
  readonly #time: VirtualTime;
  readonly #random: () => number;
  #ended: boolean;

  constructor(time: VirtualTime, random: () => number) {
    this.#time = time;
    this.#random = random;
    this.#ended = false;
  }

  end(): void {
    this.#ended = true;
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
    return this.#time.setTimer(() => this.#unlessEnded(callback), delayMs);
  }

  soon(callback: () => void): void {
    this.#time.soon(() => this.#unlessEnded(callback));
  }

  #unlessEnded(callback: () => void): void {
    if (!this.#ended) callback();
  }
}
