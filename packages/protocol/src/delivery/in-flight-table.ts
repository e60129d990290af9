/**
 * The messages in flight from one sender, by packet identifier: how far each has come, and what is to be sent again.
 *
 * A ring of a power of two, a slot per packet identifier modulo its size. Identifiers are handed out in turn, so slots
 * clash only when some stay unacknowledged while others go round; such an identifier is passed over. The ring is made on
 * first use and grows with what is in flight, to at most one slot for every identifier.
 *
 * States are the caller's, from 1 up; 0 is a free identifier.
 */

const MAX_PACKET_ID = 65_535;
const FIRST_CAPACITY = 16;
const MAX_CAPACITY = 65_536;
/** A ring above this is given back when nothing is in flight any more. */
const MAX_IDLE_CAPACITY = 4096;

const NO_NUMBERS: readonly number[] = [];
const NO_ITEMS: readonly null[] = [];

export class InFlightTable<T> {
  /** State in the upper bits, packet identifier in the lower 16; 0 is a free slot. */
  #slots: number[];
  /** When each was first sent, as a count; redelivery is in this order. */
  #sequences: number[];
  #items: (T | null)[];
  #mask: number;
  #size: number;
  #lastPacketId: number;
  #nextSequence: number;

  constructor() {
    this.#slots = NO_NUMBERS as number[];
    this.#sequences = NO_NUMBERS as number[];
    this.#items = NO_ITEMS as null[];
    this.#mask = -1;
    this.#size = 0;
    this.#lastPacketId = 0;
    this.#nextSequence = 0;
  }

  /** How many packet identifiers are in use. */
  get size(): number {
    return this.#size;
  }

  /** Slots there is memory for; 0 before the first use. */
  get capacity(): number {
    return this.#slots.length;
  }

  /** 0 when the packet identifier is free. */
  stateOf(packetId: number): number {
    const slot = this.#mask < 0 ? 0 : this.#slots[packetId & this.#mask]!;
    return (slot & 0xffff) === packetId ? slot >>> 16 : 0;
  }

  /** What was given with the packet identifier; null when that was null or the identifier is free. */
  itemOf(packetId: number): T | null {
    return this.stateOf(packetId) === 0 ? null : this.#items[packetId & this.#mask]!;
  }

  /** Everything in flight, in the order of first sending. [MQTT-4.6.0-1] [MQTT-4.6.0-1] 3.1.1 */
  inOrder(): number[] {
    const packetIds: number[] = [];
    for (const slot of this.#slots) if (slot !== 0) packetIds.push(slot & 0xffff);
    const mask = this.#mask;
    return packetIds.sort((a, b) => this.#sequences[a & mask]! - this.#sequences[b & mask]!);
  }

  /**
   * Takes the next packet identifier that is not in use. [MQTT-2.2.1-4] [MQTT-2.3.1-4] 3.1.1
   * @param state from 1 to 32,767.
   * @returns the identifier, from 1 to 65,535, or 0 when all are in use.
   */
  allocate(state: number, item: T | null): number {
    if (!this.#makeRoom()) return 0;
    const slots = this.#slots;
    const mask = this.#mask;
    let packetId = this.#lastPacketId;
    do {
      packetId = packetId === MAX_PACKET_ID ? 1 : packetId + 1; // never 0 [MQTT-2.2.1-3] [MQTT-2.2.1-4] [MQTT-2.3.1-1] 3.1.1
    } while (slots[packetId & mask] !== 0);
    this.#put(packetId, state, item);
    return packetId;
  }

  /**
   * Puts a known packet identifier in flight, as after a restart; insert in the order of first sending. One that is in
   * flight already keeps its place and gets the new state and item.
   */
  insert(packetId: number, state: number, item: T | null): void {
    if (this.stateOf(packetId) !== 0) {
      const at = packetId & this.#mask;
      this.#slots[at] = (state << 16) | packetId;
      this.#items[at] = item;
      return;
    }
    this.#makeRoom();
    while (this.#slots[packetId & this.#mask] !== 0) this.#resize(this.#slots.length * 2);
    this.#put(packetId, state, item);
  }

  /** Changes the state of a packet identifier in use, to one from 1 up. Nothing happens when it is free. */
  setState(packetId: number, state: number): void {
    if (this.stateOf(packetId) !== 0) this.#slots[packetId & this.#mask] = (state << 16) | packetId;
  }

  /** Frees a packet identifier. @returns whether it was in use. */
  free(packetId: number): boolean {
    if (this.stateOf(packetId) === 0) return false;
    const at = packetId & this.#mask;
    this.#slots[at] = 0;
    this.#items[at] = null;
    this.#size--;
    if (this.#size === 0 && this.#slots.length > MAX_IDLE_CAPACITY) this.#resize(FIRST_CAPACITY);
    return true;
  }

  #put(packetId: number, state: number, item: T | null): void {
    const at = packetId & this.#mask;
    this.#slots[at] = (state << 16) | packetId;
    this.#items[at] = item;
    this.#sequences[at] = this.#nextSequence++;
    this.#size++;
    this.#lastPacketId = packetId;
  }

  /** @returns whether there is a free packet identifier. */
  #makeRoom(): boolean {
    const capacity = this.#slots.length;
    if (this.#size * 4 < capacity * 3) return true;
    if (capacity < MAX_CAPACITY) this.#resize(capacity === 0 ? FIRST_CAPACITY : capacity * 2);
    return this.#size < MAX_PACKET_ID;
  }

  /** Identifiers that did not clash in a smaller ring do not clash in a larger one. */
  #resize(capacity: number): void {
    const slots = this.#slots;
    const sequences = this.#sequences;
    const items = this.#items;
    const mask = capacity - 1;
    this.#slots = new Array<number>(capacity).fill(0);
    this.#sequences = new Array<number>(capacity).fill(0);
    this.#items = new Array<T | null>(capacity).fill(null);
    this.#mask = mask;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i]!;
      if (slot === 0) continue;
      this.#slots[slot & mask] = slot; // the lower bits of a slot are its packet identifier
      this.#sequences[slot & mask] = sequences[i]!;
      this.#items[slot & mask] = items[i]!;
    }
  }
}
