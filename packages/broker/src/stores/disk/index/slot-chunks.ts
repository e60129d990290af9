/** How many things a chunk has room for, as a power of two. */
export const SLOT_BITS = 14;
/** How many things a chunk has room for. */
export const SLOTS: number = 1 << SLOT_BITS;
/** What of a number is the place in its chunk. */
export const SLOT_MASK: number = SLOTS - 1;

/** The columns of `SLOTS` things with numbers in a row. */
export interface SlotChunk {
  /** Things held. */
  count: number;
  /** Places below this one have been used. */
  used: number;
  /** The first free place, plus 1; 0 for none. `links` of it is the next. */
  free: number;
  /** A column that means nothing for what is free. */
  readonly links: Uint32Array;
}

/**
 * Numbers for things whose columns are in chunks, so that an index grows without copying anything, has no more room than it
 * needs, and gives a chunk back when nothing is in it. Numbers begin with 1 (0 is none) and are used again.
 */
export class SlotChunks<C extends SlotChunk> {
  /** By a number's upper bits; null where nothing is. */
  readonly list: (C | null)[];
  /** Things held. */
  count: number;
  readonly #make: () => C;
  /** The chunk that new things come into. It stays when it is empty. */
  #current: number;
  /** The other chunks that have room, those that are null among them. */
  readonly #roomy: number[];

  constructor(make: () => C) {
    const first = make();
    first.used = 1;
    this.list = [first];
    this.count = 0;
    this.#make = make;
    this.#current = 0;
    this.#roomy = [];
  }

  /** Every number in use is below this. */
  get end(): number {
    return this.list.length << SLOT_BITS;
  }

  /** A number that is not in use; what its columns hold is left from before. */
  add(): number {
    let chunk = this.list[this.#current]!;
    if (isFull(chunk)) chunk = this.#next();
    let place = chunk.used;
    if (chunk.free === 0) {
      chunk.used++;
    } else {
      place = chunk.free - 1;
      chunk.free = chunk.links[place]!;
    }
    chunk.count++;
    this.count++;
    return (this.#current << SLOT_BITS) | place;
  }

  /** The number is not in use any more. */
  free(number: number): void {
    const index = number >>> SLOT_BITS;
    const chunk = this.list[index]!;
    const isCurrent = index === this.#current;
    if (!isCurrent && isFull(chunk)) this.#roomy.push(index);
    this.count--;
    chunk.count--;
    if (chunk.count > 0) {
      const place = number & SLOT_MASK;
      chunk.links[place] = chunk.free;
      chunk.free = place + 1;
    } else if (isCurrent) {
      chunk.used = index === 0 ? 1 : 0;
      chunk.free = 0;
    } else {
      this.list[index] = null;
    }
  }

  /** Makes another chunk the current one, which is full. */
  #next(): C {
    const index = this.#roomy.pop() ?? this.list.push(null) - 1;
    this.#current = index;
    let chunk = this.list[index]!;
    if (chunk === null) {
      chunk = this.#make();
      if (index === 0) chunk.used = 1;
      this.list[index] = chunk;
    }
    return chunk;
  }
}

function isFull(chunk: SlotChunk): boolean {
  return chunk.free === 0 && chunk.used === SLOTS;
}
