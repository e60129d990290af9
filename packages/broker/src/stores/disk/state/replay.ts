import type { DeliveryState } from '@martlet/protocol';
import type { ShareOwner } from '../../../core/ports/queue-owner.ts';
import type { SessionRecord, SubscriptionRecord } from '../../../core/ports/store.ts';
import type { QoS } from '../../../core/publish/message.ts';
import { StoreOpenError } from '../files/store-open-error.ts';
import { takenList, waitingList } from '../index/entry-lists.ts';
import { KeyTable } from '../index/key-table.ts';
import { segmentName } from '../log/batch-format.ts';
import type { BatchPlace } from '../log/segment-log.ts';
import { RecordError } from '../records/record-error.ts';
import { readRecords } from '../records/record-reader.ts';
import type { RecordVisitor } from '../records/record-visitor.ts';
import { ReplayedSession } from './replayed-session.ts';
import type { StoredState } from './stored-state.ts';

/** Of an owner while the log is replayed: which of its lists are not in the order of their keys. */
const WAITING_UNSORTED = 1;
const TAKEN_UNSORTED = 2;

/**
 * Makes the state from the records of a log, in their order.
 *
 * The oldest segments of the log may be gone, and what lived in them was written again later. So a record may speak of an
 * owner, a message or an entry whose own record comes only later: owners and messages are made at once and described
 * then, and a change of an entry that is not known is ignored, because the later record has it. For the same reason
 * no message is forgotten before the end: what refers to it may be still to come.
 */
export class Replay implements RecordVisitor {
  /** By owner; what is known of sessions until they are shown. */
  readonly sessions: (ReplayedSession | null)[];
  readonly #state: StoredState;
  #owners: KeyTable;
  #messages: KeyTable;
  #entries: KeyTable;
  readonly #unsorted: Map<number, number>;
  #place: BatchPlace;
  /** By so much the clock has jumped since the first record; expiries are noted as that one would have, until the end. */
  #clockMovedMs: number;
  /** The last ones that were looked up: records about one owner or message follow each other. 0 for none. */
  #lastOwnerId: number;
  #lastOwner: number;
  #lastMessageId: number;
  #lastMessage: number;

  constructor(state: StoredState) {
    this.sessions = [null];
    this.#state = state;
    this.#owners = new KeyTable();
    this.#messages = new KeyTable();
    this.#entries = new KeyTable();
    this.#unsorted = new Map();
    this.#place = { segment: 0, dataStart: 0 };
    this.#clockMovedMs = 0;
    this.#lastOwnerId = 0;
    this.#lastOwner = 0;
    this.#lastMessageId = 0;
    this.#lastMessage = 0;
  }

  /** @throws {StoreOpenError} for records that this version does not know */
  onBatch(meta: Uint8Array, place: BatchPlace): void {
    this.#place = place;
    try {
      readRecords(meta, this);
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      const text = `in the batch whose data begins here, ${error.message}`;
      throw StoreOpenError.damaged({ file: segmentName(place.segment), offset: place.dataStart, text });
    }
  }

