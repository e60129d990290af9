import type { QoS } from '../../../core/publish/message.ts';
import { copyInto } from './column.ts';

const FIRST_CAPACITY = 64;
const RETAIN = 4;
const TRANSIENT = 8;

/** Where the bytes of a message are. */
export interface MessagePlace {
  readonly segment: number;
  /** In the segment's file. */
  readonly offset: number;
  readonly length: number;
}

/**
 * What is known in memory of each stored message, by its number: columns of plain numbers, so that a message that waits
 * costs tens of bytes and no object. Numbers begin with 1 (0 is none) and are used again; identifiers are not, while the process lives.
 *
 * A message is held as long as something refers to it. The columns double when they are full, and go back to their
 * smallest size when the last message has gone.
 */
export class MessageSlots {
  /** Messages held. */
  count = 0;
  /** Of their payloads. */
  payloadBytes = 0;
  /** Of their data as it is stored. */
  storedBytes = 0;
  #capacity: number;
  /** Numbers below this one have been used. */
  #used: number;
  /** The first free number; `#references` of it is the next. */
  #free: number;
  #ids: Float64Array;
  #segments: Uint32Array;
  #offsets: Uint32Array;
  #lengths: Uint32Array;
  #checksums: Uint32Array;
  #references: Uint32Array;
  #payloads: Uint32Array;
  #costs: Uint32Array;
  #flags: Uint8Array;
  /** Made when the first message that expires comes, because in many stores none does. */
  #expiries: Float64Array | null;

  constructor() {
    this.#capacity = FIRST_CAPACITY;
    this.#used = 1;
    this.#free = 0;
    this.#ids = new Float64Array(FIRST_CAPACITY);
    this.#segments = new Uint32Array(FIRST_CAPACITY);
    this.#offsets = new Uint32Array(FIRST_CAPACITY);
    this.#lengths = new Uint32Array(FIRST_CAPACITY);
    this.#checksums = new Uint32Array(FIRST_CAPACITY);
    this.#references = new Uint32Array(FIRST_CAPACITY);
    this.#payloads = new Uint32Array(FIRST_CAPACITY);
    this.#costs = new Uint32Array(FIRST_CAPACITY);
    this.#flags = new Uint8Array(FIRST_CAPACITY);
    this.#expiries = null;
  }

  /** Every number in use is below this. */
  get end(): number {
    return this.#used;
  }

  /** A message to which nothing refers yet. */
  add(id: number): number {
    let number = this.#free;
    if (number !== 0) {
      this.#free = this.#references[number]!;
    } else {
      if (this.#used === this.#capacity) this.#resize(this.#capacity * 2);
      number = this.#used++;
    }
    this.#ids[number] = id;
    this.#references[number] = 0;
    this.#segments[number] = 0;
    this.#offsets[number] = 0;
    this.#lengths[number] = 0;
    this.#payloads[number] = 0;
    this.#costs[number] = 0;
    this.#flags[number] = 0;
    if (this.#expiries !== null) this.#expiries[number] = Number.POSITIVE_INFINITY;
    this.count++;
    return number;
  }

  /**
   * Says what the message is, once.
   * @param transient it is in memory only, and never written
   */
  describe(
    number: number,
    payloadBytes: number,
    costBytes: number,
    qos: QoS,
    retain: boolean,
    transient: boolean,
  ): void {
    this.payloadBytes += payloadBytes - this.#payloads[number]!;
    this.#payloads[number] = payloadBytes;
    this.#costs[number] = costBytes;
    this.#flags[number] = qos | (retain ? RETAIN : 0) | (transient ? TRANSIENT : 0);
  }

  /** Says where its bytes are. */
  place(number: number, segment: number, offset: number, length: number, crc: number): void {
    this.storedBytes += length - this.#lengths[number]!;
    this.#segments[number] = segment;
    this.#offsets[number] = offset;
    this.#lengths[number] = length;
    this.#checksums[number] = crc;
  }

  /** Forgets the message. Returns nothing to its owner: whoever frees it has seen that nothing refers to it. */
  free(number: number): void {
    this.count--;
    this.payloadBytes -= this.#payloads[number]!;
    this.storedBytes -= this.#lengths[number]!;
    this.#ids[number] = 0;
    this.#segments[number] = 0;
    if (this.count === 0) {
      this.#used = 1;
      this.#free = 0;
      if (this.#capacity > FIRST_CAPACITY) this.#resize(FIRST_CAPACITY);
      this.#expiries = null;
      return;
    }
    this.#references[number] = this.#free;
    this.#free = number;
  }

  refer(number: number): void {
    this.#references[number]!++;
  }

  /** One reference less; how many remain. */
  unrefer(number: number): number {
    return --this.#references[number]!;
  }

  referencesOf(number: number): number {
    return this.#references[number]!;
  }

  /** 0 if there is no message of this number. */
  idOf(number: number): number {
    return number < this.#used ? this.#ids[number]! : 0;
  }

  /** 0 if it is nowhere: a transient message, or one that is known by a reference only. */
  segmentOf(number: number): number {
    return this.#segments[number]!;
  }

  offsetOf(number: number): number {
    return this.#offsets[number]!;
  }

  lengthOf(number: number): number {
    return this.#lengths[number]!;
  }

  checksumOf(number: number): number {
    return this.#checksums[number]!;
  }

  payloadBytesOf(number: number): number {
    return this.#payloads[number]!;
  }

  /** What it costs to keep, as the core counts it. */
  costOf(number: number): number {
    return this.#costs[number]!;
  }

  qosOf(number: number): QoS {
    return (this.#flags[number]! & 3) as QoS;
  }

  retainOf(number: number): boolean {
    return (this.#flags[number]! & RETAIN) !== 0;
  }

  isTransient(number: number): boolean {
    return (this.#flags[number]! & TRANSIENT) !== 0;
  }

  /** On whatever clock it was set by; Infinity if never. */
  expiryOf(number: number): number {
    return this.#expiries === null ? Number.POSITIVE_INFINITY : this.#expiries[number]!;
  }

  setExpiry(number: number, expiresAt: number): void {
    if (this.#expiries === null) {
      if (expiresAt === Number.POSITIVE_INFINITY) return;
      this.#expiries = new Float64Array(this.#capacity).fill(Number.POSITIVE_INFINITY);
    }
    this.#expiries[number] = expiresAt;
  }

  /** The next message from `from` on, below `end`, whose bytes are in the segment; `end` if there is none. */
  nextIn(segment: number, from: number, end: number): number {
    let number = from;
    while (number < end && this.#segments[number] !== segment) number++;
    return number;
  }

  #resize(capacity: number): void {
    this.#capacity = capacity;
    this.#ids = copyInto(new Float64Array(capacity), this.#ids);
    this.#segments = copyInto(new Uint32Array(capacity), this.#segments);
    this.#offsets = copyInto(new Uint32Array(capacity), this.#offsets);
    this.#lengths = copyInto(new Uint32Array(capacity), this.#lengths);
    this.#checksums = copyInto(new Uint32Array(capacity), this.#checksums);
    this.#references = copyInto(new Uint32Array(capacity), this.#references);
    this.#payloads = copyInto(new Uint32Array(capacity), this.#payloads);
    this.#costs = copyInto(new Uint32Array(capacity), this.#costs);
    this.#flags = copyInto(new Uint8Array(capacity), this.#flags);
    if (this.#expiries !== null) this.#expiries = copyInto(new Float64Array(capacity), this.#expiries);
  }
}
