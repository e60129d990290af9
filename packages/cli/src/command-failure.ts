/** A command was asked for properly and cannot be done. The message is one line that says why, and what to do. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';

  /** What the system said of a file that the user named. */
  static ofFile(path: string, cause: unknown): CommandFailure {
    const { code } = cause as NodeJS.ErrnoException;
    return new CommandFailure(`${path}: ${textOf(code) ?? String(cause)}`, { cause });
  }
}

function textOf(systemCode: string | undefined): string | undefined {
  switch (systemCode) {
    case 'ENOENT':
      return 'there is no such file or directory';
    case 'EEXIST':
      return 'there is such a file already; choose another name, or remove it';
    case 'EACCES':
    case 'EPERM':
      return 'this user may not do that there';
    case 'EISDIR':
      return 'that is a directory; name a file';
    case 'ENOTDIR':
      return 'a part of the path is no directory';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'no space is left on its disk';
    case 'EROFS':
      return 'its file system is read-only';
    default:
      return systemCode;
  }
}
