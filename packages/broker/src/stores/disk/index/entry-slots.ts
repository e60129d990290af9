import type { DeliveryState } from '@martlet/protocol';
import type { QoS } from '../../../core/publish/message.ts';
import { EntryChunk } from './entry-chunk.ts';
import { EntryLists } from './entry-lists.ts';
import { SLOT_BITS, SLOT_MASK, SLOTS, SlotChunks } from './slot-chunks.ts';

const STATE = 7;
const QOS_SHIFT = 3;
const RETAIN = 1 << 5;
const WAITING = 1 << 6;
const EXTRAS = 1 << 7;

/**
 * What is known in memory of each entry of the queues, by its number: about 17 bytes and no object. Numbers begin with 1 (0 is
 * none) and are used again. Entries stand in lists, linked both ways.
 */
export class EntrySlots {
  /**
   * The entry that whoever walks along a list comes to next; 0 if nobody does. It moves on when that entry leaves its list.
   */
  cursor = 0;
  readonly lists: EntryLists = new EntryLists();
  readonly #chunks: SlotChunks<EntryChunk>;
  /** Those of `#chunks`. */
  readonly #list: readonly (EntryChunk | null)[];

  constructor() {
    this.#chunks = new SlotChunks(() => new EntryChunk());
    this.#list = this.#chunks.list;
  }

  /** Entries held. */
  get count(): number {
    return this.#chunks.count;
  }

  /**
   * An entry in no list, neither waiting nor in flight.
   * @param segment where its newest record is; 0 if it is never written
   */
  add(key: number, message: number, qos: QoS, retain: boolean, segment: number): number {
    const entry = this.#chunks.add();
    const chunk = this.#list[entry >>> SLOT_BITS]!;
    const place = entry & SLOT_MASK;
    chunk.keys.set(place, key);
    chunk.messages[place] = message;
    chunk.flags[place] = (qos << QOS_SHIFT) | (retain ? RETAIN : 0);
    chunk.segments.set(place, segment);
    if (chunk.packetIds !== null) chunk.packetIds[place] = 0;
    return entry;
  }

  /** Forgets an entry that stands in no list. */
  free(entry: number): void {
    this.#list[entry >>> SLOT_BITS]!.segments.set(entry & SLOT_MASK, 0);
    this.#chunks.free(entry);
  }

  append(list: number, entry: number): void {
    const last = this.lists.lastOf(list);
    const chunk = this.#list[entry >>> SLOT_BITS]!;
    const place = entry & SLOT_MASK;
    chunk.next[place] = 0;
    chunk.previous[place] = last;
    if (last === 0) this.lists.setFirst(list, entry);
    else this.#setNext(last, entry);
    this.lists.setLast(list, entry);
  }

  prepend(list: number, entry: number): void {
    const first = this.lists.firstOf(list);
    const chunk = this.#list[entry >>> SLOT_BITS]!;
    const place = entry & SLOT_MASK;
    chunk.next[place] = first;
    chunk.previous[place] = 0;
    if (first === 0) this.lists.setLast(list, entry);
    else this.#setPrevious(first, entry);
    this.lists.setFirst(list, entry);
  }

  /** Puts an entry that stands in no list in front of one that stands in this one. */
  insertBefore(list: number, entry: number, next: number): void {
    const previous = this.#list[next >>> SLOT_BITS]!.previous[next & SLOT_MASK]!;
    const chunk = this.#list[entry >>> SLOT_BITS]!;
    const place = entry & SLOT_MASK;
    chunk.next[place] = next;
    chunk.previous[place] = previous;
    if (previous === 0) this.lists.setFirst(list, entry);
    else this.#setNext(previous, entry);
    this.#setPrevious(next, entry);
  }

  remove(list: number, entry: number): void {
    const chunk = this.#list[entry >>> SLOT_BITS]!;
    const place = entry & SLOT_MASK;
    const next = chunk.next[place]!;
    const previous = chunk.previous[place]!;
    if (next === 0) this.lists.setLast(list, previous);
    else this.#setPrevious(next, previous);
    if (previous === 0) this.lists.setFirst(list, next);
    else this.#setNext(previous, next);
    if (this.cursor === entry) this.cursor = next;
  }

