/** Why a store cannot be locked, each in one line that says what to do. */
import { hostname } from 'node:os';
import type { LockHolder } from './lock-holder.ts';

/** Stable; the message is for people. */
export type StoreLockErrorCode =
  /** Another process uses it, or this one does already. */
  | 'store-in-use'
  /** This user may not read and write there. */
  | 'store-not-permitted'
  /** It is on a file system that is mounted read-only. */
  | 'store-read-only'
  /** No space, not even for the lock. */
  | 'store-full'
  /** The path leads to something else, or to nothing. */
  | 'store-no-directory'
  /** One process at a time could not be made sure of there. */
  | 'store-lock-unsupported'
  /** The operating system refused for another reason, which `cause` tells. */
  | 'store-unreachable';

/** A store was not opened, because this process may not or cannot have its directory for itself. */
export class StoreLockError extends Error {
  override readonly name = 'StoreLockError';
  readonly code: StoreLockErrorCode;

  constructor(code: StoreLockErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** @param holder Null if it does not answer. */
export function storeInUse(directory: string, holder: LockHolder | null): StoreLockError {
  const who =
    holder === null
      ? 'a process that does not answer: it is stopped, or hangs'
      : `${processText(holder)} since ${holder.since}`;
  return new StoreLockError(
    'store-in-use',
    `the store in ${directory} is in use by ${who}; stop it, or use another directory`,
  );
}

function processText({ pid, host }: LockHolder): string {
  return host === hostname() && pid === process.pid ? 'this very process' : `process ${pid} on ${host}`;
}

export function lockUnsupported(directory: string, why: string, cause?: unknown): StoreLockError {
  return new StoreLockError(
    'store-lock-unsupported',
    `the store in ${directory} cannot be locked: ${why}; use another directory, on a disk of this machine`,
    cause,
  );
}

/** What the system's refusal of a call on the directory, or on a socket in it, means. */
export function lockError(directory: string, cause: unknown): unknown {
  if (cause instanceof StoreLockError) return cause;
  const code = (cause as NodeJS.ErrnoException).code;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return new StoreLockError(
        'store-not-permitted',
        `no permission for the store in ${directory}: this user must be able to read, write and search it, and to make it if it is missing; change its owner, or use another directory`,
        cause,
      );
    case 'EROFS':
      return new StoreLockError(
        'store-read-only',
        `the store in ${directory} is on a file system that is read-only; mount it for writing, or use another directory`,
        cause,
      );
    case 'ENOSPC':
    case 'EDQUOT':
      return new StoreLockError(
        'store-full',
        `no space for the store in ${directory}; free some on its disk, or use another directory`,
        cause,
      );
    case 'ENOTDIR':
    case 'EEXIST':
      return new StoreLockError(
        'store-no-directory',
        `${directory} is no directory, or a part of its path is none; use another one`,
        cause,
      );
    case 'ENOENT':
      return new StoreLockError(
        'store-no-directory',
        `${directory} is not there, and none is made there: a part of its path leads to nothing, as a link to a disk that is not mounted does; mount it, or use another directory`,
        cause,
      );
    case 'EOPNOTSUPP':
    case 'ENOTSUP':
    case 'ENOSYS':
      return lockUnsupported(directory, `its file system has no sockets (${code})`, cause);
    case undefined:
      return cause;
    default:
      return new StoreLockError(
        'store-unreachable',
        `the store in ${directory} cannot be used: ${code}`,
        cause,
      );
  }
}
