import type { DeliveryState } from '@martlet/protocol';
import type { ShareOwner } from '../../../core/ports/queue-owner.ts';
import type { Delivery } from '../../../core/publish/delivery.ts';
import type { Message } from '../../../core/publish/message.ts';
import { takenList, waitingList } from '../index/entry-lists.ts';
import { EntrySlots } from '../index/entry-slots.ts';
import type { Owners } from '../index/owners.ts';
import type { SegmentCounts } from '../index/segment-counts.ts';
import type { BatchJournal } from './batch-journal.ts';
import type { StoredMessages } from './stored-messages.ts';

/** What the records of an entry cost, about, in bytes. */
const RECORD_BYTES = 14;
const LAST_KEY = 0x7fff_ffff;
const FIRST_KEY = -0x8000_0000;
const NO_IDENTIFIERS: readonly number[] = Object.freeze([]);

/** What few deliveries have. */
export interface EntryExtras {
  readonly subscriptionIdentifiers: readonly number[];
  /** Of a session's entry: the group it came through. */
  readonly share: ShareOwner | null;
}

/**
 * The entries of every queue, in memory and in the log at once: each method changes the index and stages the records that
 * say the same.
 *
 *     push ──▶ waiting ──take──▶ taken, packet identifier 0 ──send──▶ taken, in flight ──finish──▶ gone
 *                 ▲────putBack──────────┴──────────────────────────────────┘
 *
 * What is taken and not sent keeps its key, so that a restart finds it waiting where it was: taking stages nothing.
 * Entries of messages of the level `Memory` are in the index only.
 */
export class StoredQueues {
  readonly entries: EntrySlots;
  readonly owners: Owners;
  readonly messages: StoredMessages;
  readonly extras: Map<number, EntryExtras>;
  readonly #journal: BatchJournal;
  readonly #segments: SegmentCounts;

  constructor(journal: BatchJournal, segments: SegmentCounts, owners: Owners, messages: StoredMessages) {
    this.entries = new EntrySlots();
    this.owners = owners;
    this.messages = messages;
    this.extras = new Map();
    this.#journal = journal;
    this.#segments = segments;
  }

  /** What of the log they need, about, in bytes. */
  get liveBytes(): number {
    return RECORD_BYTES * this.entries.count;
  }

  /** Adds at the tail of what waits. */
  push(owner: number, delivery: Delivery): number {
    const entry = this.#add(owner, this.#nextKey(owner), delivery);
    this.#wait(owner, entry, false);
    return entry;
  }

  /**
   * Adds in the place of one that waits, which is over then. After a restart it stands at the tail, where its record is.
   * @param message an object that stands for the earlier one's message, if there is one at hand
   */
  replace(owner: number, earlier: number, delivery: Delivery, message: Message | null): number {
    const { entries } = this;
    const entry = this.#add(owner, this.#nextKey(owner), delivery);
    entries.insertBefore(waitingList(owner), entry, earlier);
    entries.setWaiting(entry, true);
    this.owners.countWaiting(owner, 1, this.messages.slots.costOf(entries.messageOf(entry)));
    this.finish(owner, earlier, message);
    return entry;
  }

  /** Adds at the head of what waits. */
  pushFirst(owner: number, delivery: Delivery): number {
    const entry = this.#add(owner, this.#keyBefore(owner), delivery);
    this.#wait(owner, entry, true);
    return entry;
  }

  /** Takes the oldest of what waits, of which there is one. */
  take(owner: number): number {
    const entry = this.entries.lists.firstOf(waitingList(owner));
    this.#stopWaiting(owner, entry);
    this.entries.append(takenList(owner), entry);
    return entry;
  }

  /** Puts a taken one back at the head of what waits; it is not in flight any more. */
  putBack(owner: number, entry: number): void {
    const { entries } = this;
    if (entries.isWaiting(entry)) return;
    if (entries.packetIdOf(entry) !== 0) {
      const oldKey = entries.keyOf(entry);
      const key = this.#keyBefore(owner);
      entries.setKey(entry, key);
      entries.setFlight(entry, 0, 0);
      if (!entries.isTransient(entry)) {
        this.#journal.records.done(this.owners.idOf(owner), oldKey);
        this.recordPush(owner, entry);
      }
    }
    entries.remove(takenList(owner), entry);
    this.#wait(owner, entry, true);
  }

