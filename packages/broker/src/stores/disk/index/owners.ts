import type { ShareOwner } from '../../../core/ports/queue-owner.ts';
import { copyInto } from './column.ts';

const FIRST_CAPACITY = 64;
const RECORDED = 1;
const IN_FLIGHT_UNTAKEN = 2;

/** A client identifier, or a shared group. */
export type OwnerName = string | ShareOwner;

/**
 * Who has something in the store, sessions and shared groups, by number: columns of plain numbers. Numbers begin with 1 and
 * are used again; identifiers are not, while the process lives.
 */
export class Owners {
  readonly #sessions: Map<string, number>;
  readonly #shares: Map<string, number>;
  #capacity: number;
  readonly #names: (OwnerName | null)[];
  readonly #free: number[];
  #ids: Float64Array;
  #segments: Uint32Array;
  #recordBytes: Uint32Array;
  /** No entry's record is in an older segment; 0 where that is not known. */
  #entriesSince: Uint32Array;
  #nextKeys: Int32Array;
  #keysBefore: Int32Array;
  #entries: Uint32Array;
  #waiting: Uint32Array;
  #waitingBytes: Float64Array;
  #flags: Uint8Array;

  constructor() {
    this.#sessions = new Map();
    this.#shares = new Map();
    this.#capacity = FIRST_CAPACITY;
    this.#names = [null];
    this.#free = [];
    this.#ids = new Float64Array(FIRST_CAPACITY);
    this.#segments = new Uint32Array(FIRST_CAPACITY);
    this.#recordBytes = new Uint32Array(FIRST_CAPACITY);
    this.#entriesSince = new Uint32Array(FIRST_CAPACITY);
    this.#nextKeys = new Int32Array(FIRST_CAPACITY);
    this.#keysBefore = new Int32Array(FIRST_CAPACITY);
    this.#entries = new Uint32Array(FIRST_CAPACITY);
    this.#waiting = new Uint32Array(FIRST_CAPACITY);
    this.#waitingBytes = new Float64Array(FIRST_CAPACITY);
    this.#flags = new Uint8Array(FIRST_CAPACITY);
  }

