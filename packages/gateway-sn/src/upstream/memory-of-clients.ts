import type { ClientMemory, Remembered } from '../core/ports/memory.ts';

/** Remembers as long as the process lives. */
export class MemoryOfClients implements ClientMemory {
  readonly #byId = new Map<string, Remembered>();

  load(clientId: string): Remembered | undefined {
    return this.#byId.get(clientId);
  }

  save(clientId: string, remembered: Remembered): void {
    this.#byId.set(clientId, remembered);
  }

  forget(clientId: string): void {
    this.#byId.delete(clientId);
  }
}
