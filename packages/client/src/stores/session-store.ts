/**
 * Where a client keeps its session beyond the process: messages that are queued or under way, and the packet
 * identifiers of QoS 2. The client knows what the records mean; a store only keeps them.
 *
 * Keys are integers; a store returns the records in ascending order of key. Whatever can keep numbered byte strings
 * can be one. The client calls `open` once and first, never begins a `write` before the last one has ended, and
 * calls `close` last.
 */
export interface SessionStore {
  /**
   * Returns everything kept, in ascending order of key, and takes hold of it: a second client that opens the same
   * place is refused until `close` or until this process has ended.
   */
  open(): Promise<readonly StoredRecord[]>;
  /** Applies the changes in their order, all or none; fulfilled when they would survive a crash of the machine. */
  write(changes: readonly StoredChange[]): Promise<void>;
  /** Lets go of it. What was written stays. */
  close(): Promise<void>;
}

export interface StoredRecord {
  /** A safe integer, negative ones included. */
  readonly key: number;
  readonly value: Uint8Array;
}

export interface StoredChange {
  readonly key: number;
  /** The new value of the record; null removes it, which is no mistake when there is none. */
  readonly value: Uint8Array | null;
}
