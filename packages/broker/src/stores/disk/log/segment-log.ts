import { randomBytes } from 'node:crypto';
import { Durability } from '../../../core/ports/durability.ts';
import type { LogFiles } from '../files/log-files.ts';
import { StoreFailure } from '../files/store-failure.ts';
import {
  BATCH_HEADER_BYTES,
  CLEAN_STOP,
  MAXIMUM_BATCH_BYTES,
  STORE_ID_BYTES,
  segmentName,
} from './batch-format.ts';
import type { SegmentExtent } from './batch-places.ts';
import { BatchPlaces } from './batch-places.ts';
import { CommitAttempt } from './commit-attempt.ts';
import { GatheringBatch } from './gathering-batch.ts';
import { checkKept } from './kept-check.ts';
import { PendingBatches } from './pending-batches.ts';
import type { RecoveredLog } from './recovery.ts';
import { recover } from './recovery.ts';
import { noteRecovery } from './recovery-notes.ts';
import { SealedBatch } from './sealed-batch.ts';
import type { SegmentLogOptions } from './segment-log-options.ts';
import { SegmentReaders } from './segment-readers.ts';
import { SegmentRemoval } from './segment-removal.ts';
import { SinkPool } from './sink-pool.ts';
import { TailFile } from './tail-file.ts';
import { readUnsynced } from './unsynced-batches.ts';

export type { SegmentExtent } from './batch-places.ts';
export type { BatchPlace, GatheringBatch } from './gathering-batch.ts';

export const DEFAULT_SEGMENT_BYTES: number = 16 * 2 ** 20;
/** A batch that begins below this ends below 4 GiB: places in a file are 32 bits in the index. */
const MAXIMUM_SEGMENT_BYTES: number = 2 ** 30;
const DEFAULT_UNSYNCED_BYTES: number = 16 * 2 ** 20;
const DEFAULT_LARGE_BATCH_BYTES: number = 32 * 2 ** 20;

/**
 * A log in a directory: batches of bytes, kept whole or not at all, in order. What it says is what its meta areas say,
 * replayed; its data areas can be read at any place.
 *
 * What is known to be on the disk is never overwritten or cut off. What is not may be written again as it was to the same
 * place: after a full disk, or when the sync of a clean stop has failed. A file in which a write was lost (a failed sync, a silent
 * call) is given up: what is not known to be on the disk is still in memory, and is written again to the next file, which
 * from there on stands for the one before; a file that never got its header is made anew. While a commit is under way or
 * fails, what is gathered is divided into batches where the caller allows it (`endTurn`): how much is staged between two
 * such places is the caller's care, and a batch above 1 GiB fails its commit.
 *
 * @example
 * const log = await SegmentLog.open(new NodeLogFiles(directory), { onReplay, onMoved, onNote });
 * log.gathering.meta.writeText('kept');
 * await log.commit(Durability.Disk);
 */
export class SegmentLog {
  readonly #files: LogFiles;
  readonly #options: SegmentLogOptions;
  readonly #unsyncedBytes: number;
  readonly #largeBatchBytes: number;
  readonly #storeId: Uint8Array;
  readonly #places: BatchPlaces;
  readonly #pending: PendingBatches;
  readonly #tail: TailFile;
  readonly #readers: SegmentReaders;
  readonly #sinks: SinkPool;
  readonly #removal: SegmentRemoval;
  #gathering: GatheringBatch;
  /** Of the last batch that was sealed, and of the last that is known to be on the disk. */
  #sequence: number;
  #syncedSequence: number;
  /** Of the last batch that a commit has been tried with. */
  #coveredSequence: number;
  #attempt: CommitAttempt | null;
  /** The last batch that this process has synced. */
  #lastSynced: { readonly segment: number; readonly start: number; readonly sequence: number } | undefined;
  /** The batch that the files end with, until something is written behind it. See `#sealBatch`. */
  #cleanStop: SealedBatch | null;
  /** The files end as a clean stop leaves them, or there are none. */
  #isClean: boolean;
  #isClosed: boolean;

