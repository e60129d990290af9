import type { Message } from '../../../core/publish/message.ts';
import type { SegmentCounts } from '../index/segment-counts.ts';
import type { BatchJournal } from './batch-journal.ts';
import type { StoredMessages } from './stored-messages.ts';

/** What a record costs beside the topic name, about, in bytes. */
const RECORD_BYTES = 12;

export interface RetainedEntry {
  readonly number: number;
  /** The core's object; null while the log is replayed. */
  message: Message | null;
  /** Where its newest record is; 0 if it is never written. */
  segment: number;
}

/** What is retained for each topic name. */
export class StoredRetained {
  readonly entries: Map<string, RetainedEntry>;
  /** What of the log they need, about, in bytes. */
  liveBytes: number;
  readonly #journal: BatchJournal;
  readonly #segments: SegmentCounts;
  readonly #messages: StoredMessages;

  constructor(journal: BatchJournal, segments: SegmentCounts, messages: StoredMessages) {
    this.entries = new Map();
    this.liveBytes = 0;
    this.#journal = journal;
    this.#segments = segments;
    this.#messages = messages;
  }

  put(topicName: string, message: Message, expiresAtWallMs: number): void {
    const number = this.#messages.keepUntil(message, expiresAtWallMs);
    const transient = this.#messages.slots.isTransient(number);
    const replaced = this.entries.get(topicName);
    if (!transient) this.#journal.records.retained(this.#messages.slots.idOf(number), topicName);
    else if (replaced !== undefined && replaced.segment !== 0) this.#journal.records.retainedGone(topicName);
    this.note(topicName, number, message, transient ? 0 : this.#journal.segment);
  }

  delete(topicName: string): void {
    const deleted = this.entries.get(topicName);
    if (deleted === undefined) return;
    if (deleted.segment !== 0) this.#journal.records.retainedGone(topicName);
    this.forget(topicName);
  }

  /** Stages it again, so that the segment where it was can go. */
  moveToTail(topicName: string, entry: RetainedEntry): void {
    this.#segments.subtract(entry.segment);
    entry.segment = this.#journal.segment;
    this.#segments.add(entry.segment);
    this.#journal.records.retained(this.#messages.slots.idOf(entry.number), topicName);
  }

  /** In memory only: the log says so already, or is told by the caller. */
  note(topicName: string, number: number, message: Message | null, segment: number): void {
    this.#messages.slots.refer(number);
    this.forget(topicName);
    this.entries.set(topicName, { number, message, segment });
    if (segment === 0) return;
    this.#segments.add(segment);
    this.liveBytes += RECORD_BYTES + topicName.length;
  }

  /** In memory only. */
  forget(topicName: string): void {
    const entry = this.entries.get(topicName);
    if (entry === undefined) return;
    this.entries.delete(topicName);
    if (entry.segment !== 0) {
      this.#segments.subtract(entry.segment);
      this.liveBytes -= RECORD_BYTES + topicName.length;
    }
    this.#messages.release(entry.number, entry.message);
  }
}
