import type { DeliveryState } from '@martlet/protocol';
import type { SessionRecord, ShareOwner, SubscriptionRecord } from '../../../../core/ports/store.ts';
import type { QoS } from '../../../../core/publish/message.ts';
import type { BatchPlace } from '../../log/gathering-batch.ts';
import type { RecordVisitor } from '../../records/record-visitor.ts';
import type { QueueEntry } from './entry-rows.ts';
import { EntryRows } from './entry-rows.ts';
import { MessageRows } from './message-rows.ts';
import { OwnerState } from './owner-state.ts';

/**
 * What a log says, replayed: the state that `martlet store` looks at. The broker has its own, which also writes; that
 * two programs read the same log and agree is a test of both.
 *
 * It holds who there is and where each message is, no payloads. Records about what is not (yet) known are kept or
 * ignored as `RecordVisitor` says; what leads nowhere in the end, `checkStore` finds.
 */
export class StoreState implements RecordVisitor {
  readonly owners: Map<number, OwnerState> = new Map();
  readonly messages: MessageRows = new MessageRows();
  readonly entries: EntryRows = new EntryRows();
  /** Message identifiers by topic name. */
  readonly retainedIds: Map<string, number> = new Map();
  /** When something was last kept, on the wall clock; 0 if the log does not say. */
  lastWallMs = 0;
  #place: BatchPlace = { segment: 0, dataStart: 0 };

  /** The records that follow are of this batch. */
  beginBatch(place: BatchPlace): void {
    this.#place = place;
  }

  session(ownerId: number, record: SessionRecord): void {
    this.#owner(ownerId).session = record;
  }

  sessionGone(ownerId: number): void {
    this.queueGone(ownerId);
    this.owners.delete(ownerId);
  }

  subscription(ownerId: number, record: SubscriptionRecord): void {
    const owner = this.#owner(ownerId);
    owner.subscriptions ??= new Map();
    owner.subscriptions.set(record.topicFilter, record);
  }

  subscriptionGone(ownerId: number, topicFilter: string): void {
    this.owners.get(ownerId)?.subscriptions?.delete(topicFilter);
  }

  received(ownerId: number, packetId: number): void {
    const owner = this.#owner(ownerId);
    owner.received ??= new Set();
    owner.received.add(packetId);
  }

  receivedGone(ownerId: number, packetId: number): void {
    this.owners.get(ownerId)?.received?.delete(packetId);
  }

  share(ownerId: number, share: ShareOwner): void {
    this.#owner(ownerId).share = share;
  }

  queueGone(ownerId: number): void {
    const owner = this.owners.get(ownerId);
    if (owner === undefined) return;
    while (owner.head !== 0) owner.head = this.entries.remove(owner.head - 1, owner.head);
    owner.entryCount = 0;
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
    const { segment, dataStart } = this.#place;
    const position = dataStart + offset;
    this.messages.put({
      messageId,
      segment,
      position,
      length,
      crc,
      payloadLength,
      costBytes,
      qos,
      retain,
      expiresAtWallMs,
    });
  }

  expiry(messageId: number, expiresAtWallMs: number): void {
    const row = this.messages.find(messageId);
    if (row >= 0) this.messages.setExpiry(row, expiresAtWallMs);
  }

  clockMoved(byMs: number): void {
    this.messages.clockMovedMs += byMs;
  }

  clock(wallMs: number): void {
    this.lastWallMs = wallMs;
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
    const row = this.#entry(this.#owner(ownerId), key);
    this.entries.fill(row, messageId, qos, retain, subscriptionIdentifiers, share);
  }

  sent(ownerId: number, oldKey: number, newKey: number, packetId: number, state: DeliveryState): void {
    const from = this.entries.find(ownerId, oldKey);
    const owner = this.owners.get(ownerId);
    if (from < 0 || owner === undefined) return;
    if (oldKey === newKey) {
      this.entries.send(from, from, packetId, state);
      return;
    }
    this.entries.send(from, this.#entry(owner, newKey), packetId, state);
    this.#remove(owner, from);
  }

  done(ownerId: number, key: number): void {
    const row = this.entries.find(ownerId, key);
    const owner = this.owners.get(ownerId);
    if (row >= 0 && owner !== undefined) this.#remove(owner, row);
  }

  retained(messageId: number, topicName: string): void {
    this.retainedIds.set(topicName, messageId);
  }

  retainedGone(topicName: string): void {
    this.retainedIds.delete(topicName);
  }

  /** Those with a session's or a shared group's record, in the order in which they came to be. */
  ownersInOrder(): OwnerState[] {
    return [...this.owners.values()]
      .filter((owner) => owner.session !== null || owner.share !== null)
      .sort((a, b) => a.ownerId - b.ownerId);
  }

  /** Those to whom something belongs and of whom nobody knows who they are: their own record is lost. */
  ownersWithoutRecord(): OwnerState[] {
    return [...this.owners.values()].filter(
      (owner) => owner.session === null && owner.share === null && !owner.isEmpty,
    );
  }

  /** An owner's entries: what is in flight in order of sending, then what waits, oldest first. */
  entriesOf(owner: OwnerState): QueueEntry[] {
    const rows: number[] = [];
    for (let at = owner.head; at !== 0; at = this.entries.next(at - 1)) rows.push(at - 1);
    const { entries } = this;
    rows.sort((a, b) => {
      const inFlightFirst = Number(entries.isInFlight(b)) - Number(entries.isInFlight(a));
      return inFlightFirst !== 0 ? inFlightFirst : entries.keyOf(a) - entries.keyOf(b);
    });
    return rows.map((row) => entries.entry(row));
  }

  #owner(ownerId: number): OwnerState {
    let owner = this.owners.get(ownerId);
    if (owner === undefined) {
      owner = new OwnerState(ownerId);
      this.owners.set(ownerId, owner);
    }
    return owner;
  }

  /** The row of this entry, made if there is none. */
  #entry(owner: OwnerState, key: number): number {
    const known = this.entries.find(owner.ownerId, key);
    if (known >= 0) return known;
    const row = this.entries.add(owner.ownerId, key, owner.head);
    owner.head = row + 1;
    owner.entryCount++;
    return row;
  }

  #remove(owner: OwnerState, row: number): void {
    owner.head = this.entries.remove(row, owner.head);
    owner.entryCount--;
  }
}
