/** Entries that are remembered at most, and bytes of them: a test that runs for hours does not grow. */
export const RECENT_ENTRIES = 10_000;
export const RECENT_BYTES: number = 64 * 1024 * 1024;

/** The newest of many entries, oldest first. */
export class RecentEntries<Entry> {
  #entries: Entry[] = [];
  /** The length of each. */
  #lengths: number[] = [];
  #bytes = 0;

  get all(): readonly Entry[] {
    return this.#entries;
  }

  /** @param bytes what it takes, roughly */
  add(entry: Entry, bytes: number): void {
    this.#entries.push(entry);
    this.#lengths.push(bytes);
    this.#bytes += bytes;
    let excess = 0;
    while (
      this.#entries.length - excess > RECENT_ENTRIES ||
      (this.#bytes > RECENT_BYTES && excess < this.#entries.length - 1)
    ) {
      this.#bytes -= this.#lengths[excess]!;
      excess++;
    }
    if (excess === 0) return;
    this.#entries.splice(0, excess);
    this.#lengths.splice(0, excess);
  }

  clear(): void {
    this.#entries = [];
    this.#lengths = [];
    this.#bytes = 0;
  }
}
