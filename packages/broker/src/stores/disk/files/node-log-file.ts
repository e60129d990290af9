import { close, fdatasync, fstat, open, read, readSync, write, writev } from 'node:fs';
import type { LogFile } from './log-files.ts';
import { SyncFailedError, systemCode } from './log-files.ts';

const NO_DESCRIPTOR = -1;

/**
 * A file of the real disk. Calls run in the thread pool.
 *
 * A synced write is one call on a second descriptor with O_DSYNC, if there is one and nothing else waits to be synced;
 * else a write and an `fdatasync`.
 */
export class NodeLogFile implements LogFile {
  readonly #descriptor: number;
  #syncedDescriptor: number;
  /** Something was written that no sync covers: a write with O_DSYNC would not cover it either. */
  #hasUnsynced: boolean;
  #callsUnderWay: number;
  #isClosing: boolean;
  #onQuiet: (() => void) | undefined;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    this.#syncedDescriptor = NO_DESCRIPTOR;
    this.#hasUnsynced = false;
    this.#callsUnderWay = 0;
    this.#isClosing = false;
    this.#onQuiet = undefined;
  }

  /** @param descriptor of the same file, opened with O_DSYNC; closed with this file */
  writeSyncedWith(descriptor: number): void {
    this.#syncedDescriptor = descriptor;
  }

  size(): Promise<number> {
    return this.#call((done) =>
      fstat(this.#descriptor, (error, stats) => done(error, error === null ? stats.size : 0)),
    );
  }

  write(pieces: readonly Uint8Array[], position: number, synced: boolean): Promise<void> {
    if (!synced) return this.#writeUnsynced(pieces, position);
    if (this.#syncedDescriptor === NO_DESCRIPTOR || this.#hasUnsynced) {
      return this.#writeUnsynced(pieces, position).then(() => this.sync());
    }
    return this.#call<void>((done) =>
      writeAll(this.#syncedDescriptor, pieces, position, (error) => {
        if (error !== null) this.#hasUnsynced = true;
        done(inSyncedWrite(error));
      }),
    );
  }

  sync(): Promise<void> {
    return this.#call<void>((done) =>
      fdatasync(this.#descriptor, (error) => {
        if (error === null) this.#hasUnsynced = false;
        done(error === null ? null : new SyncFailedError(error));
      }),
    );
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return this.#call((done) =>
      read(this.#descriptor, target, 0, target.length, position, (error, count) => done(error, count)),
    );
  }

  readSync(target: Uint8Array, position: number): number {
    return readSync(this.#descriptor, target, 0, target.length, position);
  }

  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    if (this.#callsUnderWay > 0) {
      await new Promise<void>((resolve) => {
        this.#onQuiet = resolve;
      });
    }
    if (this.#syncedDescriptor !== NO_DESCRIPTOR) await closeDescriptor(this.#syncedDescriptor);
    await closeDescriptor(this.#descriptor);
  }

  #writeUnsynced(pieces: readonly Uint8Array[], position: number): Promise<void> {
    this.#hasUnsynced = true;
    return this.#call<void>((done) => writeAll(this.#descriptor, pieces, position, done));
  }

  /** Counts the call, so that `close` can wait for it. */
  #call<T>(start: (done: (error: Error | null, value?: T) => void) => void): Promise<T> {
    if (this.#isClosing) return Promise.reject(new Error('the file is closed'));
    return new Promise<T>((resolve, reject) => {
      this.#callsUnderWay++;
      start((error, value) => {
        this.#callsUnderWay--;
        if (error === null) resolve(value as T);
        else reject(error);
        if (this.#callsUnderWay === 0) this.#onQuiet?.();
      });
    });
  }
}

/** @returns a file descriptor */
export function openDescriptor(path: string, flags: number, mode: number): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, flags, mode, (error, descriptor) => (error === null ? resolve(descriptor) : reject(error)));
  });
}

function closeDescriptor(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    close(descriptor, (error) => (error ? reject(error) : resolve()));
  });
}

/** A full disk refuses the bytes before they can be lost; any other error may come from the sync in the call. */
function inSyncedWrite(error: Error | null): Error | null {
  if (error === null) return null;
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EROFS' ? error : new SyncFailedError(error);
}

/** Writes on after a short write, which a nearly full disk and a very long one give. */
function writeAll(
  descriptor: number,
  pieces: readonly Uint8Array[],
  position: number,
  done: (error: Error | null) => void,
): void {
  let rest = pieces.filter((piece) => piece.length > 0);
  let at = position;
  const onWritten = (error: Error | null, count: number): void => {
    if (error !== null) {
      done(error);
      return;
    }
    at += count;
    rest = withoutFirst(rest, count);
    if (rest.length > 0) next();
    else done(null);
  };
  const next = (): void => {
    const [first] = rest;
    if (first === undefined) done(null);
    else if (rest.length === 1) write(descriptor, first, 0, first.length, at, onWritten);
    else writev(descriptor, rest, at, onWritten);
  };
  next();
}

function withoutFirst(pieces: Uint8Array[], count: number): Uint8Array[] {
  let skipped = count;
  let index = 0;
  while (index < pieces.length && skipped >= pieces[index]!.length) skipped -= pieces[index++]!.length;
  const rest = pieces.slice(index);
  if (skipped > 0) rest[0] = rest[0]!.subarray(skipped);
  return rest;
}
