/**
 * The log of a session in one file, `session.log` (log-format.ts): every write appends a batch and syncs it. The values
 * stay in the file; in memory is where each living one lies.
 *
 * What was replaced or removed stays in the file until it is more than what lives. Then `compact` copies what lives into
 * `session.new`, syncs it, and gives it the log's name: whenever the power goes, that is the name of a whole log. So the
 * file has at most twice what lives, `compactFromBytes` and one write, and a byte that is written is copied about once.
 *
 * A log is used by one caller at a time, and not after a call of it has rejected, but for `abandon`: what a failed write
 * or sync left on the disk is found out when the log is opened again. Then the last batch is written once more, since
 * a system that has told of a failed sync may believe what it did not write to be on the disk.
 */
import { ClientError } from '../../client-error.ts';
import type { StoredChange, StoredRecord } from '../session-store.ts';
import { LivingRecords } from './living-records.ts';
import { damagedLog, tornTail, unknownFormat } from './log-damage.ts';
import {
  batchBytes,
  CHANGE_HEADER_BYTES,
  decodeFileHeader,
  FILE_HEADER_BYTES,
  FORMAT_VERSION,
  readChanges,
} from './log-format.ts';
import type { ScanEnd } from './log-scan.ts';
import { laterBatch, scanLog } from './log-scan.ts';
import { LogWindow } from './log-window.ts';
import { LogWriter } from './log-writer.ts';
import type { SessionFile, SessionFiles } from './session-files.ts';
import { storeFailure } from './store-failure.ts';

export interface SessionLogLimits {
  /** With fewer dead bytes than that, a log is not compacted. */
  readonly compactFromBytes: number;
  /** Of one write, with all that is around its values. */
  readonly batchBytes: number;
  /** What is gathered before it is written, when a log is compacted. */
  readonly copyBytes: number;
}

export const SESSION_LOG_LIMITS: Readonly<SessionLogLimits> = {
  compactFromBytes: 256 * 1024,
  batchBytes: 2 ** 30,
  copyBytes: 2 ** 20,
};

export interface OpenedLog {
  readonly log: SessionLog;
  /** In ascending order of key. */
  readonly records: readonly StoredRecord[];
  /** A last batch that was not whole, and was cut off. */
  readonly torn: ClientError | undefined;
}

const LOG_NAME = 'session.log';
const NEW_LOG_NAME = 'session.new';

export class SessionLog {
  readonly #files: SessionFiles;
  readonly #limits: SessionLogLimits;
  #writer: LogWriter;
  #living: LivingRecords;
  #compactFromBytes: number;

  private constructor(
    files: SessionFiles,
    limits: SessionLogLimits,
    writer: LogWriter,
    living: LivingRecords,
  ) {
    this.#files = files;
    this.#limits = limits;
    this.#writer = writer;
    this.#living = living;
    this.#compactFromBytes = limits.compactFromBytes;
  }

  /**
   * Opens the log of a directory, or makes one. Rejects with `STORE_FAILED` if the log is damaged, and then has changed
   * nothing; or with the system's error.
   */
  static async open(files: SessionFiles, limits: SessionLogLimits = SESSION_LOG_LIMITS): Promise<OpenedLog> {
    const file = await files.open(LOG_NAME);
    if (file === undefined) {
      const writer = await LogWriter.begin(files, NEW_LOG_NAME);
      await closingOnError(writer.file, async () => {
        await writer.file.sync();
        await nameNewLog(files);
      });
      const log = new SessionLog(files, limits, writer, new LivingRecords());
      return { log, records: [], torn: undefined };
    }
    return closingOnError(file, async () => {
      const { writer, living, records, torn } = await load(files.pathOf(LOG_NAME), file);
      // A compaction that was interrupted left it.
      await files.remove(NEW_LOG_NAME);
      // An earlier process may have been told that this failed when it had given the file its name.
      await files.syncNames();
      return { log: new SessionLog(files, limits, writer, living), records, torn };
    });
  }

  /** Rejects with the system's error, or with `STORE_FAILED` for a write that is too long or has a wrong key. */
  async append(changes: readonly StoredChange[]): Promise<void> {
    const length = batchBytes(changes);
    if (length > this.#limits.batchBytes) {
      throw new ClientError(
        'STORE_FAILED',
        `expected at most ${this.#limits.batchBytes} bytes in one write to a session store, got ${length}`,
      );
    }
    await this.#writer.append(changes, (...change) => this.#living.change(...change));
    await this.#writer.file.sync();
  }

  /** Whether more is dead than living, so that `compact` should be called before the next write. */
  get wantsCompaction(): boolean {
    return this.#deadBytes > Math.max(this.#compactFromBytes, this.#living.bytes);
  }

