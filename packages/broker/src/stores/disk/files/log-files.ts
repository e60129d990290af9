/**
 * What the log needs of a directory, and of a file in it: the border to the disk. `NodeLogFiles` is the real one; tests
 * have one that loses power, fills up and falls silent.
 *
 * An error of the file system rejects as it came, with its `code` (`ENOSPC`, `EIO`, …). A failure after which it is
 * unknown what earlier writes left on the disk is a {@link SyncFailedError}.
 */
export interface LogFiles {
  /** The names of everything in the directory, in no particular order. */
  list(): Promise<readonly string[]>;
  /** New and empty; fails if the name is taken. The name survives a power cut once this has resolved. */
  create(name: string): Promise<LogFile>;
  open(name: string, mode: 'read' | 'write'): Promise<LogFile>;
  /** As `open` to read, but blocks the event loop: for a reader that cannot wait. Throws. */
  openSync(name: string): LogFile;
  /** Nothing happens if there is no such file. That it is gone survives a power cut once this has resolved. */
  remove(name: string): Promise<void>;
}

export interface LogFile {
  /** Bytes. */
  size(): Promise<number>;
  /**
   * Writes all pieces one behind the other, wholly, or rejects. They must not change meanwhile.
   * @param synced resolve only when this, and everything written to the file before, survives a power cut
   */
  write(pieces: readonly Uint8Array[], position: number, synced: boolean): Promise<void>;
  /** Resolves when everything written before survives a power cut. */
  sync(): Promise<void>;
  /** Reads as much as there is, at most `target.length` bytes; returns how many. */
  read(target: Uint8Array, position: number): Promise<number>;
  /** As `read`, but blocks the event loop: for small pieces that are mostly in the page cache. Throws. */
  readSync(target: Uint8Array, position: number): number;
  /** Waits for the calls under way: a descriptor is never given back while the system may still write to it. */
  close(): Promise<void>;
}

/**
 * A sync failed. The system may count as clean, from now on, what it did not write: no later sync of this file says
 * anything about what was written before.
 */
export class SyncFailedError extends Error {
  override readonly name = 'SyncFailedError';
  /** The system's own, such as `EIO`. */
  readonly code: string;

  constructor(cause: unknown) {
    super(`the disk did not sync a file: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
    this.code = systemCode(cause);
  }
}

/** The code of an error of the file system, such as `ENOSPC`; `EUNKNOWN` for any other error. */
export function systemCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : 'EUNKNOWN';
}
