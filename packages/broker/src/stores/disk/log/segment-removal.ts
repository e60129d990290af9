import type { LogFiles } from '../files/log-files.ts';
import { StoreFailure } from '../files/store-failure.ts';
import { segmentName } from './batch-format.ts';

/**
 * The removal of files from the oldest on, one at a time. A removal that failed may have taken the name away all the same
 * (the directory could not be synced), so a file counts as perhaps gone from the moment its removal begins.
 *
 * No removal begins while the files are looked at: what is expected there would vanish meanwhile.
 */
export class SegmentRemoval {
  readonly #files: LogFiles;
  #begunUpTo: number;
  #isUnderWay: boolean;
  #isClosed: boolean;
  /** How many look at the files, and what resolves when the last look so far has settled. */
  #looking: number;
  #looked: Promise<void>;

  constructor(files: LogFiles) {
    this.#files = files;
    this.#begunUpTo = 0;
    this.#isUnderWay = false;
    this.#isClosed = false;
    this.#looking = 0;
    this.#looked = Promise.resolve();
  }

  /** Files up to this number are gone or may be; 0 if all are there. */
  get begunUpTo(): number {
    return this.#begunUpTo;
  }

  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  /** No removal begins any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** No removal begins until `look` has settled. One that is under way goes on. */
  lookAtFiles(look: () => Promise<void>): Promise<void> {
    const looking = look();
    this.#looking++;
    const onSettled = (): void => {
      this.#looking--;
    };
    const before = this.#looked;
    this.#looked = looking.then(onSettled, onSettled).then(() => before);
    return looking;
  }

  /** @throws {StoreFailure} rejects with it; the file is perhaps still there: call again */
  async run(segment: number): Promise<void> {
    if (this.#isUnderWay) throw new Error('expected one removal at a time');
    this.#isUnderWay = true;
    try {
      while (this.#looking > 0) await this.#looked;
      if (this.#isClosed) throw new StoreFailure('store-closed', 'the store has been closed');
      this.#begunUpTo = segment;
      await this.#files.remove(segmentName(segment));
    } catch (error) {
      throw StoreFailure.of(error, `removing ${segmentName(segment)}`);
    } finally {
      this.#isUnderWay = false;
    }
  }
}
