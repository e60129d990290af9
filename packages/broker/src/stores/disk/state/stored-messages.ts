import { Durability } from '../../../core/ports/durability.ts';
import type { MessageConversion } from '../../../core/ports/store.ts';
import type { Message } from '../../../core/publish/message.ts';
import { Checksum } from '../bytes/checksum.ts';
import { MessageSlots } from '../index/message-slots.ts';
import type { SegmentCounts } from '../index/segment-counts.ts';
import { writeMessageData } from '../records/message-data.ts';
import type { BatchJournal } from './batch-journal.ts';

/** What a message's record costs beside its data, about, in bytes. */
const RECORD_BYTES = 24;

/** Asked when this is on the wall clock, the conversion says what it is ahead of the monotonic one. */
const MONOTONIC_ZERO = { expiresAtMs: 0 } as const;

/**
 * The messages that are kept, each once however many queues it waits in. A `Message` knows its place here by `storeSlot`, which is
 * right as long as the message there has the identifier in `storeId`: several objects may stand for one stored message, and
 * outlive it.
 */
export class StoredMessages {
  readonly slots: MessageSlots;
  readonly checksum: Checksum;
  /** Of the level `Memory`: they are never written, so their objects are what is kept. */
  readonly transient: Map<number, Message>;
  /** Above every identifier that is in the log. */
  nextId: number;
  /** The wall clock when something was last staged, as in records; 0 if not known. */
  lastWallMs: number;
  readonly #journal: BatchJournal;
  readonly #segments: SegmentCounts;
  #conversion: MessageConversion | null;
  /** What the wall clock counts as ahead of the monotonic one in records: as it was at the start or the last `restamp`. */
  #recordsAheadMs: number;
  /** Where `lastWallMs` was staged last. */
  #clockSegment: number;

  constructor(journal: BatchJournal, segments: SegmentCounts) {
    this.slots = new MessageSlots();
    this.checksum = new Checksum();
    this.transient = new Map();
    this.nextId = 1;
    this.lastWallMs = 0;
    this.#journal = journal;
    this.#segments = segments;
    this.#conversion = null;
    this.#recordsAheadMs = 0;
    this.#clockSegment = 0;
  }

  /** The core's conversion; known from `load` on. */
  set conversion(conversion: MessageConversion) {
    this.#conversion = conversion;
  }

