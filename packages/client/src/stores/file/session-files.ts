/**
 * What the log needs of its directory, and of a file in it: the border to the disk. `NodeSessionFiles` is the real one;
 * tests have one that loses power, fills up and fails. An error of the file system rejects as it came, with its `code`.
 */
export interface SessionFiles {
  /** The path of a file, for texts. */
  pathOf(name: string): string;
  /** Empty, to be read and written; a file that had the name is emptied. */
  create(name: string): Promise<SessionFile>;
  /** To be read and written; undefined if there is none. */
  open(name: string): Promise<SessionFile | undefined>;
  /** A file that had the new name is replaced: whenever the power goes, the name is that of one of the two. */
  rename(from: string, to: string): Promise<void>;
  /** Nothing happens if there is none. */
  remove(name: string): Promise<void>;
  /** Fulfilled when the names as they are now survive a power cut. */
  syncNames(): Promise<void>;
}

export interface SessionFile {
  /** Bytes. */
  size(): Promise<number>;
  /** Reads as much as there is, at most `target.length` bytes; fulfils with how many. */
  read(target: Uint8Array, position: number): Promise<number>;
  /** Writes all of it, or rejects. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  truncate(length: number): Promise<void>;
  /** Fulfilled when everything written before survives a power cut. */
  sync(): Promise<void>;
  close(): Promise<void>;
}
