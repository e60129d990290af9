import type { SessionFile } from './session-files.ts';

/** Enough to make calls of the file system rare, and little enough to hold. */
const WINDOW_BYTES = 256 * 1024;

/** Reads a file through a window that moves forward, so that small neighbours cost one call together. */
export class LogWindow {
  /** Bytes of the file. */
  readonly fileBytes: number;
  readonly #file: SessionFile;
  #bytes: Uint8Array;
  #start: number;
  #length: number;

  constructor(file: SessionFile, fileBytes: number) {
    this.fileBytes = fileBytes;
    this.#file = file;
    this.#bytes = new Uint8Array(0);
    this.#start = 0;
    this.#length = 0;
  }

  /** Whether `view` may be called for these bytes without `fill`. */
  holds(position: number, length: number): boolean {
    return position >= this.#start && position + length <= this.#start + this.#length;
  }

  /** Fulfils with whether these bytes are held now; they are not if the file ends before. */
  async fill(position: number, length: number): Promise<boolean> {
    if (this.holds(position, length)) return true;
    if (position + length > this.fileBytes) return false;
    const wanted = Math.min(Math.max(length, WINDOW_BYTES), this.fileBytes - position);
    if (this.#bytes.length < wanted) this.#bytes = new Uint8Array(wanted);
    this.#start = position;
    this.#length = 0;
    this.#length = await this.#file.read(this.#bytes.subarray(0, wanted), position);
    return length <= this.#length;
  }

  /** Valid until the next `fill`. */
  view(position: number, length: number): Uint8Array {
    const from = position - this.#start;
    return this.#bytes.subarray(from, from + length);
  }
}
