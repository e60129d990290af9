import type { LogFile } from '../files/log-files.ts';

/**
 * Reads a file from front to back through one buffer, and skips what nobody asks for. A view that it gave is valid until
 * the next `fill`.
 */
export class ReadWindow {
  readonly #file: LogFile;
  readonly #fileBytes: number;
  /** Read at once, if there is as much. */
  readonly #chunkBytes: number;
  #buffer: Uint8Array;
  #start: number;
  #end: number;

  constructor(file: LogFile, fileBytes: number, chunkBytes: number) {
    this.#file = file;
    this.#fileBytes = fileBytes;
    this.#chunkBytes = chunkBytes;
    this.#buffer = new Uint8Array(chunkBytes);
    this.#start = 0;
    this.#end = 0;
  }

  /** Whether these bytes of the file can be viewed now. */
  holds(position: number, length: number): boolean {
    return position >= this.#start && position + length <= this.#end;
  }

  /** Reads them. False if the file ends before. */
  async fill(position: number, length: number): Promise<boolean> {
    if (position + length > this.#fileBytes) return false;
    const wanted = Math.min(Math.max(length, this.#chunkBytes), this.#fileBytes - position);
    const target = this.#bufferOf(wanted);
    const held = position >= this.#start && position < this.#end ? this.#end - position : 0;
    // What is held already of the wanted bytes moves to the front instead of being read twice.
    if (held > 0) {
      target.set(this.#buffer.subarray(position - this.#start, position - this.#start + held));
    }
    this.#buffer = target;
    this.#start = position;
    this.#end = position + held;
    while (this.#end < position + wanted) {
      const count = await this.#file.read(target.subarray(this.#end - position, wanted), this.#end);
      if (count === 0) return this.holds(position, length);
      this.#end += count;
    }
    return true;
  }

  view(position: number, length: number): Uint8Array {
    const at = position - this.#start;
    return this.#buffer.subarray(at, at + length);
  }

  #bufferOf(length: number): Uint8Array {
    if (length <= this.#buffer.length) return this.#buffer;
    return new Uint8Array(length);
  }
}
