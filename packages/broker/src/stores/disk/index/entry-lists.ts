const FIRST_CAPACITY = 64;

/**
 * The first and the last entry of every list, by the list's number; 0 for an empty one. Each owner has two lists: what waits
 * has twice the owner's number, what has been taken one more.
 */
export class EntryLists {
  #ends: Uint32Array;

  constructor() {
    this.#ends = new Uint32Array(FIRST_CAPACITY);
  }

  firstOf(list: number): number {
    return this.#ends[2 * list] ?? 0;
  }

  lastOf(list: number): number {
    return this.#ends[2 * list + 1] ?? 0;
  }

  setFirst(list: number, entry: number): void {
    this.#ends[2 * list] = entry;
  }

  setLast(list: number, entry: number): void {
    this.#ends[2 * list + 1] = entry;
  }

  /** Makes room for an owner's lists, which are empty. */
  begin(owner: number): void {
    const end = 4 * owner + 4;
    if (end > this.#ends.length) {
      const grown = new Uint32Array(Math.max(this.#ends.length * 2, end));
      grown.set(this.#ends);
      this.#ends = grown;
    }
    this.#ends.fill(0, end - 4, end);
  }
}

export function waitingList(owner: number): number {
  return 2 * owner;
}

export function takenList(owner: number): number {
  return 2 * owner + 1;
}
