/** Reads a password file for a server: every line is good, or the whole file is refused with all that is wrong in it. */
import { createHmac } from 'node:crypto';
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import { ConfigurationError } from '../../config/configuration-error.ts';
import { opennessNotice, readListedFile, textOf } from '../listed-file.ts';
import { usernameProblem } from '../password-file.ts';
import type { PasswordHash } from '../password-hash.ts';
import type { ListedUser } from './listed-users.ts';
import { listedUsers } from './listed-users.ts';

/** Bytes: some 600,000 users. */
const LARGEST_FILE = 67_108_864;
/** Told of one file; more of them help nobody. */
const MOST_PROBLEMS = 100;

export interface PasswordUser {
  readonly hash: PasswordHash;
  /** From 1 on. */
  readonly line: number;
}

export class PasswordFileUsers {
  readonly file: string;
  readonly notices: readonly ConfigurationProblem[];
  readonly #users: ReadonlyMap<string, PasswordUser>;
  /** For {@link decoy}. */
  readonly #all: readonly PasswordUser[];
  readonly #secret: Uint8Array;

  constructor(
    file: string,
    users: ReadonlyMap<string, PasswordUser>,
    notices: readonly ConfigurationProblem[],
    secret: Uint8Array,
  ) {
    this.file = file;
    this.notices = notices;
    this.#users = users;
    this.#all = [...users.values()];
    this.#secret = secret;
  }

  get size(): number {
    return this.#all.length;
  }

  find(username: string): PasswordUser | undefined {
    return this.#users.get(username);
  }

  /**
   * Somebody's hash, to be computed for a user who is not there: it takes as long as that of one who is, and always the same for
   * the same name. Undefined if the file is empty.
   */
  decoy(username: string): PasswordUser | undefined {
    if (this.#all.length === 0) return undefined;
    const chosen = createHmac('sha256', this.#secret).update(username).digest().readUIntBE(0, 6);
    return this.#all[chosen % this.#all.length];
  }
}

export interface PasswordFileReading {
  /** The key of the configuration that names the file. */
  readonly key: string;
  /** A line that cannot be read is left out with a notice, as by Mosquitto 2.0, and is no error. */
  readonly skipBadLines: boolean;
  /** Chooses decoys. */
  readonly secret: Uint8Array;
}

/** @throws {ConfigurationError} with every line that is wrong, up to 100 of them */
export async function readPasswordFileUsers(
  path: string,
  { key, skipBadLines, secret }: PasswordFileReading,
): Promise<PasswordFileUsers> {
  const file = await readListedFile(path, key, LARGEST_FILE);
  const users = new Map<string, PasswordUser>();
  const problems: ConfigurationProblem[] = [];
  for await (const part of listedUsers(textOf(file, key))) {
    for (const user of part) {
      const text = lineProblem(user, users.get(user.username)?.line);
      if (text === undefined) users.set(user.username, { hash: user.hash!, line: user.line });
      else if (problems.length < MOST_PROBLEMS)
        problems.push({
          file: path,
          line: user.line,
          key,
          severity: skipBadLines ? 'notice' : 'error',
          code: 'bad-password-line',
          text: skipBadLines ? `left out: ${text}` : text,
        });
    }
  }
  if (!skipBadLines && problems.length > 0) throw new ConfigurationError(problems);
  const notices = [...problems, opennessNotice(file, key), emptinessNotice(path, key, users.size)];
  return new PasswordFileUsers(
    path,
    users,
    notices.filter((notice) => notice !== undefined),
    secret,
  );
}

/** A file that has just been emptied, to be written anew, is in order, too; but somebody should see it. */
function emptinessNotice(file: string, key: string, users: number): ConfigurationProblem | undefined {
  if (users > 0) return undefined;
  const text = 'there is no user in it, so nobody can connect by it';
  return { file, line: undefined, key, severity: 'notice', code: 'no-users', text };
}

/** What is wrong with a line; never what stands behind the colon, which may be a password. */
function lineProblem(
  { username, secret, hash }: ListedUser,
  firstLine: number | undefined,
): string | undefined {
  const problem = usernameProblem(username);
  if (problem !== undefined) return problem;
  const name = JSON.stringify(username.slice(0, 64));
  if (firstLine !== undefined)
    return `expected each user once, got ${name} again, who is in line ${firstLine}`;
  if (hash !== undefined) return undefined;
  if (secret === '') return `expected a hash behind the colon, got nothing for ${name}`;
  if (!secret.startsWith('$'))
    return `expected a hash, which begins with $, got a password as it is for ${name}: mosquitto_passwd -U or martlet passwd -U hashes those of a whole file`;
  const kind = /^\$(?:[67]|argon2id)\$/.exec(secret)?.[0];
  if (kind === undefined)
    return `expected a hash that begins with $7$, $6$ or $argon2id$, got another one for ${name}`;
  return `expected a hash of the form ${FORMS[kind]}, got one that cannot be read or asks for too much for ${name}`;
}

const FORMS: Readonly<Record<string, string>> = {
  $6$: '$6$<salt>$<hash>',
  $7$: '$7$<iterations up to 10,000,000>$<salt>$<hash>',
  $argon2id$: '$argon2id$v=19$m=<KiB up to 262,144>,t=<passes>,p=<lanes up to 16>$<salt>$<hash>',
};