  /** Every number in use is below this. */
  get end(): number {
    return this.#names.length;
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  get shareCount(): number {
    return this.#shares.size;
  }

  /** An owner without a name, a record or an entry. */
  add(id: number): number {
    const owner = this.#free.pop() ?? this.#names.push(null) - 1;
    if (owner >= this.#capacity) this.#resize(this.#capacity * 2);
    this.#ids[owner] = id;
    this.#segments[owner] = 0;
    this.#recordBytes[owner] = 0;
    this.#entriesSince[owner] = 0;
    this.#nextKeys[owner] = 0;
    this.#keysBefore[owner] = -1;
    this.#entries[owner] = 0;
    this.#waiting[owner] = 0;
    this.#waitingBytes[owner] = 0;
    this.#flags[owner] = 0;
    return owner;
  }

  /** Gives it its name; once. */
  name(owner: number, name: OwnerName): void {
    this.#names[owner] = name;
    if (typeof name === 'string') this.#sessions.set(name, owner);
    else this.#shares.set(shareKey(name), owner);
  }

  /** Forgets one that has no entries. */
  free(owner: number): void {
    const name = this.#names[owner]!;
    if (typeof name === 'string') this.#sessions.delete(name);
    else if (name !== null) this.#shares.delete(shareKey(name));
    this.#names[owner] = null;
    this.#ids[owner] = 0;
    this.#segments[owner] = 0;
    this.#free.push(owner);
  }

  /** 0 if there is none. */
  ofSession(clientId: string): number {
    return this.#sessions.get(clientId) ?? 0;
  }

  ofShare(share: ShareOwner): number {
    return this.#shares.get(shareKey(share)) ?? 0;
  }

  /** Null if it has none, or there is no owner of this number. */
  nameOf(owner: number): OwnerName | null {
    return this.#names[owner]!;
  }

  /** 0 if there is no owner of this number. */
  idOf(owner: number): number {
    return this.#ids[owner]!;
  }

  /** A restart finds it by itself, and not only by what it has in its queue. */
  isRecorded(owner: number): boolean {
    return (this.#flags[owner]! & RECORDED) !== 0;
  }

  /** The segment that holds the oldest of its own records, or an older one; 0 unless it is recorded. */
  segmentOf(owner: number): number {
    return this.#segments[owner]!;
  }

  setRecorded(owner: number, segment: number): void {
    this.#flags[owner]! |= RECORDED;
    this.#segments[owner] = segment;
  }

  setUnrecorded(owner: number): void {
    this.#flags[owner]! &= ~RECORDED;
    this.#segments[owner] = 0;
  }

  /** Records that were in one segment are in another; of how many owners. */
  moveRecords(segment: number, toSegment: number): number {
    let moved = 0;
    for (let owner = 1; owner < this.end; owner++) {
      if (this.#entriesSince[owner]! > toSegment) this.#entriesSince[owner] = toSegment;
      if (this.#segments[owner] !== segment) continue;
      this.#segments[owner] = toSegment;
      moved++;
    }
    return moved;
  }

  /** The next owner from `from` on, below `end`, of whose own records some are in the segment; `end` if there is none. */
  nextRecordedIn(segment: number, from: number, end: number): number {
    let owner = from;
    while (owner < end && this.#segments[owner] !== segment) owner++;
    return owner;
  }

  /** The next owner from `from` on, below `end`, of whose entries some may be in the segment; `end` if there is none. */
  nextWithEntriesIn(segment: number, from: number, end: number): number {
    let owner = from;
    while (owner < end && (this.#entries[owner] === 0 || this.#entriesSince[owner]! > segment)) owner++;
    return owner;
  }

  setEntriesSince(owner: number, segment: number): void {
    this.#entriesSince[owner] = segment;
  }

  /** Bytes of its own records, about. */
  recordBytesOf(owner: number): number {
    return this.#recordBytes[owner]!;
  }

  setRecordBytes(owner: number, bytes: number): void {
    this.#recordBytes[owner] = bytes;
  }

  /** It has something in flight that its queue has not given to anyone since the start. */
  hasUntaken(owner: number): boolean {
    return (this.#flags[owner]! & IN_FLIGHT_UNTAKEN) !== 0;
  }

  setUntaken(owner: number, untaken: boolean): void {
    if (untaken) this.#flags[owner]! |= IN_FLIGHT_UNTAKEN;
    else this.#flags[owner]! &= ~IN_FLIGHT_UNTAKEN;
  }

  /** The key of the next entry at the tail, or the next to be sent: above every key that is in use. */
  nextKeyOf(owner: number): number {
    return this.#nextKeys[owner]!;
  }

  setNextKey(owner: number, key: number): void {
    this.#nextKeys[owner] = key;
  }

  /** The key of the next entry that is put back at the head: below every key that is in use. */
  keyBeforeOf(owner: number): number {
    return this.#keysBefore[owner]!;
  }

  setKeyBefore(owner: number, key: number): void {
    this.#keysBefore[owner] = key;
  }

  /** Entries, waiting or taken. */
  entriesOf(owner: number): number {
    return this.#entries[owner]!;
  }

  waitingOf(owner: number): number {
    return this.#waiting[owner]!;
  }

  /** What the messages of those that wait cost. */
  waitingBytesOf(owner: number): number {
    return this.#waitingBytes[owner]!;
  }

  countEntry(owner: number, by: 1 | -1): void {
    this.#entries[owner]! += by;
    if (this.#entries[owner] !== 0) return;
    // No key is in use: they may begin anew, and stay short in the log.
    this.#nextKeys[owner] = 0;
    this.#keysBefore[owner] = -1;
  }

  countWaiting(owner: number, by: 1 | -1, bytes: number): void {
    this.#waiting[owner]! += by;
    this.#waitingBytes[owner]! += bytes;
  }

  #resize(capacity: number): void {
    this.#capacity = capacity;
    this.#ids = copyInto(new Float64Array(capacity), this.#ids);
    this.#segments = copyInto(new Uint32Array(capacity), this.#segments);
    this.#recordBytes = copyInto(new Uint32Array(capacity), this.#recordBytes);
    this.#entriesSince = copyInto(new Uint32Array(capacity), this.#entriesSince);
    this.#nextKeys = copyInto(new Int32Array(capacity), this.#nextKeys);
    this.#keysBefore = copyInto(new Int32Array(capacity), this.#keysBefore);
    this.#entries = copyInto(new Uint32Array(capacity), this.#entries);
    this.#waiting = copyInto(new Uint32Array(capacity), this.#waiting);
    this.#waitingBytes = copyInto(new Float64Array(capacity), this.#waitingBytes);
    this.#flags = copyInto(new Uint8Array(capacity), this.#flags);
  }
}

/** A share name has no slash in it, so this is unambiguous. [MQTT-4.8.2-1] */
function shareKey(share: ShareOwner): string {
  return `${share.shareName}/${share.topicFilter}`;
}
