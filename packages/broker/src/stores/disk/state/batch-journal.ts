import type { ByteSink } from '../bytes/byte-sink.ts';
import type { GatheringBatch } from '../log/gathering-batch.ts';
import type { SegmentLog } from '../log/segment-log.ts';
import { RecordWriter } from '../records/record-writer.ts';

/** Where staged records go: always into the batch that the log gathers now. */
export class BatchJournal {
  #log: SegmentLog | null;
  #batch: GatheringBatch | null;
  #writer: RecordWriter | null;

  constructor() {
    this.#log = null;
    this.#batch = null;
    this.#writer = null;
  }

  /** The log has been replayed; from now on records can be written. */
  attach(log: SegmentLog): void {
    this.#log = log;
  }

  get log(): SegmentLog {
    if (this.#log === null) throw new Error('a record was staged while the log is still replayed');
    return this.#log;
  }

  /** Writes records into the gathering batch. Valid until the next commit. */
  get records(): RecordWriter {
    const batch = this.log.gathering;
    if (batch === this.#batch) return this.#writer!;
    this.#batch = batch;
    if (this.#writer === null) this.#writer = new RecordWriter(batch.meta);
    else this.#writer.begin(batch.meta);
    return this.#writer;
  }

  /** The data area of the gathering batch. */
  get data(): ByteSink {
    return this.log.gathering.data;
  }

  /** Where that data area begins, in the file of `segment`. */
  get dataStart(): number {
    return this.log.gathering.place.dataStart;
  }

  /** The segment in which the gathering batch has its place. */
  get segment(): number {
    return this.log.gathering.place.segment;
  }

  /** Bytes that have been gathered. */
  get bytes(): number {
    const { data, meta } = this.log.gathering;
    return data.length + meta.length;
  }
}
