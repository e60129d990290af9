import type { LogFile, LogFiles } from '../files/log-files.ts';
import { StoreFailure } from '../files/store-failure.ts';
import { segmentName } from './batch-format.ts';

/** A backlog of many files is read with as many descriptors as are in use together, not one a file. */
const MAXIMUM_OPEN_FILES = 32;

/** Files of the log that are open to be read: the last used ones. */
export class SegmentReaders {
  readonly #files: LogFiles;
  /** In the order of use, the longest unused first. */
  readonly #open: Map<number, LogFile>;

  constructor(files: LogFiles) {
    this.#files = files;
    this.#open = new Map();
  }

  /** @throws {StoreFailure} `store-damaged` if the file is shorter, `store-io` if it cannot be read */
  read(segment: number, offset: number, target: Uint8Array): void {
    let count: number;
    try {
      count = readWholly(this.#fileOf(segment), target, offset);
    } catch (error) {
      throw StoreFailure.of(error, `reading ${segmentName(segment)}, byte ${offset}`);
    }
    if (count === target.length) return;
    const text = `expected ${target.length} bytes in ${segmentName(segment)} at byte ${offset}, it has ${count}`;
    throw new StoreFailure('store-damaged', text);
  }

  /** What is open of it is closed. */
  forget(segment: number): void {
    const file = this.#open.get(segment);
    this.#open.delete(segment);
    // A reader has nothing to lose by a failed close.
    file?.close().catch(() => undefined);
  }

  closeAll(): void {
    for (const segment of [...this.#open.keys()]) this.forget(segment);
  }

  #fileOf(segment: number): LogFile {
    let file = this.#open.get(segment);
    if (file === undefined) {
      const [unused] = this.#open.keys();
      if (this.#open.size >= MAXIMUM_OPEN_FILES && unused !== undefined) this.forget(unused);
      file = this.#files.openSync(segmentName(segment));
    } else {
      this.#open.delete(segment);
    }
    this.#open.set(segment, file);
    return file;
  }
}

function readWholly(file: LogFile, target: Uint8Array, offset: number): number {
  let count = 0;
  while (count < target.length) {
    const read = file.readSync(count === 0 ? target : target.subarray(count), offset + count);
    if (read === 0) break;
    count += read;
  }
  return count;
}