  /**
   * Fulfils with undefined when the log has what lives and nothing else; or with why it stayed as it was. Then it can be
   * used on, and wants to be compacted when twice as much is dead. Rejects if which of the two holds is not known, and
   * with `STORE_FAILED` if the log turns out to be damaged.
   */
  async compact(): Promise<ClientError | undefined> {
    const living = new LivingRecords();
    let writer: LogWriter;
    try {
      writer = await this.#copyLiving(living);
    } catch (error) {
      if (error instanceof ClientError) throw error;
      this.#compactFromBytes = 2 * this.#deadBytes;
      await this.#files.remove(NEW_LOG_NAME).catch(() => undefined);
      return storeFailure(`making ${this.#files.pathOf(LOG_NAME)} smaller (it is used on as it is)`, error);
    }
    const oldFile = this.#writer.file;
    this.#writer = writer;
    this.#living = living;
    // First, because Windows replaces no open file.
    await oldFile.close();
    await nameNewLog(this.#files);
    this.#compactFromBytes = this.#limits.compactFromBytes;
    return undefined;
  }

  /** Ends the log in order. Nothing that was kept depends on it. */
  async close(): Promise<void> {
    // Not synced: if it does not reach the disk, the log ends as after a crash.
    await this.#writer.append([], () => undefined).catch(() => undefined);
    await this.#writer.file.close();
  }

  /** Closes the file as it is, after a call has rejected. */
  async abandon(): Promise<void> {
    await this.#writer.file.close().catch(() => undefined);
  }

  get #deadBytes(): number {
    return this.#writer.end - FILE_HEADER_BYTES - this.#living.bytes;
  }

  /** Writes what lives to a new file, which has no name of a log yet. */
  async #copyLiving(living: LivingRecords): Promise<LogWriter> {
    const writer = await LogWriter.begin(this.#files, NEW_LOG_NAME);
    return closingOnError(writer.file, async () => {
      let gathered: StoredChange[] = [];
      let gatheredBytes = 0;
      const flush = async (): Promise<void> => {
        await writer.append(gathered, (...change) => living.change(...change));
        gathered = [];
        gatheredBytes = 0;
      };
      const window = new LogWindow(this.#writer.file, this.#writer.end);
      const scanned = await scanLog(window, this.#writer.seed, (body, bodyStart) => {
        readChanges(body, (key, start, length) => {
          if (length < 0 || !this.#living.isLiving(key, bodyStart + start)) return;
          gathered.push({ key, value: body.slice(start, start + length) });
          gatheredBytes += CHANGE_HEADER_BYTES + length;
        });
        return gatheredBytes < this.#limits.copyBytes ? undefined : flush();
      });
      if (scanned.fault !== undefined)
        throw damagedLog(this.#files.pathOf(LOG_NAME), scanned.end, scanned.fault);
      if (gathered.length > 0) await flush();
      await writer.file.sync();
      return writer;
    });
  }
}

/** What is in a log, which is changed only when all of it has been understood. */
async function load(
  path: string,
  file: SessionFile,
): Promise<{
  writer: LogWriter;
  living: LivingRecords;
  records: readonly StoredRecord[];
  torn: ClientError | undefined;
}> {
  const window = new LogWindow(file, await file.size());
  const seed = await seedIn(path, window);
  const living = new LivingRecords();
  const values = new Map<number, Uint8Array>();
  const scanned = await scanLog(window, seed, (body, bodyStart) => {
    const isWhole = readChanges(body, (key, start, length) => {
      living.change(key, bodyStart + start, length);
      // A copy, because of a long batch only a little may live.
      if (length < 0) values.delete(key);
      else values.set(key, body.slice(start, start + length));
    });
    if (!isWhole) throw damagedLog(path, bodyStart, 'expected whole changes, their lengths are wrong');
  });
  const { fault, end, sequence } = scanned;
  const later = fault === undefined ? undefined : await laterBatch(window, seed, scanned);
  // Only the last batch may not be whole: the one before was on the disk when it was begun.
  if (later !== undefined) throw damagedLog(path, end, `${fault}, and batch ${later} follows`);
  if (fault !== undefined) await file.truncate(end);
  await writeAgain(file, scanned);
  return {
    writer: new LogWriter(file, seed, sequence, end),
    living,
    records: [...values].map(([key, value]) => ({ key, value })).sort((one, other) => one.key - other.key),
    torn: fault === undefined ? undefined : tornTail(path, end, window.fileBytes - end, fault),
  };
}

/** The file is named when its header is on the disk: a log without one was damaged later. */
async function seedIn(path: string, window: LogWindow): Promise<number> {
  const isHeld = await window.fill(0, FILE_HEADER_BYTES);
  const header = isHeld ? decodeFileHeader(window.view(0, FILE_HEADER_BYTES)) : undefined;
  if (header === undefined) {
    throw damagedLog(path, 0, `expected the header of a session log in a file of ${window.fileBytes} bytes`);
  }
  if (header.version > FORMAT_VERSION) throw unknownFormat(path, header.version, FORMAT_VERSION);
  return header.seed;
}

/** Makes sure of the last batch: all others were on the disk before it was begun. */
async function writeAgain(file: SessionFile, { lastStart, end }: ScanEnd): Promise<void> {
  const batch = new Uint8Array(end - lastStart);
  if ((await file.read(batch, lastStart)) < batch.length)
    throw new Error('session.log is being made shorter');
  await file.write(batch, lastStart);
  await file.sync();
}

async function nameNewLog(files: SessionFiles): Promise<void> {
  await files.rename(NEW_LOG_NAME, LOG_NAME);
  await files.syncNames();
}

/** A file is closed if what was to be done with it rejects. */
async function closingOnError<T>(file: SessionFile, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
}