  get conversion(): MessageConversion {
    if (this.#conversion === null) throw new Error('Store.load() must be called before anything is staged');
    return this.#conversion;
  }

  /** What of the log they need, about, in bytes. */
  get liveBytes(): number {
    return this.slots.storedBytes + RECORD_BYTES * this.slots.count;
  }

  /** 0 if the message is not stored. */
  numberOf(message: Message): number {
    const number = message.storeSlot;
    return number !== 0 && this.slots.idOf(number) === message.storeId ? number : 0;
  }

  /** The message's number; it is staged unless it is stored already. Whoever asks is to refer to it next. */
  keep(message: Message): number {
    const number = this.numberOf(message);
    return number === 0 ? this.#add(message, message.expiresAtMs) : number;
  }

  /** The same, with the expiry that is given, also for one that is stored already. */
  keepUntil(message: Message, expiresAtWallMs: number): number {
    const expiresAtMs = expiresAtWallMs - this.#wallAheadMs;
    const number = this.numberOf(message);
    if (number === 0) return this.#add(message, expiresAtMs);
    if (!isSameTime(this.slots.expiryOf(number), expiresAtMs)) {
      this.slots.setExpiry(number, expiresAtMs);
      this.#recordExpiry(number);
    }
    return number;
  }

  /** When it expires, as the wall clock goes now, in whole ms; Infinity if never. */
  expiresAtWallMs(number: number): number {
    const expiresAtMs = this.slots.expiryOf(number);
    if (expiresAtMs === Number.POSITIVE_INFINITY) return expiresAtMs;
    return Math.round(expiresAtMs + this.#wallAheadMs);
  }

  /** After the log has been replayed: from the wall clock of its records to the monotonic clock, on which nothing jumps. */
  onClockKnown(): void {
    const { slots } = this;
    const wallAheadMs = this.#wallAheadMs;
    this.#recordsAheadMs = wallAheadMs;
    for (let number = 1; number < slots.end; number++) {
      const expiresAtWallMs = slots.expiryOf(number);
      if (expiresAtWallMs !== Number.POSITIVE_INFINITY)
        slots.setExpiry(number, expiresAtWallMs - wallAheadMs);
    }
  }

  /** The wall clock has jumped: one record says of all that is stored when it expires now, however much it is. */
  restamp(): void {
    const byMs = Math.round(this.#wallAheadMs - this.#recordsAheadMs);
    if (byMs === 0) return;
    if (this.slots.count > 0) this.#journal.records.clockMoved(byMs);
    this.#recordsAheadMs += byMs;
  }

  /** Stages what the wall clock says, unless that is staged, or nothing is that it could go with. */
  noteClock(): void {
    if (this.#conversion === null || this.#journal.log.gathering.isEmpty) return;
    const wallMs = Math.ceil(this.#conversion.nowMs + this.#recordsAheadMs);
    const { segment } = this.#journal;
    // In each segment, because those before it may be removed.
    if (wallMs === this.lastWallMs && segment === this.#clockSegment) return;
    this.#journal.records.clock(wallMs);
    this.lastWallMs = wallMs;
    this.#clockSegment = segment;
  }

  /**
   * One reference less. The last one's message is forgotten; no record says so, because those of its references do.
   * @param message an object that stands for it, if there is one at hand
   */
  release(number: number, message: Message | null): void {
    if (this.slots.unrefer(number) > 0) return;
    const segment = this.slots.segmentOf(number);
    if (segment !== 0) this.#segments.subtract(segment);
    if (this.slots.isTransient(number)) this.transient.delete(number);
    this.slots.free(number);
    if (message === null) return;
    message.storeId = 0;
    message.storeSlot = 0;
  }

  /** Stages it again as it is, so that the segment where it was can go. */
  moveToTail(number: number, stored: Uint8Array): void {
    const { data } = this.#journal;
    const offset = data.length;
    data.writeBytes(stored, 0, stored.length);
    this.#segments.subtract(this.slots.segmentOf(number));
    this.#record(number, offset, this.slots.checksumOf(number));
  }

  /** Its data is nowhere any more. */
  loseData(number: number): void {
    this.#segments.subtract(this.slots.segmentOf(number));
    this.slots.place(number, 0, 0, 0, 0);
  }

  get #wallAheadMs(): number {
    return this.conversion.expiresAtWallMs(MONOTONIC_ZERO);
  }

  #recordExpiry(number: number): void {
    if (this.slots.isTransient(number)) return;
    this.#journal.records.expiry(this.slots.idOf(number), this.#recordedExpiryOf(number));
  }

  /** When it expires, by the wall clock of the records, in whole ms; Infinity if never. */
  #recordedExpiryOf(number: number): number {
    const expiresAtMs = this.slots.expiryOf(number);
    if (expiresAtMs === Number.POSITIVE_INFINITY) return expiresAtMs;
    return Math.round(expiresAtMs + this.#recordsAheadMs);
  }

  #add(message: Message, expiresAtMs: number): number {
    const { slots } = this;
    const number = slots.add(this.nextId);
    const transient = message.durability === Durability.Memory;
    slots.describe(number, message.payload.length, message.bytes, message.qos, message.retain, transient);
    slots.setExpiry(number, expiresAtMs);
    message.storeId = this.nextId++;
    message.storeSlot = number;
    if (transient) {
      this.transient.set(number, message);
      return number;
    }
    const { data } = this.#journal;
    const offset = data.length;
    writeMessageData(data, message);
    this.#record(number, offset, data.checksumFrom(offset, this.checksum));
    return number;
  }

  /** Its data goes from `offset` to the end of the data area so far. */
  #record(number: number, offset: number, crc: number): void {
    const { slots } = this;
    const journal = this.#journal;
    const { segment } = journal;
    const length = journal.data.length - offset;
    slots.place(number, segment, journal.dataStart + offset, length, crc);
    this.#segments.add(segment);
    journal.records.message(
      slots.idOf(number),
      offset,
      length,
      crc,
      slots.payloadBytesOf(number),
      slots.costOf(number),
      slots.qosOf(number),
      slots.retainOf(number),
      this.#recordedExpiryOf(number),
    );
  }
}

/** As far as floating-point times can tell; both may be Infinity. */
function isSameTime(a: number, b: number): boolean {
  return a === b || Math.abs(a - b) < 0.5;
}