  nextOf(entry: number): number {
    return this.#list[entry >>> SLOT_BITS]!.next[entry & SLOT_MASK]!;
  }

  messageOf(entry: number): number {
    return this.#list[entry >>> SLOT_BITS]!.messages[entry & SLOT_MASK]!;
  }

  keyOf(entry: number): number {
    return this.#list[entry >>> SLOT_BITS]!.keys.getSigned(entry & SLOT_MASK);
  }

  setKey(entry: number, key: number): void {
    this.#list[entry >>> SLOT_BITS]!.keys.set(entry & SLOT_MASK, key);
  }

  segmentOf(entry: number): number {
    return this.#list[entry >>> SLOT_BITS]!.segments.get(entry & SLOT_MASK);
  }

  setSegment(entry: number, segment: number): void {
    this.#list[entry >>> SLOT_BITS]!.segments.set(entry & SLOT_MASK, segment);
  }

  /** Records that were in one segment are in another; of how many entries. */
  moveRecords(segment: number, toSegment: number): number {
    let moved = 0;
    for (const chunk of this.#list) {
      if (chunk === null) continue;
      for (let place = 0; place < chunk.used; place++) {
        if (chunk.segments.get(place) !== segment) continue;
        chunk.segments.set(place, toSegment);
        moved++;
      }
    }
    return moved;
  }

  qosOf(entry: number): QoS {
    return ((this.#flagsOf(entry) >>> QOS_SHIFT) & 3) as QoS;
  }

  retainOf(entry: number): boolean {
    return (this.#flagsOf(entry) & RETAIN) !== 0;
  }

  /** It is never written. */
  isTransient(entry: number): boolean {
    return this.segmentOf(entry) === 0;
  }

  /** It stands in the list of what waits, not in that of what has been taken. */
  isWaiting(entry: number): boolean {
    return (this.#flagsOf(entry) & WAITING) !== 0;
  }

  setWaiting(entry: number, waiting: boolean): void {
    const { flags } = this.#list[entry >>> SLOT_BITS]!;
    const place = entry & SLOT_MASK;
    if (waiting) flags[place]! |= WAITING;
    else flags[place]! &= ~WAITING;
  }

  /** Something is known of it elsewhere: what few entries have. */
  hasExtras(entry: number): boolean {
    return (this.#flagsOf(entry) & EXTRAS) !== 0;
  }

  setExtras(entry: number): void {
    this.#list[entry >>> SLOT_BITS]!.flags[entry & SLOT_MASK]! |= EXTRAS;
  }

  /** 0 unless it is in flight. */
  packetIdOf(entry: number): number {
    const { packetIds } = this.#list[entry >>> SLOT_BITS]!;
    return packetIds === null ? 0 : packetIds[entry & SLOT_MASK]!;
  }

  stateOf(entry: number): DeliveryState {
    return (this.#flagsOf(entry) & STATE) as DeliveryState;
  }

  setFlight(entry: number, packetId: number, state: DeliveryState): void {
    const chunk = this.#list[entry >>> SLOT_BITS]!;
    const place = entry & SLOT_MASK;
    chunk.flags[place] = (chunk.flags[place]! & ~STATE) | state;
    if (chunk.packetIds === null) {
      if (packetId === 0) return;
      chunk.packetIds = new Uint16Array(SLOTS);
    }
    chunk.packetIds[place] = packetId;
  }

  #flagsOf(entry: number): number {
    return this.#list[entry >>> SLOT_BITS]!.flags[entry & SLOT_MASK]!;
  }

  #setNext(entry: number, next: number): void {
    this.#list[entry >>> SLOT_BITS]!.next[entry & SLOT_MASK] = next;
  }

  #setPrevious(entry: number, previous: number): void {
    this.#list[entry >>> SLOT_BITS]!.previous[entry & SLOT_MASK] = previous;
  }
}
