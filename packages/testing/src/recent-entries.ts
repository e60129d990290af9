/** Entries that are remembered at most, and bytes of them: a test that runs for hours does not grow. */
export const RECENT_ENTRIES = 10_000;
export const RECENT_BYTES: number = 64 * 1024 * 1024;

interface Kept<Entry> {
  readonly entry: Entry;
  readonly bytes: number;
}

/** The newest of many entries, oldest first. */
export class RecentEntries<Entry> {
  /** Those before `#from` are gone, and their places left empty until there are as many as entries. */
  #kept: (Kept<Entry> | null)[] = [];
  #from = 0;
  #bytes = 0;
  /** All entries as they were last asked for; null when that has changed. */
  #all: readonly Entry[] | null = null;

  /** A list of now: it does not change. */
  get all(): readonly Entry[] {
    this.#all ??= this.#kept.slice(this.#from).map((kept) => kept!.entry);
    return this.#all;
  }

  /** @param bytes what it takes, roughly */
  add(entry: Entry, bytes: number): void {
    this.#all = null;
    this.#kept.push({ entry, bytes });
    this.#bytes += bytes;
    while (
      this.#kept.length - this.#from > RECENT_ENTRIES ||
      (this.#bytes > RECENT_BYTES && this.#kept.length - this.#from > 1)
    ) {
      this.#bytes -= this.#kept[this.#from]!.bytes;
      this.#kept[this.#from++] = null;
    }
    if (this.#from <= RECENT_ENTRIES) return;
    this.#kept.splice(0, this.#from);
    this.#from = 0;
  }

  clear(): void {
    this.#all = null;
    this.#kept = [];
    this.#from = 0;
    this.#bytes = 0;
  }
}