  /** Adds one that is in flight and has never waited. */
  addInFlight(owner: number, delivery: Delivery): number {
    const { entries } = this;
    const entry = this.#add(owner, this.#nextKey(owner), delivery);
    entries.append(takenList(owner), entry);
    entries.setFlight(entry, delivery.packetId, delivery.state);
    if (!entries.isTransient(entry)) this.recordSent(owner, entry, entries.keyOf(entry));
    return entry;
  }

  /** The entry is in flight, or its state there has changed. */
  send(owner: number, entry: number, packetId: number, state: DeliveryState): void {
    const { entries } = this;
    if (entries.isWaiting(entry)) {
      this.#stopWaiting(owner, entry);
      entries.append(takenList(owner), entry);
    }
    let oldKey = entries.keyOf(entry);
    if (entries.packetIdOf(entry) === 0) {
      const key = this.#nextKey(owner);
      // All keys may just have been given anew.
      oldKey = entries.keyOf(entry);
      entries.setKey(entry, key);
      entries.remove(takenList(owner), entry);
      entries.append(takenList(owner), entry);
    }
    entries.setFlight(entry, packetId, state);
    if (!entries.isTransient(entry)) this.recordSent(owner, entry, oldKey);
  }

  /**
   * The entry is over.
   * @param message an object that stands for its message, if there is one at hand
   */
  finish(owner: number, entry: number, message: Message | null): void {
    const { entries } = this;
    if (!entries.isTransient(entry))
      this.#journal.records.done(this.owners.idOf(owner), entries.keyOf(entry));
    if (entries.isWaiting(entry)) this.#stopWaiting(owner, entry);
    else entries.remove(takenList(owner), entry);
    this.#free(owner, entry, message);
  }

  /** Forgets everything in the queue; the caller stages the record that says so. */
  clear(owner: number): void {
    const { entries } = this;
    const waiting = waitingList(owner);
    for (let entry = entries.lists.firstOf(waiting); entry !== 0; entry = entries.lists.firstOf(waiting)) {
      this.#stopWaiting(owner, entry);
      this.#free(owner, entry, null);
    }
    const taken = takenList(owner);
    for (let entry = entries.lists.firstOf(taken); entry !== 0; entry = entries.lists.firstOf(taken)) {
      entries.remove(taken, entry);
      this.#free(owner, entry, null);
    }
  }

  /** While the log is replayed: the entry is over, and nothing of its list is counted yet. */
  forget(owner: number, entry: number): void {
    const { entries } = this;
    entries.remove(entries.isWaiting(entry) ? waitingList(owner) : takenList(owner), entry);
    this.#free(owner, entry, null);
  }

  /** After the log has been replayed: puts a list into the order of its keys. */
  sort(list: number): void {
    const { entries } = this;
    const inOrder: number[] = [];
    for (let entry = entries.lists.firstOf(list); entry !== 0; entry = entries.nextOf(entry))
      inOrder.push(entry);
    inOrder.sort((a, b) => entries.keyOf(a) - entries.keyOf(b));
    entries.lists.setFirst(list, 0);
    entries.lists.setLast(list, 0);
    for (const entry of inOrder) entries.append(list, entry);
  }

  /** After the log has been replayed: counts what waits. */
  countWaiting(owner: number): void {
    const { entries } = this;
    for (let entry = entries.lists.firstOf(waitingList(owner)); entry !== 0; entry = entries.nextOf(entry)) {
      this.owners.countWaiting(owner, 1, this.messages.slots.costOf(entries.messageOf(entry)));
    }
  }

  /** The identifiers and the group that a delivery of this entry has. */
  identifiersOf(entry: number): readonly number[] {
    if (!this.entries.hasExtras(entry)) return NO_IDENTIFIERS;
    return this.extras.get(entry)?.subscriptionIdentifiers ?? NO_IDENTIFIERS;
  }

  shareOf(owner: number, entry: number): ShareOwner | null {
    const name = this.owners.nameOf(owner);
    if (typeof name !== 'string') return name;
    return this.entries.hasExtras(entry) ? (this.extras.get(entry)?.share ?? null) : null;
  }

  /** Stages all that is known of the entry again, so that the segment where it was can go. */
  moveToTail(owner: number, entry: number): void {
    const { entries } = this;
    this.#segments.subtract(entries.segmentOf(entry));
    const { segment } = this.#journal;
    entries.setSegment(entry, segment);
    this.#segments.add(segment);
    this.recordPush(owner, entry);
    if (entries.packetIdOf(entry) !== 0) this.recordSent(owner, entry, entries.keyOf(entry));
  }

