import { StoreFailure } from '../files/store-failure.ts';
import type { MessageSlots } from '../index/message-slots.ts';
import type { BatchJournal } from '../state/batch-journal.ts';
import { ReadAhead } from './read-ahead.ts';
import type { TopicNames } from './topic-names.ts';

/** Small, because another queue may want another place next, and one block is held all the time. */
const BLOCK_BYTES = 16 * 1024;
/** Of a message that is in no block, so much is read first; its topic name is nearly always in it. */
const HEAD_BYTES = 256;

/**
 * Tells to which topic a stored message went, of messages that are given up: nothing else of them is read, and nothing is
 * verified.
 */
export class TopicReader {
  readonly #slots: MessageSlots;
  readonly #journal: BatchJournal;
  readonly #ahead: ReadAhead;
  readonly #names: TopicNames;

  constructor(slots: MessageSlots, journal: BatchJournal, names: TopicNames) {
    this.#slots = slots;
    this.#journal = journal;
    this.#ahead = new ReadAhead(slots, journal, BLOCK_BYTES);
    this.#names = names;
  }

  /** Whether the message's topic name is at hand, so that nothing need be prepared. */
  holds(number: number): boolean {
    return this.#ahead.holds(number);
  }

  /** The topic name of the first of these messages, of which the others may be asked next; empty if it cannot be read. */
  nameOf(number: number, next: readonly number[]): string {
    if (this.#slots.segmentOf(number) === 0) return '';
    try {
      if (next.length > 0) this.#ahead.prepare(next, 0);
      const held = this.#ahead.holds(number);
      const bytes = held ? this.#ahead.bytesOf(number) : this.#head(number, HEAD_BYTES);
      const end = topicEnd(bytes);
      if (end > this.#slots.lengthOf(number)) return '';
      return this.#names.nameOf(end > bytes.length ? this.#head(number, end) : bytes, 2, end);
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error;
      return '';
    }
  }

  #head(number: number, bytes: number): Uint8Array {
    const slots = this.#slots;
    const length = Math.min(bytes, slots.lengthOf(number));
    return this.#journal.log.read(slots.segmentOf(number), slots.offsetOf(number), length);
  }
}

/** Where the topic name ends, if these are the first bytes of a message. */
function topicEnd(bytes: Uint8Array): number {
  return 2 + ((bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8));
}