  /** @throws {StoreOpenError}; {RangeError} for options out of their range */
  static async open(files: LogFiles, options: SegmentLogOptions): Promise<SegmentLog> {
    const { segmentBytes = DEFAULT_SEGMENT_BYTES } = options;
    if (!(segmentBytes >= 1 && segmentBytes <= MAXIMUM_SEGMENT_BYTES)) {
      throw new RangeError(`expected segmentBytes from 1 to ${MAXIMUM_SEGMENT_BYTES}, got ${segmentBytes}`);
    }
    const found = await recover(files, {
      verifiesData: 'after-unclean-stop',
      onBatch: ({ segment, start, meta }) =>
        options.onReplay(meta, { segment, dataStart: start + BATCH_HEADER_BYTES }),
      onProgress: options.onProgress,
    });
    const unsynced = await readUnsynced(files, found.unsynced);
    const log = new SegmentLog(files, options, found);
    log.#goOnAfter(found, unsynced);
    return log;
  }

  private constructor(files: LogFiles, options: SegmentLogOptions, found: RecoveredLog) {
    this.#files = files;
    this.#options = options;
    this.#unsyncedBytes = options.unsyncedBytes ?? DEFAULT_UNSYNCED_BYTES;
    this.#largeBatchBytes = options.largeBatchBytes ?? DEFAULT_LARGE_BATCH_BYTES;
    this.#storeId = found.storeId ?? options.storeId ?? randomBytes(STORE_ID_BYTES);
    this.#places = new BatchPlaces(found.segments, options.segmentBytes ?? DEFAULT_SEGMENT_BYTES);
    // After anything but a clean stop it is unknown what else is in the last file: the next batch begins another.
    if (!found.isClean) this.#places.beginNext();
    this.#pending = new PendingBatches();
    this.#tail = new TailFile(files, this.#storeId, found.segments.at(-1)?.number ?? 0);
    this.#readers = new SegmentReaders(files);
    this.#sinks = new SinkPool();
    this.#removal = new SegmentRemoval(files);
    this.#gathering = this.#gather();
    this.#sequence = found.lastSequence;
    this.#syncedSequence = (found.unsynced[0]?.header.sequence ?? found.lastSequence + 1) - 1;
    this.#coveredSequence = found.lastSequence;
    this.#attempt = null;
    this.#lastSynced = undefined;
    this.#cleanStop = null;
    this.#isClean = found.isClean || found.segments.length === 0;
    this.#isClosed = false;
  }

  /** What the next commit will keep. Another object after each commit that found something in it. */
  get gathering(): GatheringBatch {
    return this.#gathering;
  }

  /** Something is sealed and not written, or written and not synced. */
  get hasPending(): boolean {
    return !this.#pending.isEmpty;
  }

  /** Something is gathered, or was sealed by `endTurn`, that no commit has been tried with. */
  get hasUncovered(): boolean {
    return !this.#gathering.isEmpty || this.#sequence > this.#coveredSequence;
  }

  /** Bytes that are gathered or sealed and not written. */
  get stagedBytes(): number {
    return this.#gathering.data.length + this.#gathering.meta.length + this.#pending.unwrittenBytes;
  }

  /** Of the commit under way: calls of the disk that have come back. */
  get commitSteps(): number {
    return this.#attempt?.steps ?? 0;
  }

  /** Oldest first; the last is the one that is being gathered for, whether its file is there yet or not. */
  get segments(): readonly SegmentExtent[] {
    return this.#places.extents;
  }

