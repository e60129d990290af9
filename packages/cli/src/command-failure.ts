import { ExitCode } from './exit-code.ts';

/** A command was asked for properly and cannot be done. The message is one line that says why, and what to do. */
export class CommandFailure extends Error {
  override readonly name: string = 'CommandFailure';
  /** What the command tells the shell. */
  readonly exitCode: number = ExitCode.Failure;

  /** What the system said of a file that the user named. */
  static ofFile(path: string, cause: unknown): CommandFailure {
    const { code } = cause as NodeJS.ErrnoException;
    return new CommandFailure(`${path}: ${textOf(code) ?? String(cause)}`, { cause });
  }

  /**
   * What the system said, of the file that it named, or else of one that the command is about.
   * @returns null if the error is none of the system's
   */
  static ofSystem(cause: unknown, otherwise?: string): CommandFailure | null {
    if (!(cause instanceof Error) || !('syscall' in cause) || typeof cause.syscall !== 'string') return null;
    const path = (cause as NodeJS.ErrnoException).path ?? otherwise;
    return path === undefined
      ? new CommandFailure(cause.message, { cause })
      : CommandFailure.ofFile(path, cause);
  }
}

function textOf(systemCode: string | undefined): string | undefined {
  switch (systemCode) {
    case 'ENOENT':
      return 'there is no such file or directory';
    case 'EEXIST':
      return 'there is such a file already; choose another name, or remove it';
    case 'ELOOP':
      return 'its symbolic links lead round in a circle';
    case 'EACCES':
    case 'EPERM':
      return 'this user may not do that there; change its permissions or owner, or choose another place';
    case 'EISDIR':
      return 'that is a directory; name a file';
    case 'ENOTDIR':
      return 'a part of the path is no directory';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'no space is left on its disk; free some, or choose another place';
    case 'EROFS':
      return 'its file system is read-only; choose another place';
    default:
      return systemCode === undefined ? undefined : `the system refused: ${systemCode}`;
  }
}
