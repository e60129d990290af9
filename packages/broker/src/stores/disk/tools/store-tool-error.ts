/** Why a tool did nothing, or did not finish. Stable; the message is for people. */
export type StoreToolErrorCode =
  /** The directory holds no store. */
  | 'store-missing'
  /** The system lets this process open fewer files than the store has. */
  | 'too-many-files'
  /** What is to be written to holds something already. */
  | 'target-not-empty'
  /** A backup would be in the store of which it is one. */
  | 'target-in-store'
  /** Files went faster than they could be opened, again and again. */
  | 'store-too-busy'
  /** A copy is not what was copied. */
  | 'copy-differs';

/** A tool could not do what was asked, for a reason that lies around it. The message says what to do. */
export class StoreToolError extends Error {
  override readonly name = 'StoreToolError';
  readonly code: StoreToolErrorCode;

  constructor(message: string, about: { readonly code: StoreToolErrorCode; readonly cause?: unknown }) {
    super(message, { cause: about.cause });
    this.code = about.code;
  }
}
