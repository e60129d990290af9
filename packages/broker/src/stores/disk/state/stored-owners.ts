import type { ShareOwner } from '../../../core/ports/queue-owner.ts';
import type { SessionCensus, SessionRecord, SubscriptionRecord } from '../../../core/ports/store.ts';
import type { Owners } from '../index/owners.ts';
import type { SegmentCounts } from '../index/segment-counts.ts';
import type { BatchJournal } from './batch-journal.ts';
import type { StoredQueues } from './stored-queues.ts';

/**
 * The sessions and shared groups that have something in the store. Of a session's record, its subscriptions and its received
 * identifiers nothing is in memory but the oldest segment in which they may be: the core has them, and is asked for them
 * when they have to be written again.
 */
export class StoredOwners {
  readonly owners: Owners;
  /** Above every identifier that is in the log. */
  nextId: number;
  /** What of the log the owners' own records need, about, in bytes; known of each since they were last written whole. */
  liveBytes: number;
  readonly #journal: BatchJournal;
  readonly #segments: SegmentCounts;
  readonly #queues: StoredQueues;

  constructor(journal: BatchJournal, segments: SegmentCounts, queues: StoredQueues) {
    this.owners = queues.owners;
    this.nextId = 1;
    this.liveBytes = 0;
    this.#journal = journal;
    this.#segments = segments;
    this.#queues = queues;
  }

  /** The session's number; it gets one if it has none. */
  session(clientId: string): number {
    const { owners } = this;
    let owner = owners.ofSession(clientId);
    if (owner === 0) {
      owner = this.#add();
      owners.name(owner, clientId);
    }
    return owner;
  }

  /** The group's number; it gets one if it has none. */
  share(share: ShareOwner): number {
    const { owners } = this;
    let owner = owners.ofShare(share);
    if (owner === 0) {
      owner = this.#add();
      owners.name(owner, share);
    }
    return owner;
  }

  putSession(record: SessionRecord): void {
    const owner = this.session(record.clientId);
    const { bytes, segment } = this.#journal;
    this.#journal.records.session(this.owners.idOf(owner), record);
    if (this.owners.isRecorded(owner)) return;
    this.#setRecorded(owner, segment, this.#journal.bytes - bytes);
  }

  putSubscription(clientId: string, subscription: SubscriptionRecord): void {
    const id = this.#recordedId(clientId);
    if (id !== 0) this.#journal.records.subscription(id, subscription);
  }

  deleteSubscription(clientId: string, topicFilter: string): void {
    const id = this.#recordedId(clientId);
    if (id !== 0) this.#journal.records.subscriptionGone(id, topicFilter);
  }

  putReceived(clientId: string, packetId: number): void {
    const id = this.#recordedId(clientId);
    if (id !== 0) this.#journal.records.received(id, packetId);
  }

  deleteReceived(clientId: string, packetId: number): void {
    const id = this.#recordedId(clientId);
    if (id !== 0) this.#journal.records.receivedGone(id, packetId);
  }

  /** Forgets an owner with all it has. */
  delete(owner: number): void {
    const id = this.owners.idOf(owner);
    if (typeof this.owners.nameOf(owner) === 'string') this.#journal.records.sessionGone(id);
    else this.#journal.records.queueGone(id);
    this.#queues.clear(owner);
    this.forget(owner);
  }

  /** Forgets what an owner has in its queue. */
  clear(owner: number): void {
    if (this.owners.entriesOf(owner) === 0) return;
    this.#journal.records.queueGone(this.owners.idOf(owner));
    this.#queues.clear(owner);
  }

  /** Stages the owner's own records again, whole, so that the segment where they were can go. */
  moveToTail(owner: number, census: SessionCensus): void {
    const { owners } = this;
    const name = owners.nameOf(owner);
    this.#setUnrecorded(owner);
    if (name === null) return;
    if (typeof name !== 'string') {
      // A group without messages is written again when it has some.
      if (owners.entriesOf(owner) > 0) this.#queues.recordShare(owner);
      return;
    }
    const { bytes, segment, records } = this.#journal;
    const id = owners.idOf(owner);
    census.describe(name, {
      onSession: (record) => records.session(id, record),
      onSubscription: (_, subscription) => records.subscription(id, subscription),
      onReceived: (_, packetId) => records.received(id, packetId),
    });
    this.#setRecorded(owner, segment, this.#journal.bytes - bytes);
  }

  /** While the log is replayed: the owner has a record there; of one that has several, the oldest counts. */
  setRecorded(owner: number, segment: number): void {
    if (!this.owners.isRecorded(owner)) this.#setRecorded(owner, segment, 0);
  }

  /** After the log has been replayed: what the owner's records come to. */
  setRecordBytes(owner: number, bytes: number): void {
    this.liveBytes += bytes - this.owners.recordBytesOf(owner);
    this.owners.setRecordBytes(owner, bytes);
  }

  /** While the log is replayed: an owner of which nothing is known but its identifier. */
  addReplayed(id: number): number {
    const owner = this.owners.add(id);
    this.#queues.entries.lists.begin(owner);
    this.nextId = Math.max(this.nextId, id + 1);
    return owner;
  }

  /** The owner, which has no entries, is gone; no record says so. */
  forget(owner: number): void {
    this.#setUnrecorded(owner);
    this.owners.free(owner);
  }

  #add(): number {
    const owner = this.owners.add(this.nextId++);
    this.#queues.entries.lists.begin(owner);
    return owner;
  }

  #recordedId(clientId: string): number {
    const owner = this.owners.ofSession(clientId);
    return owner !== 0 && this.owners.isRecorded(owner) ? this.owners.idOf(owner) : 0;
  }

  #setRecorded(owner: number, segment: number, bytes: number): void {
    this.owners.setRecorded(owner, segment);
    this.owners.setRecordBytes(owner, bytes);
    this.liveBytes += bytes;
    this.#segments.add(segment);
  }

  #setUnrecorded(owner: number): void {
    const { owners } = this;
    if (!owners.isRecorded(owner)) return;
    this.#segments.subtract(owners.segmentOf(owner));
    this.liveBytes -= owners.recordBytesOf(owner);
    owners.setUnrecorded(owner);
  }
}
