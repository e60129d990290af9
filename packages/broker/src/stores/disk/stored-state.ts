import { BatchJournal } from './batch-journal.ts';
import { Owners } from './index/owners.ts';
import { SegmentCounts } from './index/segment-counts.ts';
import type { BatchPlace } from './segment-log.ts';
import { StoredMessages } from './stored-messages.ts';
import { StoredOwners } from './stored-owners.ts';
import { StoredQueues } from './stored-queues.ts';
import { StoredRetained } from './stored-retained.ts';

/**
 * All that a disk store knows in memory of what is in its log, and the staging of changes to it. What is here is what has been
 * staged: whether a commit of it fails changes nothing, because the log keeps what it could not write for the next commit.
 */
export class StoredState {
  readonly journal: BatchJournal;
  readonly segments: SegmentCounts;
  readonly messages: StoredMessages;
  readonly queues: StoredQueues;
  readonly owners: StoredOwners;
  readonly retained: StoredRetained;

  constructor() {
    this.journal = new BatchJournal();
    this.segments = new SegmentCounts();
    this.messages = new StoredMessages(this.journal, this.segments);
    this.queues = new StoredQueues(this.journal, this.segments, new Owners(), this.messages);
    this.owners = new StoredOwners(this.journal, this.segments, this.queues);
    this.retained = new StoredRetained(this.journal, this.segments, this.messages);
  }

  /** What a log that holds nothing else would have, about, in bytes. */
  get liveBytes(): number {
    return this.messages.liveBytes + this.queues.liveBytes + this.owners.liveBytes + this.retained.liveBytes;
  }

  /** A batch goes on in another place. */
  onMoved(from: BatchPlace, to: BatchPlace, dataLength: number): void {
    const { slots } = this.messages;
    const moved = slots.move(from.segment, from.dataStart, dataLength, to.segment, to.dataStart);
    for (let i = 0; i < moved; i++) {
      this.segments.subtract(from.segment);
      this.segments.add(to.segment);
    }
    // A record may count for an older segment than the one it is in, never for a newer one.
    if (to.segment < from.segment) this.#countInOlder(from.segment, to.segment);
  }

  #countInOlder(segment: number, older: number): void {
    const { entries, owners } = this.queues;
    let moved = entries.moveRecords(segment, older) + owners.moveRecords(segment, older);
    for (const entry of this.retained.entries.values()) {
      if (entry.segment !== segment) continue;
      entry.segment = older;
      moved++;
    }
    for (let i = 0; i < moved; i++) {
      this.segments.subtract(segment);
      this.segments.add(older);
    }
  }
}
