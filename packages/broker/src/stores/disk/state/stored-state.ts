import { Owners } from '../index/owners.ts';
import { SegmentCounts } from '../index/segment-counts.ts';
import type { BatchMove } from '../log/batch-places.ts';
import { BatchJournal } from './batch-journal.ts';
import { MovedData } from './moved-data.ts';
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

  /** Batches go on in other places, all at the same time; in the order of the places they leave. */
  onMoved(moves: readonly BatchMove[]): void {
    this.#moveMessages(new MovedData(moves));
    // A record may count for an older segment than the one it is in, never for a newer one.
    let last = 0;
    for (const { from, to } of moves) {
      if (to.segment < from.segment && from.segment !== last) this.#countInOlder(from.segment, to.segment);
      last = from.segment;
    }
  }

  /** One pass, however many batches have moved. */
  #moveMessages(moved: MovedData): void {
    if (moved.isEmpty) return;
    const { slots } = this.messages;
    for (let number = 1; number < slots.end; number++) {
      if (slots.idOf(number) === 0) continue;
      const segment = slots.segmentOf(number);
      if (segment < moved.firstSegment || segment > moved.lastSegment) continue;
      const offset = slots.offsetOf(number);
      const move = moved.find(segment, offset);
      if (move === undefined) continue;
      const { from, to } = move;
      const newOffset = offset - from.dataStart + to.dataStart;
      slots.place(number, to.segment, newOffset, slots.lengthOf(number), slots.checksumOf(number));
      this.segments.subtract(segment);
      this.segments.add(to.segment);
    }
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
