import { NO_BYTES } from '../../../core/publish/message.ts';
import { StoreFailure } from '../files/store-failure.ts';
import type { MessageSlots } from '../index/message-slots.ts';
import type { BatchJournal } from '../state/batch-journal.ts';

/** What lies between two messages is read with them up to so many bytes: cheaper than another call. */
const GAP_BYTES = 4096;

/**
 * Reads messages that are wanted one after the other with few calls: what lies close together in a file comes as one
 * block.
 */
export class ReadAhead {
  /** Where `find` has found a message: `bytes[from, to)`. */
  bytes: Uint8Array;
  from: number;
  to: number;
  /** They are of this message alone, and whoever asked for them may keep them. */
  isOwn: boolean;
  readonly #slots: MessageSlots;
  readonly #journal: BatchJournal;
  readonly #blockBytes: number;
  #block: Uint8Array | null;
  #segment: number;
  #blockStart: number;
  #blockEnd: number;

  /** @param blockBytes at most so many are read at once, unless one message is larger */
  constructor(slots: MessageSlots, journal: BatchJournal, blockBytes: number) {
    this.bytes = NO_BYTES;
    this.from = 0;
    this.to = 0;
    this.isOwn = false;
    this.#slots = slots;
    this.#journal = journal;
    this.#blockBytes = blockBytes;
    this.#block = null;
    this.#segment = 0;
    this.#blockStart = 0;
    this.#blockEnd = 0;
  }

  /**
   * Finds the message's bytes as they are stored, not verified: they are `bytes[from, to)` until the next call.
   * @throws {StoreFailure} if they cannot be read
   */
  find(number: number): void {
    const slots = this.#slots;
    const segment = slots.segmentOf(number);
    const offset = slots.offsetOf(number);
    const length = slots.lengthOf(number);
    this.isOwn = !this.#covers(segment, offset, length);
    this.bytes = this.isOwn ? this.#journal.log.read(segment, offset, length) : this.#block!;
    this.from = this.isOwn ? 0 : offset - this.#blockStart;
    this.to = this.from + length;
  }

  /**
   * The message's bytes as they are stored, not verified. They may be a part of the block, so whoever keeps them copies them.
   * @throws {StoreFailure} if they cannot be read
   */
  bytesOf(number: number): Uint8Array {
    this.find(number);
    return this.isOwn ? this.bytes : this.bytes.subarray(this.from, this.to);
  }

  /** Reads the first of these messages, from `from` on, that lie close together; none if that fails. */
  prepare(numbers: readonly number[], from: number): void {
    const slots = this.#slots;
    const first = numbers[from]!;
    if (this.holds(first)) return;
    const segment = slots.segmentOf(first);
    const start = slots.offsetOf(first);
    let last = first;
    let end = start + slots.lengthOf(first);
    for (let i = from + 1; i < numbers.length; i++) {
      const next = numbers[i]!;
      const offset = slots.offsetOf(next);
      const nextEnd = offset + slots.lengthOf(next);
      if (slots.segmentOf(next) !== segment || offset < end || offset > end + GAP_BYTES) break;
      if (nextEnd - start > this.#blockBytes) break;
      last = next;
      end = nextEnd;
    }
    const { log } = this.#journal;
    if (last === first || segment === 0 || !log.isInFile(segment, slots.offsetOf(last))) return;
    try {
      this.#block = log.read(segment, start, end - start);
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error;
      // The file ends before, or a part of it cannot be read: the messages that are whole are read each by itself.
      this.#block = null;
      return;
    }
    this.#segment = segment;
    this.#blockStart = start;
    this.#blockEnd = end;
  }

  /** What `find` found is not needed any more; the block may be. */
  release(): void {
    this.bytes = NO_BYTES;
  }

  /** Lets go of everything that was read. */
  end(): void {
    this.#block = null;
    this.bytes = NO_BYTES;
  }

  /** Whether the message is in the block. */
  holds(number: number): boolean {
    const slots = this.#slots;
    return this.#covers(slots.segmentOf(number), slots.offsetOf(number), slots.lengthOf(number));
  }

  #covers(segment: number, offset: number, length: number): boolean {
    if (this.#block === null || segment !== this.#segment) return false;
    return offset >= this.#blockStart && offset + length <= this.#blockEnd;
  }
}
