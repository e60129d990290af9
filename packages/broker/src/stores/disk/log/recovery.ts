import type { LogFiles } from '../files/log-files.ts';
import { systemCode } from '../files/log-files.ts';
import type { Damage } from '../files/store-open-error.ts';
import { StoreOpenError } from '../files/store-open-error.ts';
import type { SegmentHeader } from './batch-format.ts';
import { batchSeed, CLEAN_STOP, SEGMENT_HEADER_BYTES, segmentName } from './batch-format.ts';
import type { FoundSegment } from './segment-directory.ts';
import { findSegments } from './segment-directory.ts';
import type { ScanDepth, ScanEnd, ScannedBatch } from './segment-scan.ts';
import { SegmentScan } from './segment-scan.ts';

export interface RecoveryOptions {
  /** After a clean stop the data areas are not read: each message has its own checksum, looked at when it is read. */
  readonly verifiesData: 'never' | 'after-unclean-stop' | 'always';
  /** Every batch that counts, in order. */
  readonly onBatch: (batch: ScannedBatch) => void;
  /**
   * Told of damage, after which what lies behind it is read all the same. Without it, damage rejects with a
   * `StoreOpenError`.
   */
  readonly onDamage?: ((damage: Damage) => void) | undefined;
  readonly onProgress?: ((readBytes: number, totalBytes: number) => void) | undefined;
}

/** What a directory holds. Nothing in it was changed. */
export interface RecoveredLog {
  /** Undefined if there is no store yet. */
  readonly storeId: Uint8Array | undefined;
  /** Oldest first. */
  readonly segments: readonly { readonly number: number; readonly bytes: number }[];
  /** Of the last batch that counts; 0 if there is none. */
  readonly lastSequence: number;
  /** The process that wrote them knew all batches up to this one to be on the disk. */
  readonly syncedSequence: number;
  /** The last batch is one of a clean stop, and nothing is behind it. */
  readonly isClean: boolean;
  /** Those that count and are not on the disk for certain, if only because nobody has told since: a clean stop too. */
  readonly unsynced: readonly Omit<ScannedBatch, 'meta'>[];
  /** What is no whole batch at the end, and nothing proves to have been on the disk: what a crash left. It is not read. */
  readonly tornTail: { readonly file: string; readonly offset: number; readonly bytes: number } | undefined;
  /** A file that a crash left before it was a segment. */
  readonly unfinished: string | undefined;
}

/**
 * Reads a store from front to back: what it keeps is what this shows.
 * @throws {StoreOpenError}, and what `onBatch` throws
 */
export async function recover(files: LogFiles, options: RecoveryOptions): Promise<RecoveredLog> {
  try {
    return await new Recovery(files, options).run();
  } catch (error) {
    if (systemCode(error) === 'EUNKNOWN') throw error;
    throw StoreOpenError.unreadable('the data directory', error);
  }
}

/**
 * A segment counts up to where the next one begins: that one was begun when everything before it was on the disk, and
 * has again what was not. So only the last segment may end in a torn tail.
 */
class Recovery {
  readonly #files: LogFiles;
  readonly #options: RecoveryOptions;
  #readBytes: number;
  #totalBytes: number;
  #lastSequence: number;
  #syncedSequence: number;
  #unsynced: Omit<ScannedBatch, 'meta'>[];
  #tornTail: RecoveredLog['tornTail'];

  constructor(files: LogFiles, options: RecoveryOptions) {
    this.#files = files;
    this.#options = options;
    this.#readBytes = 0;
    this.#totalBytes = 0;
    this.#lastSequence = 0;
    this.#syncedSequence = 0;
    this.#unsynced = [];
    this.#tornTail = undefined;
  }

