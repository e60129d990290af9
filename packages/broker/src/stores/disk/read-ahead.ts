import type { BatchJournal } from './batch-journal.ts';
import type { MessageSlots } from './index/message-slots.ts';
import { StoreFailure } from './store-failure.ts';

/** What lies between two messages is read with them up to so many bytes: cheaper than another call. */
const GAP_BYTES = 4096;

/**
 * Reads messages that are wanted one after the other with few calls: what lies close together in a file comes as one
 * block.
 */
export class ReadAhead {
  readonly #slots: MessageSlots;
  readonly #journal: BatchJournal;
  readonly #blockBytes: number;
  #block: Uint8Array | null;
  #segment: number;
  #start: number;
  #end: number;

  /** @param blockBytes at most so many are read at once, unless one message is larger */
  constructor(slots: MessageSlots, journal: BatchJournal, blockBytes: number) {
    this.#slots = slots;
    this.#journal = journal;
    this.#blockBytes = blockBytes;
    this.#block = null;
    this.#segment = 0;
    this.#start = 0;
    this.#end = 0;
  }

  /**
   * The message's bytes as they are stored, not verified. They may be a part of the block, so whoever keeps them copies them.
   * @throws {StoreFailure} if they cannot be read
   */
  bytesOf(number: number): Uint8Array {
    const slots = this.#slots;
    const offset = slots.offsetOf(number);
    const length = slots.lengthOf(number);
    if (!this.holds(number)) return this.#journal.log.read(slots.segmentOf(number), offset, length);
    return this.#block!.subarray(offset - this.#start, offset - this.#start + length);
  }

  /**
   * Reads the first of these messages, from `from` on, that lie close together.
   * @throws {StoreFailure} if they cannot be read
   */
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
      if (!(error instanceof StoreFailure) || error.code !== 'store-damaged') throw error;
      // The file ends before; the messages that are whole are read each by itself.
      this.#block = null;
      return;
    }
    this.#segment = segment;
    this.#start = start;
    this.#end = end;
  }

  /** Lets go of the block. */
  end(): void {
    this.#block = null;
  }

  /** Whether the message is in the block. */
  holds(number: number): boolean {
    const slots = this.#slots;
    if (this.#block === null || slots.segmentOf(number) !== this.#segment) return false;
    const offset = slots.offsetOf(number);
    return offset >= this.#start && offset + slots.lengthOf(number) <= this.#end;
  }
}
