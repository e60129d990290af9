/**
 * A store was given to a second broker: each has one of its own. Give the other broker a `DiskStore` in another
 * directory, or a new `MemoryStore`.
 */
export class StoreTakenError extends Error {
  override readonly name = 'StoreTakenError';
  /** Stable; the message is for people. */
  readonly code = 'STORE_TAKEN';

  constructor() {
    super(
      'this store has been given to a broker already; open another one for this broker, in another directory',
    );
  }
}
