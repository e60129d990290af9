/**
 * A set of packet identifiers: open addressing in 16-bit slots, 0 for an empty one, because 0 is no identifier. A tenth of
 * a `Set`'s memory, and nothing is allocated while identifiers come and go.
 */
const FIRST_CAPACITY = 16;
const NO_SLOTS: Uint16Array = new Uint16Array(0);

export class PacketIdSet {
  /** A power of two, never more than half full; empty until first used. */
  #slots: Uint16Array;
  #size: number;

  constructor() {
    this.#slots = NO_SLOTS;
    this.#size = 0;
  }

  get size(): number {
    return this.#size;
  }

  has(packetId: number): boolean {
    return this.#size > 0 && this.#slots[this.#find(packetId)] === packetId;
  }

  /** False if it was there already. */
  add(packetId: number): boolean {
    if (this.#size * 2 >= this.#slots.length) this.#grow();
    const slot = this.#find(packetId);
    if (this.#slots[slot] === packetId) return false;
    this.#slots[slot] = packetId;
    this.#size++;
    return true;
  }

  /** False if it was not there. */
  delete(packetId: number): boolean {
    if (this.#size === 0) return false;
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = this.#find(packetId);
    if (slots[hole] !== packetId) return false;
    this.#size--;
    // What probing had pushed beyond the hole moves back into it, so that no search ends too early.
    for (let next = (hole + 1) & mask; slots[next] !== 0; next = (next + 1) & mask) {
      const home = homeOf(slots[next]!) & mask;
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      slots[hole] = slots[next]!;
      hole = next;
    }
    slots[hole] = 0;
    return true;
  }

  *[Symbol.iterator](): Generator<number> {
    for (const packetId of this.#slots) if (packetId !== 0) yield packetId;
  }

  /** The slot of the identifier, or the empty one where it would be put. */
  #find(packetId: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = homeOf(packetId) & mask;
    while (slots[slot] !== 0 && slots[slot] !== packetId) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint16Array(Math.max(FIRST_CAPACITY, old.length * 2));
    for (const packetId of old) if (packetId !== 0) this.#slots[this.#find(packetId)] = packetId;
  }
}

/** Spreads neighbours, which identifiers are. */
function homeOf(packetId: number): number {
  return (packetId * 0x9e37) >>> 4;
}
