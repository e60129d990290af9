import type { SealedBatch } from './sealed-batch.ts';

/**
 * The batches that are not known to be on the disk, in the order of their sequence numbers, which is also that of their
 * places. First those that the operating system has, then those that are not written.
 */
export class PendingBatches {
  #batches: SealedBatch[];
  /** How many of them, from the first, are written. */
  #writtenCount: number;
  #writtenBytes: number;
  #bytes: number;

  constructor() {
    this.#batches = [];
    this.#writtenCount = 0;
    this.#writtenBytes = 0;
    this.#bytes = 0;
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  get first(): SealedBatch | undefined {
    return this.#batches[0];
  }

  get all(): readonly SealedBatch[] {
    return this.#batches;
  }

  /** Bytes that are written and not synced. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  get unwrittenBytes(): number {
    return this.#bytes - this.#writtenBytes;
  }

  add(batch: SealedBatch): void {
    this.#bytes += batch.length;
    this.#batches.push(batch);
  }

  /** What is to be written next: all batches not written, up to the sequence number `last`, of the first segment that has such. */
  nextToWrite(last: number): SealedBatch[] {
    const from = this.#writtenCount;
    const segment = this.#batches[from]?.segment;
    let to = from;
    while (to < this.#batches.length) {
      const batch = this.#batches[to]!;
      if (batch.segment !== segment || batch.sequence > last) break;
      to++;
    }
    return this.#batches.slice(from, to);
  }

  /** The next `count` batches are with the operating system. */
  markWritten(count: number): void {
    for (let index = 0; index < count; index++) {
      this.#writtenBytes += this.#batches[this.#writtenCount++]!.length;
    }
  }

  /** The bytes of all that is written survive a power cut; they need not be held any more. */
  takeWritten(): SealedBatch[] {
    this.#bytes -= this.#writtenBytes;
    const synced = this.#batches;
    this.#batches = synced.splice(this.#writtenCount);
    this.#writtenCount = 0;
    this.#writtenBytes = 0;
    return synced;
  }

  /** Nothing of it counts as written any more. */
  markUnwritten(): void {
    this.#writtenCount = 0;
    this.#writtenBytes = 0;
  }

  /** The batch in whose data area this place is. */
  find(segment: number, offset: number): SealedBatch | undefined {
    const batches = this.#batches;
    let low = 0;
    let high = batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const batch = batches[middle]!;
      const isBehind = batch.segment < segment || (batch.segment === segment && batch.start <= offset);
      if (isBehind) low = middle + 1;
      else high = middle;
    }
    const candidate = batches[low - 1];
    if (candidate === undefined || candidate.segment !== segment) return undefined;
    return offset < candidate.start + candidate.length ? candidate : undefined;
  }
}
