const FIRST_ROWS = 64;

/**
 * Rows that are found by two integers below 2^53: (owner, key) of an entry, (identifier, 0) of a message. Typed arrays,
 * because a store holds more than a `Map` can. Columns are whoever's who uses it, by row.
 */
export class PairTable {
  /** Rows in use. */
  size: number;
  /** Every row is below this: the least length of a column. */
  capacity: number;
  #first: Float64Array<ArrayBuffer>;
  #second: Float64Array<ArrayBuffer>;
  /** Row + 1 by hash, 0 where nothing is; twice as many as rows, so that a search ends soon. */
  #slots: Int32Array<ArrayBuffer>;
  /** One above the highest row ever used. */
  #top: number;
  readonly #free: number[];

  constructor() {
    this.size = 0;
    this.capacity = FIRST_ROWS;
    this.#first = new Float64Array(FIRST_ROWS);
    this.#second = new Float64Array(FIRST_ROWS);
    this.#slots = new Int32Array(FIRST_ROWS * 2);
    this.#top = 0;
    this.#free = [];
  }

  /** One above the highest row there has been: the end of a walk over all rows. */
  get top(): number {
    return this.#top;
  }

  /** NaN for a row that is not in use. */
  first(row: number): number {
    return this.#first[row]!;
  }

  second(row: number): number {
    return this.#second[row]!;
  }

  /** The row, or -1. */
  find(first: number, second: number): number {
    return this.#slots[this.#slotOf(first, second)]! - 1;
  }

  /** A row for a pair that is not there. Look at `capacity` afterwards: it may have grown. */
  add(first: number, second: number): number {
    const row = this.#free.pop() ?? this.#top++;
    if (row === this.capacity) this.#grow();
    this.#first[row] = first;
    this.#second[row] = second;
    this.#slots[this.#slotOf(first, second)] = row + 1;
    this.size++;
    return row;
  }

  remove(row: number): void {
    let hole = this.#slotOf(this.#first[row]!, this.#second[row]!);
    const mask = this.#slots.length - 1;
    // What was pushed on by a collision moves back, so that no search ends too early.
    for (let at = (hole + 1) & mask; this.#slots[at] !== 0; at = (at + 1) & mask) {
      const other = this.#slots[at]! - 1;
      const home = hash(this.#first[other]!, this.#second[other]!) & mask;
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        this.#slots[hole] = other + 1;
        hole = at;
      }
    }
    this.#slots[hole] = 0;
    this.#first[row] = Number.NaN;
    this.#free.push(row);
    this.size--;
  }

  /** Where the pair is, or where it would be put. */
  #slotOf(first: number, second: number): number {
    const mask = this.#slots.length - 1;
    for (let at = hash(first, second) & mask; ; at = (at + 1) & mask) {
      const row = this.#slots[at]! - 1;
      if (row < 0 || (this.#first[row] === first && this.#second[row] === second)) return at;
    }
  }

  #grow(): void {
    const before = this.capacity;
    this.capacity = before * 2;
    this.#first = grown(this.#first, new Float64Array(this.capacity));
    this.#second = grown(this.#second, new Float64Array(this.capacity));
    this.#slots = new Int32Array(this.capacity * 2);
    for (let row = 0; row < before; row++) {
      if (Number.isNaN(this.#first[row]!)) continue;
      this.#slots[this.#slotOf(this.#first[row]!, this.#second[row]!)] = row + 1;
    }
  }
}

/** The larger array with what the smaller one held. */
export function grown<T extends Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array>(
  from: T,
  to: T,
): T {
  to.set(from);
  return to;
}

function hash(first: number, second: number): number {
  let mixed = Math.imul(first | 0, 0x9e37_79b1) ^ Math.imul((first / 2 ** 32) | 0, 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b_3c6d) + Math.imul(second | 0, 0xc2b2_ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0x297a_2d39);
  return (mixed ^ (mixed >>> 16)) >>> 1;
}
