import { randomBytes } from 'node:crypto';
import type { StoredChange } from '../session-store.ts';
import {
  BATCH_HEADER_BYTES,
  encodeBatch,
  encodeFileHeader,
  FILE_HEADER_BYTES,
  FILE_ID_BYTES,
  readChanges,
  seedOf,
} from './log-format.ts';
import type { SessionFile, SessionFiles } from './session-files.ts';

/** The end of a log, where batches are appended. To be used no more once a call of it has rejected. */
export class LogWriter {
  readonly file: SessionFile;
  readonly seed: number;
  /** Of the next batch. */
  #sequence: number;
  #end: number;

  constructor(file: SessionFile, seed: number, sequence: number, end: number) {
    this.file = file;
    this.seed = seed;
    this.#sequence = sequence;
    this.#end = end;
  }

  /** Makes a file with a header and no batch; what had the name is overwritten. */
  static async begin(files: SessionFiles, name: string): Promise<LogWriter> {
    const id = randomBytes(FILE_ID_BYTES);
    const file = await files.create(name);
    try {
      await file.write(encodeFileHeader(id), 0);
    } catch (error) {
      await file.close();
      throw error;
    }
    return new LogWriter(file, seedOf(id), 1, FILE_HEADER_BYTES);
  }

  /** Where the next batch begins. */
  get end(): number {
    return this.#end;
  }

  /**
   * Writes a batch, without a sync, and then shows its changes: the key, where in the file the value lies, and its length,
   * -1 for a removal. Rejects with `STORE_FAILED` for a wrong key, or with the system's error.
   */
  async append(
    changes: readonly StoredChange[],
    onChange: (key: number, position: number, length: number) => void,
  ): Promise<void> {
    const batch = encodeBatch(changes, this.#sequence, this.seed);
    await this.file.write(batch, this.#end);
    const bodyStart = this.#end + BATCH_HEADER_BYTES;
    this.#sequence++;
    this.#end += batch.length;
    readChanges(batch.subarray(BATCH_HEADER_BYTES), (key, start, length) => {
      onChange(key, bodyStart + start, length);
    });
  }
}
