import type { DeliveryState } from '@martlet/protocol';
import type { QoS } from '../../../core/publish/message.ts';
import { copyInto } from './column.ts';
import { EntryLists } from './entry-lists.ts';

const FIRST_CAPACITY = 64;
const PACKET_ID = 0xffff;
const STATE_SHIFT = 16;
const QOS_SHIFT = 19;
const RETAIN = 1 << 21;
const WAITING = 1 << 22;
const TRANSIENT = 1 << 23;
const EXTRAS = 1 << 24;

/**
 * What is known in memory of each entry of the queues, by its number: 24 bytes and no object. Numbers begin with 1 (0 is
 * none) and are used again. Entries stand in lists, linked both ways.
 */
export class EntrySlots {
  /** Entries held. */
  count = 0;
  /**
   * The entry that whoever walks along a list comes to next; 0 if nobody does. It moves on when that entry leaves its list.
   */
  cursor = 0;
  readonly lists: EntryLists = new EntryLists();
  #capacity: number;
  #used: number;
  /** The first free number; `#next` of it is the next. */
  #free: number;
  #next: Uint32Array;
  #previous: Uint32Array;
  #messages: Uint32Array;
  #keys: Int32Array;
  #words: Uint32Array;
  #segments: Uint32Array;

  constructor() {
    this.#capacity = FIRST_CAPACITY;
    this.#used = 1;
    this.#free = 0;
    this.#next = new Uint32Array(FIRST_CAPACITY);
    this.#previous = new Uint32Array(FIRST_CAPACITY);
    this.#messages = new Uint32Array(FIRST_CAPACITY);
    this.#keys = new Int32Array(FIRST_CAPACITY);
    this.#words = new Uint32Array(FIRST_CAPACITY);
    this.#segments = new Uint32Array(FIRST_CAPACITY);
  }

  /**
   * An entry in no list, neither waiting nor in flight.
   * @param segment where its newest record is; 0 if it is never written
   */
  add(key: number, message: number, qos: QoS, retain: boolean, segment: number): number {
    let entry = this.#free;
    if (entry !== 0) {
      this.#free = this.#next[entry]!;
    } else {
      if (this.#used === this.#capacity) this.#resize(this.#capacity * 2);
      entry = this.#used++;
    }
    this.#keys[entry] = key;
    this.#messages[entry] = message;
    this.#words[entry] = (qos << QOS_SHIFT) | (retain ? RETAIN : 0) | (segment === 0 ? TRANSIENT : 0);
    this.#segments[entry] = segment;
    this.count++;
    return entry;
  }

  /** Forgets an entry that stands in no list. */
  free(entry: number): void {
    this.count--;
    this.#segments[entry] = 0;
    if (this.count === 0) {
      this.#used = 1;
      this.#free = 0;
      if (this.#capacity > FIRST_CAPACITY) this.#resize(FIRST_CAPACITY);
      return;
    }
    this.#next[entry] = this.#free;
    this.#free = entry;
  }

  append(list: number, entry: number): void {
    const last = this.lists.lastOf(list);
    this.#next[entry] = 0;
    this.#previous[entry] = last;
    if (last === 0) this.lists.setFirst(list, entry);
    else this.#next[last] = entry;
    this.lists.setLast(list, entry);
  }

  prepend(list: number, entry: number): void {
    const first = this.lists.firstOf(list);
    this.#next[entry] = first;
    this.#previous[entry] = 0;
    if (first === 0) this.lists.setLast(list, entry);
    else this.#previous[first] = entry;
    this.lists.setFirst(list, entry);
  }

  remove(list: number, entry: number): void {
    const next = this.#next[entry]!;
    const previous = this.#previous[entry]!;
    if (next === 0) this.lists.setLast(list, previous);
    else this.#previous[next] = previous;
    if (previous === 0) this.lists.setFirst(list, next);
    else this.#next[previous] = next;
    if (this.cursor === entry) this.cursor = next;
  }

  nextOf(entry: number): number {
    return this.#next[entry]!;
  }

  messageOf(entry: number): number {
    return this.#messages[entry]!;
  }

  keyOf(entry: number): number {
    return this.#keys[entry]!;
  }

  setKey(entry: number, key: number): void {
    this.#keys[entry] = key;
  }

  segmentOf(entry: number): number {
    return this.#segments[entry]!;
  }

  setSegment(entry: number, segment: number): void {
    this.#segments[entry] = segment;
  }

  /** Records that were in one segment are in another; of how many entries. */
  moveRecords(segment: number, toSegment: number): number {
    let moved = 0;
    for (let entry = 1; entry < this.#used; entry++) {
      if (this.#segments[entry] !== segment) continue;
      this.#segments[entry] = toSegment;
      moved++;
    }
    return moved;
  }

  qosOf(entry: number): QoS {
    return ((this.#words[entry]! >>> QOS_SHIFT) & 3) as QoS;
  }

  retainOf(entry: number): boolean {
    return (this.#words[entry]! & RETAIN) !== 0;
  }

  isTransient(entry: number): boolean {
    return (this.#words[entry]! & TRANSIENT) !== 0;
  }

  /** It stands in the list of what waits, not in that of what has been taken. */
  isWaiting(entry: number): boolean {
    return (this.#words[entry]! & WAITING) !== 0;
  }

  setWaiting(entry: number, waiting: boolean): void {
    if (waiting) this.#words[entry]! |= WAITING;
    else this.#words[entry]! &= ~WAITING;
  }

  /** Something is known of it elsewhere: what few entries have. */
  hasExtras(entry: number): boolean {
    return (this.#words[entry]! & EXTRAS) !== 0;
  }

  setExtras(entry: number): void {
    this.#words[entry]! |= EXTRAS;
  }

  /** 0 unless it is in flight. */
  packetIdOf(entry: number): number {
    return this.#words[entry]! & PACKET_ID;
  }

  stateOf(entry: number): DeliveryState {
    return ((this.#words[entry]! >>> STATE_SHIFT) & 7) as DeliveryState;
  }

  setFlight(entry: number, packetId: number, state: DeliveryState): void {
    const rest = this.#words[entry]! & ~(PACKET_ID | (7 << STATE_SHIFT));
    this.#words[entry] = rest | packetId | (state << STATE_SHIFT);
  }

  #resize(capacity: number): void {
    this.#capacity = capacity;
    this.#next = copyInto(new Uint32Array(capacity), this.#next);
    this.#previous = copyInto(new Uint32Array(capacity), this.#previous);
    this.#messages = copyInto(new Uint32Array(capacity), this.#messages);
    this.#keys = copyInto(new Int32Array(capacity), this.#keys);
    this.#words = copyInto(new Uint32Array(capacity), this.#words);
    this.#segments = copyInto(new Uint32Array(capacity), this.#segments);
  }
}
