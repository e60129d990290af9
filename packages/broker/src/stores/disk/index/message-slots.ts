import type { QoS } from '../../../core/publish/message.ts';
import { MessageChunk } from './message-chunk.ts';
import { SLOT_BITS, SLOT_MASK, SLOTS, SlotChunks } from './slot-chunks.ts';

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
 * A message is held as long as something refers to it. The columns are in chunks, which come when they are needed, and go
 * when the last message in them has gone. So of a number that is not in use only `idOf`, `expiryOf` and `nextIn` may be asked.
 */
export class MessageSlots {
  /** Of the payloads of all messages. */
  payloadBytes = 0;
  /** Of the data of all messages as it is stored. */
  storedBytes = 0;
  readonly #chunks: SlotChunks<MessageChunk>;
  /** Those of `#chunks`. */
  readonly #list: readonly (MessageChunk | null)[];

  constructor() {
    this.#chunks = new SlotChunks(() => new MessageChunk());
    this.#list = this.#chunks.list;
  }

  /** Messages held. */
  get count(): number {
    return this.#chunks.count;
  }

  /** Every number in use is below this. */
  get end(): number {
    return this.#chunks.end;
  }

  /** A message to which nothing refers yet. */
  add(id: number): number {
    const number = this.#chunks.add();
    const chunk = this.#list[number >>> SLOT_BITS]!;
    const place = number & SLOT_MASK;
    chunk.lowIds[place] = id;
    chunk.highIds[place] = id / 0x1_0000_0000;
    chunk.references.set(place, 0);
    chunk.segments.set(place, 0);
    chunk.offsets[place] = 0;
    chunk.lengths.set(place, 0);
    chunk.payloads.set(place, 0);
    chunk.costs.set(place, 0);
    chunk.flags[place] = 0;
    if (chunk.expiries !== null) chunk.expiries[place] = Number.POSITIVE_INFINITY;
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
    const chunk = this.#list[number >>> SLOT_BITS]!;
    const place = number & SLOT_MASK;
    this.payloadBytes += payloadBytes - chunk.payloads.get(place);
    chunk.payloads.set(place, payloadBytes);
    chunk.costs.set(place, costBytes);
    chunk.flags[place] = qos | (retain ? RETAIN : 0) | (transient ? TRANSIENT : 0);
  }

  /** Says where its bytes are. */
  place(number: number, segment: number, offset: number, length: number, crc: number): void {
    const chunk = this.#list[number >>> SLOT_BITS]!;
    const place = number & SLOT_MASK;
    this.storedBytes += length - chunk.lengths.get(place);
    chunk.segments.set(place, segment);
    chunk.offsets[place] = offset;
    chunk.lengths.set(place, length);
    chunk.checksums[place] = crc;
  }

  /** Forgets the message. Returns nothing to its owner: whoever frees it has seen that nothing refers to it. */
  free(number: number): void {
    const chunk = this.#list[number >>> SLOT_BITS]!;
    const place = number & SLOT_MASK;
    this.payloadBytes -= chunk.payloads.get(place);
    this.storedBytes -= chunk.lengths.get(place);
    chunk.lowIds[place] = 0;
    chunk.highIds[place] = 0;
    chunk.segments.set(place, 0);
    this.#chunks.free(number);
  }

  refer(number: number): void {
    const { references } = this.#list[number >>> SLOT_BITS]!;
    const place = number & SLOT_MASK;
    references.set(place, references.get(place) + 1);
  }

  /** One reference less; how many remain. */
  unrefer(number: number): number {
    const { references } = this.#list[number >>> SLOT_BITS]!;
    const place = number & SLOT_MASK;
    const left = references.get(place) - 1;
    references.set(place, left);
    return left;
  }

  referencesOf(number: number): number {
    return this.#list[number >>> SLOT_BITS]!.references.get(number & SLOT_MASK);
  }

  /** 0 if there is no message of this number. */
  idOf(number: number): number {
    const chunk = this.#list[number >>> SLOT_BITS];
    if (chunk === undefined || chunk === null) return 0;
    const place = number & SLOT_MASK;
    return chunk.lowIds[place]! + chunk.highIds[place]! * 0x1_0000_0000;
  }

  /** 0 if it is nowhere: a transient message, or one that is known by a reference only. */
  segmentOf(number: number): number {
    return this.#list[number >>> SLOT_BITS]!.segments.get(number & SLOT_MASK);
  }

  offsetOf(number: number): number {
    return this.#list[number >>> SLOT_BITS]!.offsets[number & SLOT_MASK]!;
  }

  lengthOf(number: number): number {
    return this.#list[number >>> SLOT_BITS]!.lengths.get(number & SLOT_MASK);
  }

  checksumOf(number: number): number {
    return this.#list[number >>> SLOT_BITS]!.checksums[number & SLOT_MASK]!;
  }

  payloadBytesOf(number: number): number {
    return this.#list[number >>> SLOT_BITS]!.payloads.get(number & SLOT_MASK);
  }

  /** What it costs to keep, as the core counts it. */
  costOf(number: number): number {
    return this.#list[number >>> SLOT_BITS]!.costs.get(number & SLOT_MASK);
  }

  qosOf(number: number): QoS {
    return (this.#flagsOf(number) & 3) as QoS;
  }

  retainOf(number: number): boolean {
    return (this.#flagsOf(number) & RETAIN) !== 0;
  }

  isTransient(number: number): boolean {
    return (this.#flagsOf(number) & TRANSIENT) !== 0;
  }

  /** On whatever clock it was set by; Infinity if never, or if there is no message of this number. */
  expiryOf(number: number): number {
    const expiries = this.#list[number >>> SLOT_BITS]?.expiries ?? null;
    return expiries === null ? Number.POSITIVE_INFINITY : expiries[number & SLOT_MASK]!;
  }

  setExpiry(number: number, expiresAt: number): void {
    const chunk = this.#list[number >>> SLOT_BITS]!;
    if (chunk.expiries === null) {
      if (expiresAt === Number.POSITIVE_INFINITY) return;
      chunk.expiries = new Float64Array(SLOTS).fill(Number.POSITIVE_INFINITY);
    }
    chunk.expiries[number & SLOT_MASK] = expiresAt;
  }

  /** The next message from `from` on, below `end`, whose bytes are in the segment; `end` if there is none. */
  nextIn(segment: number, from: number, end: number): number {
    let number = from;
    while (number < end) {
      const chunk = this.#list[number >>> SLOT_BITS]!;
      if (chunk === null) number = (number | SLOT_MASK) + 1;
      else if (chunk.segments.get(number & SLOT_MASK) === segment) return number;
      else number++;
    }
    return end;
  }

  #flagsOf(number: number): number {
    return this.#list[number >>> SLOT_BITS]!.flags[number & SLOT_MASK]!;
  }
}
