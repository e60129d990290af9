import { SEGMENT_HEADER_BYTES } from './batch-format.ts';
import type { BatchPlace, GatheringBatch } from './gathering-batch.ts';
import type { SealedBatch } from './sealed-batch.ts';

/** One file of the log, and how far it is filled, or will be when what is sealed has been written. */
export interface SegmentExtent {
  readonly number: number;
  readonly bytes: number;
}

/** A batch that goes on in another place. */
export interface BatchMove {
  readonly from: BatchPlace;
  readonly to: BatchPlace;
  /** Of its data area, in bytes. */
  readonly dataLength: number;
}

/** Told of batches that go on elsewhere, all at the same time, in the order of the places they leave. */
export type OnMoved = (moves: readonly BatchMove[]) => void;

/** Where batches lie: one behind the other in a segment, until it is full; then in the next one. */
export class BatchPlaces {
  /** Oldest first; what is gathered goes to the last. */
  readonly extents: { number: number; bytes: number }[];
  readonly #segmentBytes: number;

  constructor(extents: readonly SegmentExtent[], segmentBytes: number) {
    this.extents = extents.map(({ number, bytes }) => ({ number, bytes }));
    this.#segmentBytes = segmentBytes;
  }

  get last(): SegmentExtent {
    return this.extents.at(-1)!;
  }

  /** Nothing more is placed in the last segment. */
  beginNext(): void {
    this.extents.push({ number: (this.extents.at(-1)?.number ?? 0) + 1, bytes: SEGMENT_HEADER_BYTES });
  }

  /** Where the next batch has its header. */
  next(): { readonly segment: number; readonly start: number } {
    if (this.extents.length === 0 || this.last.bytes >= this.#segmentBytes) this.beginNext();
    return { segment: this.last.number, start: this.last.bytes };
  }

  /** The next place is taken by a batch of this length. */
  take(length: number): void {
    this.extents.at(-1)!.bytes += length;
  }

  /** Whether a batch that ends there is the last of its segment. */
  isFull(end: number): boolean {
    return end >= this.#segmentBytes;
  }

  dropOldest(): void {
    this.extents.shift();
  }

  /** Moves what is not known to be on the disk behind the segment `failed`, in the same order. */
  moveBehind(failed: number, sealed: readonly SealedBatch[], gathering: GatheringBatch): BatchMove[] {
    while (this.extents.length > 0 && this.last.number > failed) this.extents.pop();
    this.beginNext();
    const moves: BatchMove[] = [];
    for (const batch of sealed) {
      const from = batch.place;
      const { segment, start } = this.next();
      batch.moveTo(segment, start);
      this.take(batch.length);
      moves.push({ from, to: batch.place, dataLength: batch.data.length });
    }
    const from = gathering.place;
    const { segment, start } = this.next();
    gathering.moveTo(segment, start);
    if (!gathering.isEmpty) moves.push({ from, to: gathering.place, dataLength: gathering.data.length });
    return moves;
  }
}
