/** What the gateway remembers of clients, as long as the process lives, within a bound and for as long as the broker keeps their sessions. */
import type { ClientMemory, Remembered } from '../core/ports/memory.ts';

export interface MemoryOfClientsOptions {
  /** Clients; of more, those that were saved longest ago are forgotten. @default 100,000 */
  readonly limit?: number;
  /** Milliseconds that only grow. */
  readonly nowMs: () => number;
}

interface Entry {
  readonly remembered: Remembered;
  readonly forSeconds: number;
  readonly untilMs: number;
}

export class MemoryOfClients implements ClientMemory {
  readonly #limit: number;
  readonly #nowMs: () => number;
  /** Saved longest ago first. */
  readonly #byId = new Map<string, Entry>();

  constructor({ limit = 100_000, nowMs }: MemoryOfClientsOptions) {
    this.#limit = limit;
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Whom it remembers, saved longest ago first. */
  clientIds(): IterableIterator<string> {
    return this.#byId.keys();
  }

  /** For how many seconds a client is remembered after it was saved; 0 if it is not. */
  secondsOf(clientId: string): number {
    return this.#byId.get(clientId)?.forSeconds ?? 0;
  }

  load(clientId: string): Remembered | undefined {
    const entry = this.#byId.get(clientId);
    return entry === undefined || entry.untilMs < this.#nowMs() ? undefined : entry.remembered;
  }

  save(clientId: string, remembered: Remembered, forSeconds: number): void {
    this.#byId.delete(clientId);
    this.#byId.set(clientId, { remembered, forSeconds, untilMs: this.#nowMs() + forSeconds * 1000 });
    this.#forgetOldest();
  }

  forget(clientId: string): void {
    this.#byId.delete(clientId);
  }

  /** Those whose time has come, as far as they are first, and those that are too many. */
  #forgetOldest(): void {
    const nowMs = this.#nowMs();
    for (const [clientId, { untilMs }] of this.#byId) {
      if (untilMs >= nowMs && this.#byId.size <= this.#limit) return;
      this.#byId.delete(clientId);
    }
  }
}
