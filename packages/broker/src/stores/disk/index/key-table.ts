const FIRST_CAPACITY = 1024;

/**
 * From an identifier (up to 2^48) and a signed key of 32 bits to a number other than 0: a hash table in plain columns,
 * because a Map takes no more than 2^24 entries and several times the memory. Used while a log is replayed.
 */
export class KeyTable {
  #ids: Float64Array;
  #keys: Int32Array;
  /** 0 where nothing is. */
  #values: Uint32Array;
  #mask: number;
  #count: number;

  constructor() {
    this.#ids = new Float64Array(FIRST_CAPACITY);
    this.#keys = new Int32Array(FIRST_CAPACITY);
    this.#values = new Uint32Array(FIRST_CAPACITY);
    this.#mask = FIRST_CAPACITY - 1;
    this.#count = 0;
  }

  get size(): number {
    return this.#count;
  }

  /** 0 if there is nothing. */
  get(id: number, key: number): number {
    return this.#values[this.#find(id, key)]!;
  }

  set(id: number, key: number, value: number): void {
    let at = this.#find(id, key);
    if (this.#values[at] === 0) {
      if (this.#count * 2 >= this.#mask) {
        this.#grow();
        at = this.#find(id, key);
      }
      this.#count++;
      this.#ids[at] = id;
      this.#keys[at] = key;
    }
    this.#values[at] = value;
  }

  delete(id: number, key: number): void {
    let gap = this.#find(id, key);
    if (this.#values[gap] === 0) return;
    this.#count--;
    // What was pushed behind this one by it moves up, so that nothing is cut off from its place.
    for (let at = (gap + 1) & this.#mask; this.#values[at] !== 0; at = (at + 1) & this.#mask) {
      const home = this.#home(this.#ids[at]!, this.#keys[at]!);
      if (((at - home) & this.#mask) < ((at - gap) & this.#mask)) continue;
      this.#ids[gap] = this.#ids[at]!;
      this.#keys[gap] = this.#keys[at]!;
      this.#values[gap] = this.#values[at]!;
      gap = at;
    }
    this.#values[gap] = 0;
  }

  #home(id: number, key: number): number {
    let hash = Math.imul(id | 0, 0x9e37_79b1) ^ Math.imul((id / 0x1_0000_0000) | 0, 0x85eb_ca6b);
    hash = Math.imul(hash ^ (hash >>> 15) ^ key, 0xc2b2_ae35);
    return (hash ^ (hash >>> 13)) & this.#mask;
  }

  /** Where it is, or the empty place where it would be. */
  #find(id: number, key: number): number {
    let at = this.#home(id, key);
    while (this.#values[at] !== 0 && (this.#ids[at] !== id || this.#keys[at] !== key))
      at = (at + 1) & this.#mask;
    return at;
  }

  #grow(): void {
    const [ids, keys, values] = [this.#ids, this.#keys, this.#values];
    const capacity = (this.#mask + 1) * 2;
    this.#ids = new Float64Array(capacity);
    this.#keys = new Int32Array(capacity);
    this.#values = new Uint32Array(capacity);
    this.#mask = capacity - 1;
    for (let i = 0; i < values.length; i++) {
      if (values[i] === 0) continue;
      const at = this.#find(ids[i]!, keys[i]!);
      this.#ids[at] = ids[i]!;
      this.#keys[at] = keys[i]!;
      this.#values[at] = values[i]!;
    }
  }
}
