/**
 * Runs as another user than root, once what only root may do is done.
 *
 * The store is opened as that user from the beginning (`actAs`), so that what it writes can be read at the next start; ports are bound,
 * and certificates read, as root; then root's rights are given up for good (`become`).
 */
import { execFileSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import { EnvironmentError } from '../../environment-error.ts';

export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** What of a process this needs. */
export interface UserProcess {
  geteuid?(): number;
  getuid?(): number;
  seteuid?(id: number | string): void;
  setegid?(id: number | string): void;
  setuid?(id: number | string): void;
  setgid?(id: number | string): void;
  initgroups?(user: number | string, extraGroup: number | string): void;
}

/**
 * @returns null if this process is not root, who alone can become somebody else: then it stays who it is
 * @throws {EnvironmentError} for a user that the system does not know
 */
export function systemUser(name: string, world: UserProcess = process): SystemUser | null {
  if (world.geteuid?.() !== 0) return null;
  try {
    const id = (flag: string): number =>
      Number(
        execFileSync('id', [flag, '--', name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
      );
    return { name, uid: id('-u'), gid: id('-g') };
  } catch (cause) {
    throw notChanged(
      `this system knows no user ${JSON.stringify(name)}; expected one of /etc/passwd, or leave the key out to stay root`,
      cause,
    );
  }
}

/** Does something with the rights of that user, and is root again afterwards. Null: as who it is. */
export async function actAs<Result>(
  user: SystemUser | null,
  work: () => Promise<Result>,
  world: UserProcess = process,
): Promise<Result> {
  if (user === null) return work();
  world.setegid!(user.gid);
  world.seteuid!(user.uid);
  try {
    return await work();
  } finally {
    world.seteuid!(0);
    world.setegid!(0);
  }
}

/** Gives what root has made to that user: a log file, a socket. What is not there is left. */
export function giveTo(user: SystemUser | null, path: string): void {
  if (user === null) return;
  try {
    chownSync(path, user.uid, user.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/**
 * Is that user from now on, for good.
 * @throws {EnvironmentError} if root's rights can be had again: better no broker than one that only seems harmless
 */
export function become({ name, uid, gid }: SystemUser, world: UserProcess = process): void {
  try {
    world.initgroups!(name, gid);
    world.setgid!(gid);
    world.setuid!(uid);
  } catch (cause) {
    throw notChanged(
      `this process cannot become ${name}: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`,
      cause,
    );
  }
  if (uid === 0) return;
  let isRootAgain = true;
  try {
    world.seteuid!(0);
  } catch {
    isRootAgain = false;
  }
  if (isRootAgain || world.geteuid!() !== uid)
    throw notChanged(`root's rights could not be given up for those of ${name}`, undefined);
}

function notChanged(text: string, cause: unknown): EnvironmentError {
  return new EnvironmentError('USER_NOT_CHANGED', `user: ${text}`, cause);
}
