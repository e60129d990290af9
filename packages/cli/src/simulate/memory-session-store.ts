/** Keeps the session of a device while it is away, as a device with a memory of its own does. */
import type { SessionStore, StoredChange, StoredRecord } from '@martlet/client';

export class MemorySessionStore implements SessionStore {
  readonly #records: Map<number, Uint8Array> = new Map();

  async open(): Promise<readonly StoredRecord[]> {
    return [...this.#records].sort(([a], [b]) => a - b).map(([key, value]) => ({ key, value }));
  }

  async write(changes: readonly StoredChange[]): Promise<void> {
    for (const { key, value } of changes) {
      if (value === null) this.#records.delete(key);
      else this.#records.set(key, value);
    }
  }

  async close(): Promise<void> {}
}
