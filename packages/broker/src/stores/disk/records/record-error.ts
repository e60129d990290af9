/**
 * A meta area, or a message's data, that is not what this version writes though its checksum is right: it was written by
 * a newer version, or by a program that is wrong.
 */
export class RecordError extends Error {
  override readonly name = 'RecordError';
  readonly code = 'store-record-unknown';
  /** Where the record begins that could not be read, from the start of the bytes that were given. */
  readonly offset: number;

  constructor(message: string, at: { readonly offset: number; readonly cause?: unknown }) {
    super(message, { cause: at.cause });
    this.offset = at.offset;
  }
}
