/** Why a database of Mosquitto could not be read. Stable; the message is for people. */
export type MosquittoDatabaseErrorCode =
  /** The file is neither a `mosquitto.db` nor the SQLite database of the persistence plugin. */
  | 'not-a-database'
  /** It is one, of a version that is not read here. */
  | 'unsupported-version'
  /** It ends too early, or says what cannot be. */
  | 'damaged'
  /** A broker has it open. */
  | 'in-use'
  /** It cannot be opened or read. */
  | 'unreadable';

/** The message says what was expected, what came, and what to do. */
export class MosquittoDatabaseError extends Error {
  override readonly name = 'MosquittoDatabaseError';
  readonly code: MosquittoDatabaseErrorCode;

  constructor(
    message: string,
    about: { readonly code: MosquittoDatabaseErrorCode; readonly cause?: unknown },
  ) {
    super(message, { cause: about.cause });
    this.code = about.code;
  }
}
