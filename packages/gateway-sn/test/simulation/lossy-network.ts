/** Our client before our gateway and a whole broker, over a network that loses, repeats and reorders datagrams, in virtual time. */
import { SeededRandom } from '../../../../test/seeded-random.ts';
import { SnClientCore } from '../../src/client/sn-client-core.ts';
import type { SnClientError } from '../../src/client/sn-client-error.ts';
import type { SnClientOptions, SnMessageReceived } from '../../src/client/sn-client-options.ts';
import type { Device, SnWorldOptions } from '../world/sn-world.ts';
import { SnWorld } from '../world/sn-world.ts';

export interface NetworkFaults {
  /** 0 to 1. */
  readonly loss: number;
  readonly repetition: number;
  /** Each datagram takes 5 ms to this: they overtake each other. */
  readonly mostDelayMs: number;
}

interface OnItsWay {
  readonly dueMs: number;
  readonly arrive: () => void;
}

export class LossyNetwork {
  readonly world: SnWorld;
  readonly random: SeededRandom;
  readonly #faults: NetworkFaults;
  readonly #clients: SnClientCore[] = [];
  #onItsWay: OnItsWay[] = [];
  datagrams = 0;
  lost = 0;

  constructor(seed: number, faults: NetworkFaults, options: SnWorldOptions = {}) {
    this.world = new SnWorld({ seed, ...options });
    this.random = new SeededRandom(seed ^ 0x5eed);
    this.#faults = faults;
  }

  get nowMs(): number {
    return this.world.nowMs;
  }

  client(
    options: SnClientOptions,
    onMessage: (message: SnMessageReceived) => void,
    onLost: (error: SnClientError) => void,
  ): SnClientCore {
    const device: Device = this.world.device();
    const client = new SnClientCore(options, {
      send: (bytes) => this.#send(() => device.sendBytes(bytes)),
      onMessage,
      onLost,
    });
    device.onDatagram = (bytes) => this.#send(() => client.receive(bytes, this.nowMs));
    this.#clients.push(client);
    return client;
  }

  #send(arrive: () => void): void {
    const { loss, repetition, mostDelayMs } = this.#faults;
    this.datagrams++;
    if (this.random.chance(loss)) {
      this.lost++;
      return;
    }
    const copies = this.random.chance(repetition) ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const dueMs = this.nowMs + 5 + this.random.next() * (mostDelayMs - 5);
      this.#onItsWay.push({ dueMs, arrive });
    }
  }

  /** Calls back in so long. */
  after(ms: number, callback: () => void): void {
    this.#onItsWay.push({ dueMs: this.nowMs + ms, arrive: callback });
  }

  /** Runs until it is so, or for so long at most. @returns whether it is so */
  runUntil(isSo: () => boolean, seconds: number): boolean {
    const endMs = this.nowMs + seconds * 1000;
    while (!isSo()) {
      const dueMs = Math.min(this.world.nextDueMs, ...this.#dueMs());
      if (dueMs > endMs) return false;
      this.world.advance(Math.max(0, dueMs - this.nowMs) / 1000);
      this.#arrive();
      for (const client of this.#clients) client.tick(this.nowMs);
    }
    return true;
  }

  *#dueMs(): Iterable<number> {
    for (const { dueMs } of this.#onItsWay) yield dueMs;
    for (const client of this.#clients) yield client.deadlines.nextMs();
  }

  #arrive(): void {
    const due = this.#onItsWay.filter(({ dueMs }) => dueMs <= this.nowMs).sort((a, b) => a.dueMs - b.dueMs);
    this.#onItsWay = this.#onItsWay.filter(({ dueMs }) => dueMs > this.nowMs);
    for (const { arrive } of due) arrive();
    this.world.settle();
  }
}
