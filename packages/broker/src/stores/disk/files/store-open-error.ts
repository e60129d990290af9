/** Why a store was not opened. Stable; the message is for people. */
export type StoreOpenErrorCode =
  /** A checksum, a length or an order is wrong in what is known to have been on the disk. */
  | 'store-damaged'
  /** A newer version of the program wrote it. */
  | 'store-too-new'
  /** A store is being put into the directory, or that was interrupted. */
  | 'store-unfinished'
  /** The directory or a file in it cannot be read. */
  | 'store-unreadable';

/** A place in a store that is not as it was written. */
export interface Damage {
  /** Name of the file, without its directory. */
  readonly file: string;
  /** Byte in the file where what is wrong begins. */
  readonly offset: number;
  /** What was expected there, and what is there. */
  readonly text: string;
}

/** A store is not opened, and not changed. The message says where, what was expected, and the way out. */
export class StoreOpenError extends Error {
  override readonly name = 'StoreOpenError';
  readonly code: StoreOpenErrorCode;
  /** Set for `store-damaged`. */
  readonly damage: Damage | undefined;

  constructor(code: StoreOpenErrorCode, message: string, details: { damage?: Damage; cause?: unknown } = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.damage = details.damage;
  }

  static damaged(damage: Damage): StoreOpenError {
    const message =
      `the store is damaged: ${damage.file}, byte ${damage.offset}: ${damage.text}. Nothing was changed. ` +
      'To see all damage: martlet store check. To go on: restore a backup, or rescue what is readable with ' +
      'martlet store export --salvage and import it into an empty directory.';
    return new StoreOpenError('store-damaged', message, { damage });
  }

  static tooNew(file: string, version: number, known: number): StoreOpenError {
    const message =
      `${file} has format version ${version}, and this program reads up to version ${known}: a newer Martlet wrote it. ` +
      'Nothing was changed. Start that version again, or export with it and import here.';
    return new StoreOpenError('store-too-new', message);
  }

  static unfinished(folder: string): StoreOpenError {
    const message =
      `an import or a backup into this directory was interrupted, or is under way: there is a folder "${folder}" in it. ` +
      'Nothing was changed. If none is under way, delete everything in the directory, and do it again.';
    return new StoreOpenError('store-unfinished', message);
  }

  static unreadable(what: string, cause: unknown): StoreOpenError {
    const told = cause instanceof Error ? cause.message : String(cause);
    return new StoreOpenError('store-unreadable', `${what} cannot be read: ${told}`, { cause });
  }
}
