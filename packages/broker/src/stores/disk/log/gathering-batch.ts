import type { ByteSink } from '../bytes/byte-sink.ts';
import { BATCH_HEADER_BYTES } from './batch-format.ts';

/** Where the data area of a batch is. */
export interface BatchPlace {
  readonly segment: number;
  /** Of the data area, in the file. */
  readonly dataStart: number;
}

/**
 * What is gathered for the next commit. It has its place from the start, behind the batch before it, so that the place
 * of every byte of its data area is known when the byte is written here.
 */
export class GatheringBatch {
  readonly data: ByteSink;
  readonly meta: ByteSink;
  #place: BatchPlace;

  constructor(data: ByteSink, meta: ByteSink, segment: number, headerStart: number) {
    this.data = data;
    this.meta = meta;
    this.#place = { segment, dataStart: headerStart + BATCH_HEADER_BYTES };
  }

  get place(): BatchPlace {
    return this.#place;
  }

  get isEmpty(): boolean {
    return this.data.length === 0 && this.meta.length === 0;
  }

  /** It goes on in another file. */
  moveTo(segment: number, headerStart: number): void {
    this.#place = { segment, dataStart: headerStart + BATCH_HEADER_BYTES };
  }
}
