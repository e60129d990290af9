import type { LogFile, LogFiles } from '../files/log-files.ts';
import { batchSeed, FORMAT_VERSION, segmentName } from './batch-format.ts';
import type { CommitAttempt } from './commit-attempt.ts';
import type { SealedBatch } from './sealed-batch.ts';
import { beginSegment, piecesOf } from './segment-beginning.ts';
import { writeInSteps } from './stepped-write.ts';

/** The newest file of the log, to which batches are appended. */
export class TailFile {
  readonly #files: LogFiles;
  readonly #storeId: Uint8Array;
  /** Null until it is needed: a store is opened in a directory that cannot be written to, and read. */
  #file: LogFile | null;
  #segment: number;
  /** What the checksums of its batches begin with. */
  #seed: number;
  /** Settles when a beginning, abandoned perhaps, touches the names of the directory no more. */
  #beginning: Promise<void> | null;
  /** What has to be in order before another file is begun. */
  #check: (() => Promise<void>) | null;

  /** @param segment the newest file there is; 0 if there is none */
  constructor(files: LogFiles, storeId: Uint8Array, segment: number) {
    this.#files = files;
    this.#storeId = storeId;
    this.#file = null;
    this.#segment = segment;
    this.#seed = batchSeed(storeId, segment);
    this.#beginning = null;
    this.#check = null;
  }

  /** The number of the newest file that is a segment of the log; 0 if there is none. */
  get segment(): number {
    return this.#segment;
  }

  get isOpen(): boolean {
    return this.#file !== null;
  }

  /**
   * Writes batches that lie one behind the other in one segment: this one, or the next, which is begun with them.
   * When the attempt is over meanwhile, nothing follows from it.
   *
   * @returns whether everything in the file is on the disk now
   */
  async write(batches: readonly SealedBatch[], synced: boolean, attempt: CommitAttempt): Promise<boolean> {
    const [first] = batches;
    if (first!.segment !== this.#segment) {
      await this.#begin(first!, batches, attempt);
      return true;
    }
    const file = this.#file ?? (await this.#openAgain(attempt));
    if (attempt.isOver) return false;
    for (const batch of batches) batch.sealWith(this.#seed);
    await writeInSteps(file, piecesOf(batches), first!.start, synced, attempt);
    return synced;
  }

  /**
   * Resolves when all that was written survives a power cut; at once if no file is open, for then nothing was written.
   * @throws what the disk says
   */
  async sync(): Promise<void> {
    await this.#file?.sync();
  }

  /** Nothing is written to this file any more. Before the next one is begun, `check` must resolve. */
  giveUp(check: () => Promise<void>): void {
    this.#check = check;
    this.#closeFile();
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.close();
  }

  async #openAgain(attempt: CommitAttempt): Promise<LogFile> {
    const file = await this.#files.open(segmentName(this.#segment), 'write');
    if (attempt.isOver) file.close().catch(() => undefined);
    else this.#file = file;
    return file;
  }

  async #begin(first: SealedBatch, batches: readonly SealedBatch[], attempt: CommitAttempt): Promise<void> {
    this.#closeFile();
    // A call of an earlier attempt that is still silent could remove the file that is made now.
    if (this.#beginning !== null) await this.#beginning;
    if (attempt.isOver) return;
    if (this.#check !== null) await this.#check();
    if (attempt.isOver) return;
    const { segment } = first;
    const seed = batchSeed(this.#storeId, segment);
    for (const batch of batches) batch.sealWith(seed);
    const header = {
      version: FORMAT_VERSION,
      segment,
      firstSequence: first.sequence,
      storeId: this.#storeId,
    };
    const beginning = beginSegment(this.#files, header, batches, attempt);
    this.#beginning = beginning.then(
      () => undefined,
      () => undefined,
    );
    const file = await beginning;
    if (attempt.isOver) {
      file.close().catch(() => undefined);
      return;
    }
    this.#file = file;
    this.#segment = segment;
    this.#seed = seed;
    this.#beginning = null;
    this.#check = null;
  }

  /** Nobody waits for it: everything that counts is synced, or written again elsewhere. */
  #closeFile(): void {
    this.#file?.close().catch(() => undefined);
    this.#file = null;
  }
}
