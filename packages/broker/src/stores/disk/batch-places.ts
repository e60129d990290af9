import { SEGMENT_HEADER_BYTES } from './batch-format.ts';
import type { BatchPlace, GatheringBatch } from './gathering-batch.ts';
import type { SealedBatch } from './sealed-batch.ts';

/** One file of the log, and how far it is filled, or will be when what is sealed has been written. */
export interface SegmentExtent {
  readonly number: number;
  readonly bytes: number;
}

/** Told of a batch that goes on in another place. */
export type OnMoved = (from: BatchPlace, to: BatchPlace, dataLength: number) => void;

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

  /**
   * Moves what is not known to be on the disk behind the segment `failed`, in the same order. Told from the last to the
   * first: so nothing is told to move to where something still is that has not moved.
   */
  moveBehind(
    failed: number,
    sealed: readonly SealedBatch[],
    gathering: GatheringBatch,
    onMoved: OnMoved,
  ): void {
    while (this.extents.length > 0 && this.last.number > failed) this.extents.pop();
    this.beginNext();
    const places = sealed.map(({ length }) => {
      const place = this.next();
      this.take(length);
      return place;
    });
    const { segment, start } = this.next();
    const from = gathering.place;
    gathering.moveTo(segment, start);
    if (!gathering.isEmpty) onMoved(from, gathering.place, gathering.data.length);
    for (let index = sealed.length - 1; index >= 0; index--) {
      const batch = sealed[index]!;
      const from = batch.place;
      batch.moveTo(places[index]!.segment, places[index]!.start);
      onMoved(from, batch.place, batch.data.length);
    }
  }
}