  /**
   * Seals what has been gathered and writes it with all that was sealed before and is not written. One at a time. When
   * it rejects, what it covered stays pending and goes first with the next commit. At `Disk`, also syncs what earlier
   * commits wrote.
   *
   * @throws {StoreFailure} rejects with it
   */
  commit(durability: Durability): Promise<void> {
    if (this.#isClosed) return Promise.reject(new StoreFailure('store-closed', 'the store has been closed'));
    return this.#start(durability);
  }

  /** What is gathered from now on may be kept without what has been gathered so far: a batch that is large is sealed. */
  endTurn(): void {
    const { data, meta } = this.#gathering;
    if (data.length + meta.length >= this.#largeBatchBytes && !this.#isClosed) this.#sealBatch(0);
  }

  /**
   * The commit under way has been silent for too long: it rejects with `store-silent`, and whatever its calls come back
   * with later changes nothing. Its file is given up; the next commit looks whether what was kept is still there, and
   * writes again what is not known to be on the disk. A file that was just being begun is waited for by the next commit.
   */
  abandon(): void {
    const attempt = this.#attempt;
    if (attempt === null) return;
    this.#attempt = null;
    const failure = new StoreFailure('store-silent', 'the disk has not answered a write for seconds');
    this.#giveUpFile(failure);
    attempt.fail(failure);
  }

  /**
   * A piece of a data area, wherever it is: gathered, on its way, or in a file. The bytes are the caller's. Blocks the
   * event loop if they are in a file.
   *
   * @throws {StoreFailure} if the file cannot be read or is shorter
   */
  read(segment: number, offset: number, length: number): Uint8Array {
    const { place, data } = this.#gathering;
    if (segment === place.segment && offset >= place.dataStart) {
      return data.slice(offset - place.dataStart, offset - place.dataStart + length).slice();
    }
    const batch = this.#pending.find(segment, offset);
    if (batch !== undefined) {
      const at = offset - batch.place.dataStart;
      return batch.data.slice(at, at + length);
    }
    const target = new Uint8Array(length);
    this.#readers.read(segment, offset, target);
    return target;
  }

  /** Whether this place of a data area is in a file, so that what lies behind it there can be read with it. */
  isInFile(segment: number, offset: number): boolean {
    const { place } = this.#gathering;
    if (segment === place.segment && offset >= place.dataStart) return false;
    return this.#pending.find(segment, offset) === undefined;
  }

  /**
   * Removes the oldest file, one at a time. Whoever calls knows that nothing in it counts any more, by what has been
   * synced. That it is gone survives a power cut once this has resolved. From `close` on no removal begins; one that is
   * under way is the caller's to wait for.
   *
   * @throws {StoreFailure} rejects with it; the file is perhaps still there: call again
   */
  async remove(segment: number): Promise<void> {
    if (this.#places.extents[0]?.number !== segment || segment >= this.#tail.segment) {
      throw new Error(`expected the oldest of several segments to remove, got ${segment}`);
    }
    this.#readers.forget(segment);
    await this.#removal.run(segment);
    this.#places.dropOldest();
  }

  /**
   * Waits for the commit under way, keeps what is gathered and pending, and notes that the stop was clean.
   *
   * @throws {StoreFailure} rejects with it if something could not be kept; the files are closed all the same
   */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#removal.close();
    await this.#attempt?.promise.catch(() => undefined);
    try {
      await this.#start(Durability.Disk);
      if (!this.#isClean) {
        this.#sealBatch(CLEAN_STOP);
        await this.#start(Durability.Disk);
        this.#isClean = true;
      }
    } finally {
      this.#readers.closeAll();
      await this.#tail.close();
    }
  }

  #start(durability: Durability): Promise<void> {
    if (this.#attempt !== null) throw new Error('expected one commit at a time');
    const { data, meta } = this.#gathering;
    if (data.length + meta.length > MAXIMUM_BATCH_BYTES) {
      const text = `expected at most ${MAXIMUM_BATCH_BYTES} bytes in a batch, got ${data.length + meta.length}`;
      return Promise.reject(new StoreFailure('store-batch-too-large', text));
    }
    if (!this.#gathering.isEmpty) this.#sealBatch(0);
    this.#coveredSequence = this.#sequence;
    if (this.#pending.isEmpty) return Promise.resolve();
    const attempt = new CommitAttempt();
    this.#attempt = attempt;
    this.#run(attempt, durability).then(
      () => this.#onDone(attempt),
      (error: unknown) => this.#onFailed(attempt, error),
    );
    return attempt.promise;
  }

  async #run(attempt: CommitAttempt, durability: Durability): Promise<void> {
    // What is sealed meanwhile waits for the next commit, or this one might never end.
    const last = this.#coveredSequence;
    for (;;) {
      const batches = this.#pending.nextToWrite(last);
      if (batches.length === 0) break;
      const isSynced = await this.#tail.write(batches, this.#mustSync(batches, durability), attempt);
      if (attempt.isOver) return;
      this.#isClean = false;
      this.#pending.markWritten(batches.length);
      if (isSynced) this.#onSynced();
      else this.#keepBytesOf(batches);
    }
    if (durability !== Durability.Disk || this.#pending.writtenBytes === 0) return;
    await this.#tail.sync();
    if (!attempt.isOver) this.#onSynced();
  }

  /** A full segment is synced, so that only the last one holds what may be lost. */
  #mustSync(batches: readonly SealedBatch[], durability: Durability): boolean {
    if (durability === Durability.Disk) return true;
    const first = batches[0]!;
    const last = batches.at(-1)!;
    const end = last.start + last.length;
    const unsynced = this.#pending.writtenBytes + end - first.start;
    return unsynced > this.#unsyncedBytes || this.#places.isFull(end);
  }

  #onSynced(): void {
    const synced = this.#pending.takeWritten();
    const last = synced.at(-1)!;
    this.#syncedSequence = last.sequence;
    this.#lastSynced = { segment: last.segment, start: last.start, sequence: last.sequence };
    for (const { sinks } of synced) this.#giveBack(sinks);
  }