  async run(): Promise<RecoveredLog> {
    const { segments, unfinished } = await findSegments(this.#files, (damage) => this.#onDamage(damage));
    this.#totalBytes = segments.reduce((sum, { bytes }) => sum + bytes, 0);
    const last = segments.at(-1);
    const { verifiesData } = this.#options;
    const isClean = last !== undefined && (await this.#endsClean(last));
    const depth = verifiesData === 'always' || (verifiesData !== 'never' && !isClean) ? 'all' : 'metas';
    for (let index = 0; index < segments.length; index++) {
      await this.#readSegment(segments[index]!, segments[index + 1]?.header, depth);
    }
    return {
      storeId: last?.header.storeId,
      segments: segments.map(({ header, bytes }) => ({ number: header.segment, bytes })),
      lastSequence: this.#lastSequence,
      syncedSequence: isClean ? this.#lastSequence : this.#syncedSequence,
      isClean,
      unsynced: this.#unsynced,
      tornTail: this.#tornTail,
      unfinished,
    };
  }

  /** Reads the headers only. */
  async #endsClean(segment: FoundSegment): Promise<boolean> {
    return this.#withScan(segment, 'headers', async (scan) => {
      let flags = 0;
      const end = await scan.run(
        SEGMENT_HEADER_BYTES,
        segment.header.firstSequence,
        Number.POSITIVE_INFINITY,
        (batch) => {
          flags = batch.header.flags;
        },
      );
      return end.fault === null && (flags & CLEAN_STOP) !== 0;
    });
  }

  async #readSegment(
    segment: FoundSegment,
    next: SegmentHeader | undefined,
    depth: ScanDepth,
  ): Promise<void> {
    const { firstSequence } = segment.header;
    const limit = next?.firstSequence ?? Number.POSITIVE_INFINITY;
    const onBatch = (batch: ScannedBatch): void => this.#onBatch(batch);
    // Its first batch was on the disk before the header. But whether the header is, this process cannot see: the system
    // may show what a failed sync has lost. The batches behind tell.
    this.#syncedSequence = Math.max(this.#syncedSequence, firstSequence - 1);
    this.#unsynced = [];
    await this.#withScan(segment, depth, async (scan) => {
      let end = await scan.run(SEGMENT_HEADER_BYTES, firstSequence, limit, onBatch);
      while (end.fault !== null || end.sequence === firstSequence || (next && end.sequence < limit)) {
        if (end.sequence >= limit) return;
        const fault = await this.#faultThatCounts(scan, end, firstSequence, next);
        if (fault === null) return;
        this.#onDamage({ file: segmentName(segment.header.segment), offset: end.offset, text: fault });
        const found = await headerBehind(scan, end);
        if (found === undefined || found.header.sequence >= limit) return;
        end = await scan.run(found.start, found.header.sequence, limit, onBatch);
      }
    });
    this.#readBytes += segment.bytes;
    this.#options.onProgress?.(this.#readBytes, this.#totalBytes);
  }

  /** Why the end of a scan is damage; null if it is the torn tail of the last segment. */
  async #faultThatCounts(
    scan: SegmentScan,
    end: ScanEnd,
    firstSequence: number,
    next: SegmentHeader | undefined,
  ): Promise<string | null> {
    if (next !== undefined) {
      const fault = end.fault ?? `expected batch ${end.sequence}, the file ends`;
      return `${fault}; ${segmentName(next.segment)} was begun when all before batch ${next.firstSequence} was on the disk`;
    }
    if (end.sequence === firstSequence) {
      const fault = end.fault ?? `expected batch ${firstSequence}, the file ends`;
      return `${fault}; a segment gets its header when its first batch is on the disk`;
    }
    const witness = await witnessOf(scan, end);
    if (witness !== undefined) return `${end.fault}; batch ${witness} was written when it was on the disk`;
    this.#tornTail = {
      file: segmentName(scan.segment),
      offset: end.offset,
      bytes: scan.fileBytes - end.offset,
    };
    return null;
  }

  #onBatch(batch: ScannedBatch): void {
    const { segment, start, header } = batch;
    this.#lastSequence = header.sequence;
    this.#syncedSequence = Math.max(this.#syncedSequence, header.syncedSequence);
    this.#unsynced.push({ segment, start, header });
    if (this.#unsynced[0]!.header.sequence <= this.#syncedSequence) {
      this.#unsynced = this.#unsynced.filter(({ header: { sequence } }) => sequence > this.#syncedSequence);
    }
    this.#options.onBatch(batch);
  }

  #onDamage(damage: Damage): void {
    if (this.#options.onDamage === undefined) throw StoreOpenError.damaged(damage);
    this.#options.onDamage(damage);
  }

  async #withScan<T>(
    { header, bytes }: FoundSegment,
    depth: ScanDepth,
    use: (scan: SegmentScan) => Promise<T>,
  ): Promise<T> {
    const name = segmentName(header.segment);
    const file = await this.#files.open(name, 'read');
    try {
      return await use(
        new SegmentScan(file, bytes, header.segment, batchSeed(header.storeId, header.segment), depth),
      );
    } finally {
      await file.close();
    }
  }
}

/** A later batch of the file that was written when the bad one was known to be on the disk. */
async function witnessOf(scan: SegmentScan, end: ScanEnd): Promise<number | undefined> {
  let found = await scan.findHeader(end.offset);
  while (found !== undefined) {
    const { sequence, syncedSequence } = found.header;
    if (sequence > end.sequence && syncedSequence >= end.sequence) return sequence;
    found = await scan.findHeader(found.start + 1);
  }
  return undefined;
}

/** The next batch behind damage. */
async function headerBehind(scan: SegmentScan, end: ScanEnd): ReturnType<SegmentScan['findHeader']> {
  let found = await scan.findHeader(end.offset + 1);
  while (found !== undefined && found.header.sequence <= end.sequence) {
    found = await scan.findHeader(found.start + 1);
  }
  return found;
}
