/** What Mosquitto kept, made a store of ours: whole or not at all. */
import { dirname, resolve } from 'node:path';
import type { ExportCounts } from '../../stores/disk/tools/export/export-lines.ts';
import { ImportError } from '../../stores/disk/tools/import/import-error.ts';
import { importStore } from '../../stores/disk/tools/import-store.ts';
import { ContentsLines } from './contents-lines.ts';
import { MosquittoDatabaseError } from './database-error.ts';
import { FileBytes } from './file-bytes.ts';
import type { MosquittoContents } from './mosquitto-contents.ts';
import { readSnapshot, SNAPSHOT_MAGIC } from './snapshot-file.ts';
import { readSqlite, SQLITE_MAGIC } from './sqlite-database.ts';

export type MosquittoDatabaseKind = 'snapshot' | 'sqlite';

export interface MosquittoImportOptions {
  /** Take what is before the first damage of a `mosquitto.db`, and say what was lost. @default false */
  readonly salvage?: boolean;
  /** Ms since 1970: messages that have expired by then are left out. @default now */
  readonly nowMs?: number;
  /** Lines of the export that is made on the way: sessions, subscriptions, messages, places in queues. */
  readonly onProgress?: (lines: number) => void;
}

export interface MosquittoImportResult {
  /** Such as `mosquitto.db, version 6`. */
  readonly format: string;
  readonly counts: Readonly<ExportCounts>;
  /** What was left out, or is worth knowing: a sentence each. */
  readonly notices: readonly string[];
}

/**
 * What kind of database a file is, by its first bytes; undefined if it is none of Mosquitto's.
 * @throws {MosquittoDatabaseError} `unreadable`
 */
export function mosquittoDatabaseKind(path: string): MosquittoDatabaseKind | undefined {
  const file = new FileBytes(path);
  try {
    return kindOf(file);
  } finally {
    file.close();
  }
}

function kindOf(file: FileBytes): MosquittoDatabaseKind | undefined {
  const head = file.read(0, 16).toString('latin1');
  if (head.startsWith(SNAPSHOT_MAGIC)) return 'snapshot';
  return head === SQLITE_MAGIC ? 'sqlite' : undefined;
}

/**
 * Makes a store of `mosquitto.db` (version 5 or 6) or of the SQLite plugin's database: in an empty or absent directory, or in that of
 * the database, which stays there with all else. It is only read; Mosquitto should not be running, or what it keeps in memory is not there.
 *
 * @param path the database
 * @param directory of the new store
 * @throws {MosquittoDatabaseError} when it is none, or is damaged
 * @throws {StoreToolError} `target-not-empty`
 * @throws {StoreLockError} when a broker uses the directory
 * @throws {StoreFailure} when the disk is full or fails
 *
 * @example
 * await importMosquittoDatabase('/var/lib/mosquitto/mosquitto.db', '/var/lib/martlet');
 */
export async function importMosquittoDatabase(
  path: string,
  directory: string,
  options: MosquittoImportOptions = {},
): Promise<MosquittoImportResult> {
  const { salvage = false, nowMs = Date.now(), onProgress } = options;
  const { contents, writtenMs } = await openContents(path, salvage);
  try {
    const lines = new ContentsLines(contents, { nowMs, writtenMs });
    const isBeside = dirname(resolve(path)) === resolve(directory);
    const counts = await importStore(textsOf(lines), directory, {
      ...(isBeside && { beside: path }),
      ...(onProgress && { onProgress }),
    });
    return { format: contents.format, counts, notices: noticesOf(contents, lines) };
  } catch (error) {
    // What no reader of chunks or rows saw: an identifier twice, say.
    if (!(error instanceof ImportError)) throw error;
    const text = `${path} says what cannot be: ${error.message}`;
    throw new MosquittoDatabaseError(text, { code: 'damaged', cause: error });
  } finally {
    contents.close();
  }
}

async function openContents(
  path: string,
  salvage: boolean,
): Promise<{ readonly contents: MosquittoContents; readonly writtenMs: number }> {
  const file = new FileBytes(path);
  const writtenMs = file.modifiedMs;
  let contents: MosquittoContents | undefined;
  try {
    const kind = kindOf(file);
    if (kind === 'snapshot') contents = readSnapshot(file, salvage);
    else if (kind === 'sqlite') contents = await readSqlite(path);
    else {
      throw new MosquittoDatabaseError(
        `expected a mosquitto.db or the database of Mosquitto's SQLite plugin, ${path} is neither`,
        { code: 'not-a-database' },
      );
    }
    if (kind === 'sqlite') file.close();
    return { contents, writtenMs };
  } catch (error) {
    file.close();
    throw error;
  }
}

async function* textsOf(lines: ContentsLines): AsyncGenerator<string> {
  for (const line of lines.lines()) yield `${JSON.stringify(line)}\n`;
}

function noticesOf(contents: MosquittoContents, { leftOut }: ContentsLines): readonly string[] {
  const left = [...leftOut].map(([reason, count]) => `left out: ${count} ${reason}`);
  const shared = contents.subscriptions.some(({ topicFilter }) => topicFilter.startsWith('$share/'));
  const hint =
    contents.format.startsWith('mosquitto.db') && contents.sessions.length > 0 && !shared
      ? ['mosquitto.db of Mosquitto 2.0 holds no shared subscriptions: clients that have some subscribe anew']
      : [];
  return [...contents.lost, ...left, ...hint];
}