  /** Stages a shared group's own record, unless it has one. A session's is staged by `putSession`. */
  recordShare(owner: number): void {
    const { owners } = this;
    // Asked first: the name of one of many owners is far away in memory.
    if (owners.isRecorded(owner)) return;
    const name = owners.nameOf(owner);
    if (name === null || typeof name === 'string') return;
    const { segment } = this.#journal;
    this.#journal.records.share(owners.idOf(owner), name);
    owners.setRecorded(owner, segment);
    this.#segments.add(segment);
  }

  recordPush(owner: number, entry: number): void {
    const { entries, messages } = this;
    const extras = entries.hasExtras(entry) ? this.extras.get(entry) : undefined;
    this.#journal.records.push(
      this.owners.idOf(owner),
      entries.keyOf(entry),
      messages.slots.idOf(entries.messageOf(entry)),
      entries.qosOf(entry),
      entries.retainOf(entry),
      extras === undefined ? NO_IDENTIFIERS : extras.subscriptionIdentifiers,
      extras === undefined ? null : extras.share,
    );
  }

  recordSent(owner: number, entry: number, oldKey: number): void {
    const { entries } = this;
    this.#journal.records.sent(
      this.owners.idOf(owner),
      oldKey,
      entries.keyOf(entry),
      entries.packetIdOf(entry),
      entries.stateOf(entry),
    );
  }

  #add(owner: number, key: number, delivery: Delivery): number {
    const { entries, messages } = this;
    const { message, qos, retain, subscriptionIdentifiers, share } = delivery;
    const number = messages.keep(message);
    messages.slots.refer(number);
    const transient = messages.slots.isTransient(number);
    const segment = transient ? 0 : this.#journal.segment;
    const entry = entries.add(key, number, qos, retain, segment);
    if (this.owners.entriesOf(owner) === 0) this.owners.setEntriesSince(owner, this.#journal.segment);
    this.owners.countEntry(owner, 1);
    // A group's own entries need not say of which group they are.
    const through = share !== null && typeof this.owners.nameOf(owner) === 'string' ? share : null;
    if (subscriptionIdentifiers.length > 0 || through !== null) {
      this.extras.set(entry, { subscriptionIdentifiers, share: through });
      entries.setExtras(entry);
    }
    if (transient) return entry;
    this.recordShare(owner);
    this.#segments.add(segment);
    this.recordPush(owner, entry);
    return entry;
  }

  #wait(owner: number, entry: number, first: boolean): void {
    const { entries } = this;
    if (first) entries.prepend(waitingList(owner), entry);
    else entries.append(waitingList(owner), entry);
    entries.setWaiting(entry, true);
    this.owners.countWaiting(owner, 1, this.messages.slots.costOf(entries.messageOf(entry)));
  }

  #stopWaiting(owner: number, entry: number): void {
    const { entries } = this;
    entries.remove(waitingList(owner), entry);
    entries.setWaiting(entry, false);
    this.owners.countWaiting(owner, -1, -this.messages.slots.costOf(entries.messageOf(entry)));
  }

  #free(owner: number, entry: number, message: Message | null): void {
    const { entries } = this;
    const number = entries.messageOf(entry);
    const segment = entries.segmentOf(entry);
    if (segment !== 0) this.#segments.subtract(segment);
    if (entries.hasExtras(entry)) this.extras.delete(entry);
    entries.free(entry);
    this.owners.countEntry(owner, -1);
    this.messages.release(number, message);
  }

  #nextKey(owner: number): number {
    const { owners } = this;
    if (owners.nextKeyOf(owner) === LAST_KEY) this.#numberAnew(owner);
    const key = owners.nextKeyOf(owner);
    owners.setNextKey(owner, key + 1);
    return key;
  }

  #keyBefore(owner: number): number {
    const { owners } = this;
    if (owners.keyBeforeOf(owner) === FIRST_KEY) this.#numberAnew(owner);
    const key = owners.keyBeforeOf(owner);
    owners.setKeyBefore(owner, key - 1);
    return key;
  }

  /** The keys have come to their end, after two thousand million messages without a pause: the same entries get new ones. */
  #numberAnew(owner: number): void {
    const { entries, owners } = this;
    owners.setNextKey(owner, 0);
    owners.setKeyBefore(owner, -1);
    this.#journal.records.queueGone(owners.idOf(owner));
    // What is taken is older than what waits.
    for (const list of [takenList(owner), waitingList(owner)]) {
      for (let entry = entries.lists.firstOf(list); entry !== 0; entry = entries.nextOf(entry)) {
        entries.setKey(entry, this.#nextKey(owner));
        if (!entries.isTransient(entry)) this.moveToTail(owner, entry);
      }
    }
  }
}