  /** They stay in memory until they are synced, and then in no more of it than they need. */
  #keepBytesOf(batches: readonly SealedBatch[]): void {
    for (const batch of batches) {
      const { sinks } = batch;
      batch.keepOwnBytes();
      this.#giveBack(sinks);
    }
  }

  #giveBack(sinks: SealedBatch['sinks']): void {
    if (sinks === null) return;
    this.#sinks.giveBack(sinks.data);
    this.#sinks.giveBack(sinks.meta);
  }

  #onDone(attempt: CommitAttempt): void {
    if (attempt.isOver) return;
    this.#attempt = null;
    attempt.succeed();
  }

  #onFailed(attempt: CommitAttempt, error: unknown): void {
    if (attempt.isOver) return;
    this.#attempt = null;
    const failure = StoreFailure.of(error, `writing ${segmentName(this.#tail.segment)}`);
    // A full disk took some of the bytes, or none: the same ones can be written to the same place.
    if (failure.code !== 'store-full') this.#giveUpFile(failure);
    attempt.fail(failure);
  }

  /** What is not known to be on the disk goes to another file. One that is not open yet has nothing to lose. */
  #giveUpFile(failure: StoreFailure): void {
    if (!this.#tail.isOpen) return;
    const given = this.#tail.segment;
    this.#tail.giveUp(() => this.#checkKept());
    this.#options.onMoved(this.#places.moveBehind(given, this.#pending.all, this.#gathering));
    this.#pending.markUnwritten();
    const text = `${segmentName(given)} is written to no more (${failure.message}); what is not known to be on the disk is written again`;
    this.#options.onNote('store-file-given-up', text);
  }

  #checkKept(): Promise<void> {
    const { begunUpTo } = this.#removal;
    const finished = this.#places.extents.filter(
      ({ number }) => number <= this.#tail.segment && number > begunUpTo,
    );
    const known = {
      storeId: this.#storeId,
      segments: finished.map(({ number }) => number),
      lastSynced: this.#lastSynced,
    };
    return this.#removal.lookAtFiles(() => checkKept(this.#files, known));
  }

  #sealBatch(flags: number): void {
    // The sync of the clean stop may have failed, when nobody was left to write it again: it goes once more to its place.
    if (this.#cleanStop !== null) this.#pending.add(this.#cleanStop);
    this.#cleanStop = null;
    const { place, data, meta } = this.#gathering;
    const sinks = { data, meta };
    this.#sequence++;
    const batch = new SealedBatch(
      this.#sequence,
      this.#syncedSequence,
      flags,
      place,
      data.bytes,
      meta.bytes,
      sinks,
    );
    this.#pending.add(batch);
    this.#places.take(batch.length);
    this.#gathering = this.#gather();
  }

  #gather(): GatheringBatch {
    const { segment, start } = this.#places.next();
    return new GatheringBatch(this.#sinks.take(), this.#sinks.take(), segment, start);
  }

  #goOnAfter(found: RecoveredLog, unsynced: readonly SealedBatch[]): void {
    const newest = found.segments.at(-1)?.number ?? 0;
    if (found.isClean) {
      this.#cleanStop = unsynced.at(-1) ?? null;
    } else if (unsynced.length > 0) {
      for (const batch of unsynced) this.#pending.add(batch);
      this.#options.onMoved(this.#places.moveBehind(newest, unsynced, this.#gathering));
    }
    noteRecovery(found, this.#options.onNote);
  }
}
