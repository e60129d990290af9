import { crc32 } from 'node:zlib';
import type { ByteSink } from '../bytes/byte-sink.ts';
import { BATCH_HEADER_BYTES, encodeBatchHeader } from './batch-format.ts';
import type { BatchPlace } from './gathering-batch.ts';

/** A batch whose bytes are fixed and which is not known to be on the disk; its bytes are held until it is. */
export class SealedBatch {
  readonly sequence: number;
  header: Uint8Array;
  segment: number;
  /** Of its header, in the file. */
  start: number;
  data: Uint8Array;
  meta: Uint8Array;
  /** What `data` and `meta` are views of, to be used again; null once they own their bytes. */
  sinks: { readonly data: ByteSink; readonly meta: ByteSink } | null;
  readonly #syncedSequence: number;
  readonly #flags: number;
  readonly #dataCrc: number;
  readonly #metaCrc: number;

  constructor(
    sequence: number,
    syncedSequence: number,
    flags: number,
    place: BatchPlace,
    data: Uint8Array,
    meta: Uint8Array,
    sinks: { readonly data: ByteSink; readonly meta: ByteSink } | null,
  ) {
    this.sequence = sequence;
    this.header = new Uint8Array(BATCH_HEADER_BYTES);
    this.segment = place.segment;
    this.start = place.dataStart - BATCH_HEADER_BYTES;
    this.data = data;
    this.meta = meta;
    this.sinks = sinks;
    this.#syncedSequence = syncedSequence;
    this.#flags = flags;
    this.#dataCrc = crc32(data);
    this.#metaCrc = crc32(meta);
  }

  get place(): BatchPlace {
    return { segment: this.segment, dataStart: this.start + BATCH_HEADER_BYTES };
  }

  /** Of the whole batch, in bytes. */
  get length(): number {
    return BATCH_HEADER_BYTES + this.data.length + this.meta.length;
  }

  /** It is to be written there, not where it was. */
  moveTo(segment: number, start: number): void {
    this.segment = segment;
    this.start = start;
  }

  /**
   * Makes the header anew for the file where the batch is written; `seed` is that file's. The old one stays as it was:
   * a silent write may still read it.
   */
  sealWith(seed: number): void {
    this.header = new Uint8Array(BATCH_HEADER_BYTES);
    const fields = {
      sequence: this.sequence,
      syncedSequence: this.#syncedSequence,
      dataLength: this.data.length,
      metaLength: this.meta.length,
      dataCrc: this.#dataCrc,
      metaCrc: this.#metaCrc,
      flags: this.#flags,
    };
    encodeBatchHeader(this.header, fields, seed);
  }

  /** Copies what it holds to memory of exactly its size, so that its sinks are free for the next batch. */
  keepOwnBytes(): void {
    if (this.sinks === null) return;
    const dataLength = this.data.length;
    // One allocation: of small batches, many share one piece of memory, and are free at the same time.
    const own = Buffer.allocUnsafe(dataLength + this.meta.length);
    own.set(this.data, 0);
    own.set(this.meta, dataLength);
    this.data = new Uint8Array(own.buffer, own.byteOffset, dataLength);
    this.meta = new Uint8Array(own.buffer, own.byteOffset + dataLength, own.length - dataLength);
    this.sinks = null;
  }
}