  /** After the last batch: brings everything into order. What turns out to belong to nobody is left out. */
  finish(): void {
    const { owners, queues, messages } = this.#state;
    for (let owner = 1; owner < owners.owners.end; owner++) {
      if (owners.owners.idOf(owner) === 0) continue;
      const isShare = typeof owners.owners.nameOf(owner) === 'object';
      if (owners.owners.nameOf(owner) === null || (isShare && queues.owners.entriesOf(owner) === 0)) {
        this.#gone(owner);
        continue;
      }
      const unsorted = this.#unsorted.get(owner) ?? 0;
      if ((unsorted & WAITING_UNSORTED) !== 0) queues.sort(waitingList(owner));
      if ((unsorted & TAKEN_UNSORTED) !== 0) queues.sort(takenList(owner));
      queues.countWaiting(owner);
      owners.setRecordBytes(owner, this.sessions[owner]?.bytes ?? 0);
      owners.owners.setUntaken(owner, queues.entries.lists.firstOf(takenList(owner)) !== 0);
    }
    const { slots } = messages;
    for (let number = 1; number < slots.end; number++) {
      if (slots.idOf(number) === 0) continue;
      if (this.#clockMovedMs !== 0) slots.setExpiry(number, slots.expiryOf(number) + this.#clockMovedMs);
      slots.unrefer(number);
      if (slots.referencesOf(number) > 0) continue;
      slots.refer(number);
      messages.release(number, null);
    }
    this.#owners = new KeyTable();
    this.#messages = new KeyTable();
    this.#entries = new KeyTable();
    this.#unsorted.clear();
  }

  session(ownerId: number, record: SessionRecord): void {
    const owner = this.#owner(ownerId);
    const { owners } = this.#state.owners;
    if (owners.nameOf(owner) === null) {
      // A session of that name whose end is in a segment that is gone cannot be: its end comes before the new one.
      const former = owners.ofSession(record.clientId);
      if (former !== 0) this.#gone(former);
      owners.name(owner, record.clientId);
    }
    this.#session(owner).record = record;
    this.#record(owner);
  }

  sessionGone(ownerId: number): void {
    const owner = this.#owners.get(ownerId, 0);
    if (owner !== 0) this.#gone(owner);
  }

  subscription(ownerId: number, record: SubscriptionRecord): void {
    const owner = this.#owner(ownerId);
    this.#session(owner).putSubscription(record);
    this.#record(owner);
  }

  subscriptionGone(ownerId: number, topicFilter: string): void {
    const owner = this.#owners.get(ownerId, 0);
    if (owner !== 0) this.sessions[owner]?.deleteSubscription(topicFilter);
  }

  received(ownerId: number, packetId: number): void {
    const owner = this.#owner(ownerId);
    this.#session(owner).putReceived(packetId);
    this.#record(owner);
  }

  receivedGone(ownerId: number, packetId: number): void {
    const owner = this.#owners.get(ownerId, 0);
    if (owner !== 0) this.sessions[owner]?.deleteReceived(packetId);
  }

  share(ownerId: number, share: ShareOwner): void {
    const owner = this.#owner(ownerId);
    const { owners } = this.#state.owners;
    if (owners.nameOf(owner) === null) {
      const former = owners.ofShare(share);
      if (former !== 0) this.#gone(former);
      owners.name(owner, share);
    }
    this.#record(owner);
  }

  queueGone(ownerId: number): void {
    const owner = this.#owners.get(ownerId, 0);
    if (owner !== 0) this.#clear(owner);
  }

  message(
    messageId: number,
    offset: number,
    length: number,
    crc: number,
    payloadLength: number,
    costBytes: number,
    qos: QoS,
    retain: boolean,
    expiresAtWallMs: number,
  ): void {
    const number = this.#message(messageId);
    const { messages, segments } = this.#state;
    const { slots } = messages;
    const { segment, dataStart } = this.#place;
    const before = slots.segmentOf(number);
    if (before !== 0) segments.subtract(before);
    segments.add(segment);
    slots.describe(number, payloadLength, costBytes, qos, retain, false);
    slots.place(number, segment, dataStart + offset, length, crc);
    slots.setExpiry(number, expiresAtWallMs - this.#clockMovedMs);
  }

  expiry(messageId: number, expiresAtWallMs: number): void {
    const number = this.#messages.get(messageId, 0);
    if (number !== 0) this.#state.messages.slots.setExpiry(number, expiresAtWallMs - this.#clockMovedMs);
  }

  clockMoved(byMs: number): void {
    this.#clockMovedMs += byMs;
  }

  clock(wallMs: number): void {
    this.#state.messages.lastWallMs = wallMs;
  }

  push(
    ownerId: number,
    key: number,
    messageId: number,
    qos: QoS,
    retain: boolean,
    subscriptionIdentifiers: readonly number[],
    share: ShareOwner | null,
  ): void {
    const owner = this.#owner(ownerId);
    this.#end(ownerId, owner, key);
    const { queues, messages, segments } = this.#state;
    const { entries } = queues;
    const number = this.#message(messageId);
    messages.slots.refer(number);
    const entry = entries.add(key, number, qos, retain, this.#place.segment);
    segments.add(this.#place.segment);
    this.#entries.set(ownerId, key, entry);
    queues.owners.countEntry(owner, 1);
    if (subscriptionIdentifiers.length > 0 || share !== null) {
      queues.extras.set(entry, { subscriptionIdentifiers, share });
      entries.setExtras(entry);
    }
    this.#append(owner, waitingList(owner), entry, WAITING_UNSORTED);
    entries.setWaiting(entry, true);
  }

  sent(ownerId: number, oldKey: number, newKey: number, packetId: number, state: DeliveryState): void {
    const entry = this.#entries.get(ownerId, oldKey);
    if (entry === 0) return;
    const owner = this.#owners.get(ownerId, 0);
    const { entries } = this.#state.queues;
    entries.setFlight(entry, packetId, state);
    if (oldKey === newKey && !entries.isWaiting(entry)) return;
    entries.remove(entries.isWaiting(entry) ? waitingList(owner) : takenList(owner), entry);
    entries.setWaiting(entry, false);
    this.#entries.delete(ownerId, oldKey);
    this.#entries.set(ownerId, newKey, entry);
    entries.setKey(entry, newKey);
    this.#append(owner, takenList(owner), entry, TAKEN_UNSORTED);
  }

  done(ownerId: number, key: number): void {
    const owner = this.#owners.get(ownerId, 0);
    if (owner !== 0) this.#end(ownerId, owner, key);
  }

  retained(messageId: number, topicName: string): void {
    const number = this.#message(messageId);
    this.#state.retained.note(topicName, number, null, this.#place.segment);
  }

  retainedGone(topicName: string): void {
    this.#state.retained.forget(topicName);
  }

  #owner(id: number): number {
    if (id === this.#lastOwnerId && this.#lastOwner !== 0) return this.#lastOwner;
    let owner = this.#owners.get(id, 0);
    if (owner === 0) {
      owner = this.#state.owners.addReplayed(id);
      this.#owners.set(id, 0, owner);
      this.sessions[owner] = null;
    }
    this.#lastOwnerId = id;
    this.#lastOwner = owner;
    return owner;
  }

  #session(owner: number): ReplayedSession {
    return (this.sessions[owner] ??= new ReplayedSession());
  }

  /** The message of this identifier; held until the end, whatever refers to it. */
  #message(id: number): number {
    if (id === this.#lastMessageId && this.#lastMessage !== 0) return this.#lastMessage;
    let number = this.#messages.get(id, 0);
    if (number === 0) {
      const { messages } = this.#state;
      number = messages.slots.add(id);
      messages.slots.refer(number);
      messages.nextId = Math.max(messages.nextId, id + 1);
      this.#messages.set(id, 0, number);
    }
    this.#lastMessageId = id;
    this.#lastMessage = number;
    return number;
  }

  /** It has a record of its own here; the oldest counts. */
  #record(owner: number): void {
    this.#state.owners.setRecorded(owner, this.#place.segment);
  }

  #append(owner: number, list: number, entry: number, unsorted: number): void {
    const { entries, owners } = this.#state.queues;
    const key = entries.keyOf(entry);
    const last = entries.lists.lastOf(list);
    if (last !== 0 && entries.keyOf(last) > key) {
      this.#unsorted.set(owner, (this.#unsorted.get(owner) ?? 0) | unsorted);
    }
    entries.append(list, entry);
    if (key >= owners.nextKeyOf(owner)) owners.setNextKey(owner, key + 1);
    if (key <= owners.keyBeforeOf(owner)) owners.setKeyBefore(owner, key - 1);
  }

  /** The entry of this key is over, if there is one. */
  #end(ownerId: number, owner: number, key: number): void {
    const entry = this.#entries.get(ownerId, key);
    if (entry === 0) return;
    this.#entries.delete(ownerId, key);
    this.#state.queues.forget(owner, entry);
  }

  #clear(owner: number): void {
    const { entries, owners } = this.#state.queues;
    const id = owners.idOf(owner);
    for (const list of [waitingList(owner), takenList(owner)]) {
      for (let entry = entries.lists.firstOf(list); entry !== 0; entry = entries.lists.firstOf(list)) {
        this.#end(id, owner, entries.keyOf(entry));
      }
    }
  }

  #gone(owner: number): void {
    this.#lastOwner = 0;
    this.#owners.delete(this.#state.owners.owners.idOf(owner), 0);
    this.#clear(owner);
    this.#state.owners.forget(owner);
    this.sessions[owner] = null;
  }
}
