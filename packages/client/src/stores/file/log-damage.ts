import { ClientError } from '../../client-error.ts';

/** The log is not as it was written, in what is known to have been on the disk. Nothing was changed. */
export function damagedLog(path: string, offset: number, fault: string): ClientError {
  return new ClientError(
    'STORE_FAILED',
    `the session store is damaged: ${path}, byte ${offset}: ${fault}. Nothing was changed. Restore a copy of the ` +
      'file; or move it away to begin with an empty session, whose messages are then those that the file has',
  );
}

/** A last batch was not whole, as after a crash, and is cut off. No write that was fulfilled is lost by it. */
export function tornTail(path: string, offset: number, bytes: number, fault: string): ClientError {
  return new ClientError(
    'STORE_FAILED',
    `${path}, byte ${offset}: ${fault}. This write was not finished when its process or machine stopped, and was ` +
      `not acknowledged; its ${bytes} bytes were cut off`,
  );
}

/** The file has another format. */
export function unknownFormat(path: string, version: number, known: number): ClientError {
  return new ClientError(
    'STORE_FAILED',
    `expected ${path} in format ${known} or less, got ${version}: a newer version wrote it. Nothing was changed. ` +
      'Use that version, or another directory',
  );
}
