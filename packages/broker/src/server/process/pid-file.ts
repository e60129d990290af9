/** The file that says which process the broker is, for scripts that send it signals. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { EnvironmentError } from '../../environment-error.ts';

const MODE = 0o644;

export interface PidFile {
  /** Removes it, if it is still about this process. False if it could not. */
  remove(): boolean;
}

/** @throws {EnvironmentError} if it cannot be written */
export function writePidFile(path: string, pid: number = process.pid): PidFile {
  try {
    writeFileSync(path, `${pid}\n`, { mode: MODE });
  } catch (cause) {
    throw notWritten(path, cause);
  }
  return { remove: () => removed(path, pid) };
}

function removed(path: string, pid: number): boolean {
  try {
    // Another broker may have written its own there.
    if (readFileSync(path, 'latin1').trim() === String(pid)) rmSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

function notWritten(path: string, cause: unknown): EnvironmentError {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new EnvironmentError(
    'PID_FILE_NOT_WRITTEN',
    `the pid file ${path} cannot be written: ${code}; expected a file in a directory that this user may write to`,
    cause,
  );
}
