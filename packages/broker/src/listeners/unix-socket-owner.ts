/** The user and group of a Unix socket, by name or number: Node.js knows users by their numbers only. */
import { execFileSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import { EnvironmentError } from '../environment-error.ts';

/**
 * @throws {EnvironmentError} if there is no such user or group, or this process may not give the file away
 */
export function giveSocketTo(path: string, owner: string | undefined, group: string | undefined): void {
  if (owner === undefined && group === undefined) return;
  // -1 leaves it as it is.
  const uid = owner === undefined ? -1 : numberOf('passwd', 'user', owner);
  const gid = group === undefined ? -1 : numberOf('group', 'group', group);
  try {
    chownSync(path, uid, gid);
  } catch (error) {
    throw ownerError(path, owner, group, error);
  }
}

function ownerError(
  path: string,
  owner: string | undefined,
  group: string | undefined,
  cause: unknown,
): EnvironmentError {
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
  const user = owner === undefined ? [] : [`the user ${owner}`];
  const whom = [...user, ...(group === undefined ? [] : [`the group ${group}`])].join(' and ');
  return new EnvironmentError(
    'LISTEN_NOT_PERMITTED',
    `cannot give ${path} to ${whom} (${code}): only root may, or for a group its member`,
    cause,
  );
}

/** `getent` asks what the system asks: files, LDAP and whatever else it is configured to. */
function numberOf(database: 'passwd' | 'group', what: string, name: string): number {
  if (/^\d+$/.test(name)) return Number(name);
  if (name.startsWith('-')) throw unknownOwner(what, name); // It would be an option.
  try {
    const entry = execFileSync('getent', [database, name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const number = Number(entry.split(':')[2]);
    if (Number.isInteger(number)) return number;
  } catch {
    // Not found, or there is no getent here: the number is always understood.
  }
  throw unknownOwner(what, name);
}

function unknownOwner(what: string, name: string): EnvironmentError {
  const text = `there is no ${what} ${JSON.stringify(name)} to give the Unix socket to; a number is understood as well`;
  return new EnvironmentError('LISTEN_FAILED', text, undefined);
}
