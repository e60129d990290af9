/**
 * Output memory that is used for one turn and returned. Buffers of a few sizes are kept for reuse, the rest is left
 * to the garbage collector; so an idle connection owns none.
 */
import { FIXED_BOUNDS } from '../options/fixed-bounds.ts';

const SMALLEST_BYTES = 2048;
/** 2, 8, 32 and 128 KiB, then 512 KiB. */
const CLASSES = 5;
/** What the pool keeps at most, per class. */
const KEPT_BYTES_PER_CLASS = FIXED_BOUNDS.pooledBytesPerClass.value;

export class BufferPool {
  readonly #free: Uint8Array[][] = Array.from({ length: CLASSES }, () => []);

  /** Memory for at least `bytes`; its content is undefined. */
  take(bytes: number): Uint8Array {
    let size = SMALLEST_BYTES;
    for (let sizeClass = 0; sizeClass < CLASSES; sizeClass++) {
      if (bytes <= size) return this.#free[sizeClass]!.pop() ?? new Uint8Array(size);
      size *= 4;
    }
    return new Uint8Array(bytes);
  }

  /** Gives memory back that nobody reads any more. */
  give(buffer: Uint8Array): void {
    let size = SMALLEST_BYTES;
    for (let sizeClass = 0; sizeClass < CLASSES; sizeClass++) {
      if (buffer.length === size) {
        const free = this.#free[sizeClass]!;
        if (free.length * size < KEPT_BYTES_PER_CLASS) free.push(buffer);
        return;
      }
      size *= 4;
    }
  }
}
