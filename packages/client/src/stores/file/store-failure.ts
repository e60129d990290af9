import { ClientError } from '../../client-error.ts';

/** The code of an error of the system, such as `ENOSPC`; undefined for any other error. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}

/**
 * `STORE_FAILED` with the cause and with what to do. An error that is told in these terms already stays as it is.
 * @param doing what failed, as the beginning of a sentence: `opening the session store in /data`
 */
export function storeFailure(doing: string, cause: unknown): ClientError {
  if (cause instanceof ClientError) return cause;
  const told = cause instanceof Error ? cause.message : String(cause);
  return new ClientError('STORE_FAILED', `${doing} failed: ${told}${adviceFor(systemCode(cause))}`, cause);
}

function adviceFor(code: string | undefined): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return '; free some space on its disk';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return '; let this user write there, or use another directory';
    case 'ENOENT':
    case 'ENOTDIR':
    case 'EEXIST':
      return '; use a path that leads to a directory, or on which one can be made';
    case 'EOPNOTSUPP':
    case 'ENOTSUP':
    case 'ENOSYS':
      return '; its file system lacks what keeps a second process out (Unix sockets), so use a directory on another one';
    default:
      return '';
  }
}
