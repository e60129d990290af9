import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { MosquittoDatabaseError } from './database-error.ts';

/** A file, read piece by piece where it is asked for: a database may be larger than the memory of the machine it moves to. */
export class FileBytes {
  readonly path: string;
  readonly size: number;
  /** Ms since 1970. */
  readonly modifiedMs: number;
  readonly #descriptor: number;

  /** @throws {MosquittoDatabaseError} `unreadable` */
  constructor(path: string) {
    this.path = path;
    this.#descriptor = orUnreadable(path, () => openSync(path, 'r'));
    try {
      const status = orUnreadable(path, () => fstatSync(this.#descriptor));
      if (!status.isFile()) {
        throw new MosquittoDatabaseError(`expected ${path} to be a file`, { code: 'unreadable' });
      }
      this.size = status.size;
      this.modifiedMs = status.mtimeMs;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Memory of the caller's own; shorter than asked at the end of the file.
   * @throws {MosquittoDatabaseError} `unreadable`
   */
  read(offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(Math.max(0, Math.min(length, this.size - offset)));
    let done = 0;
    while (done < bytes.length) {
      const position = offset + done;
      const read = orUnreadable(this.path, () =>
        readSync(this.#descriptor, bytes, done, bytes.length - done, position),
      );
      if (read === 0) return bytes.subarray(0, done);
      done += read;
    }
    return bytes;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function orUnreadable<Result>(path: string, call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new MosquittoDatabaseError(`${path} cannot be read: ${code}`, { code: 'unreadable', cause: error });
  }
}
