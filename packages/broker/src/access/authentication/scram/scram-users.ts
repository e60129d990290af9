/** Reads the file of the users of SCRAM: lines `user:SCRAM-SHA-256$…`, as `martlet passwd --scram` writes them. */
import { createHmac } from 'node:crypto';
import type { ConfigurationProblem } from '../../../config/configuration-error.ts';
import { ConfigurationError } from '../../../config/configuration-error.ts';
import { opennessNotice, readListedFile, textOf } from '../../listed-file.ts';
import { usernameProblem } from '../../password-file.ts';
import type { ScramCredentials, ScramMechanism } from '../../scram-credentials.ts';
import { DEFAULT_SCRAM_ITERATIONS, parseScramCredentials, scramDigest } from '../../scram-credentials.ts';
import { listedUsers } from '../listed-users.ts';

/** Bytes: some 300,000 users. */
const LARGEST_FILE = 67_108_864;
const MOST_PROBLEMS = 100;
const SALT_BYTES = 16;

export interface ScramUser {
  readonly credentials: ScramCredentials;
  /** From 1 on; undefined: nobody's. */
  readonly line: number | undefined;
}

export class ScramUsers {
  readonly file: string;
  readonly notices: readonly ConfigurationProblem[];
  readonly #users: ReadonlyMap<string, ScramUser>;
  readonly #secret: Uint8Array;
  readonly #all: readonly ScramUser[];

  /** @param secret makes up what strangers are shown */
  constructor(
    file: string,
    users: ReadonlyMap<string, ScramUser>,
    notices: readonly ConfigurationProblem[],
    secret: Uint8Array,
  ) {
    this.file = file;
    this.notices = notices;
    this.#users = users;
    this.#secret = secret;
    this.#all = [...users.values()];
  }

  get size(): number {
    return this.#all.length;
  }

  find(username: string, mechanism: ScramMechanism): ScramUser | undefined {
    return this.#users.get(idOf(username, mechanism));
  }

  /**
   * What is shown of a user who is not there: salt and iterations look like those of one who is, and are the same each time.
   * Nobody knows a password to it.
   */
  decoy(username: string, mechanism: ScramMechanism): ScramUser {
    const made = createHmac('sha512', this.#secret).update(idOf(username, mechanism)).digest();
    const alike = this.#all.filter(({ credentials }) => credentials.mechanism === mechanism);
    const like = alike[made.readUIntBE(58, 6) % Math.max(1, alike.length)]?.credentials;
    const length = scramDigest(mechanism) === 'sha256' ? 32 : 64;
    const credentials: ScramCredentials = {
      mechanism,
      iterations: like?.iterations ?? DEFAULT_SCRAM_ITERATIONS,
      salt: new Uint8Array(made.subarray(0, Math.min(58, like?.salt.length ?? SALT_BYTES))),
      storedKey: new Uint8Array(length),
      serverKey: new Uint8Array(length),
    };
    return { credentials, line: undefined };
  }
}

/** @throws {ConfigurationError} with every line that is wrong, up to 100 of them */
export async function readScramUsers(path: string, key: string, secret: Uint8Array): Promise<ScramUsers> {
  const file = await readListedFile(path, key, LARGEST_FILE);
  const users = new Map<string, ScramUser>();
  const problems: ConfigurationProblem[] = [];
  for await (const part of listedUsers(textOf(file, key))) {
    for (const { username, secret, line } of part) {
      const credentials = parseScramCredentials(secret);
      const id = credentials === undefined ? undefined : idOf(username, credentials.mechanism);
      const firstLine = id === undefined ? undefined : users.get(id)?.line;
      const text = lineProblem(username, credentials, secret, firstLine);
      if (text === undefined) users.set(id!, { credentials: credentials!, line });
      else if (problems.length < MOST_PROBLEMS)
        problems.push({ file: path, line, key, severity: 'error', code: 'bad-scram-line', text });
    }
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  const notice = opennessNotice(file, key);
  return new ScramUsers(path, users, notice === undefined ? [] : [notice], secret);
}

/** Never what stands behind the colon. */
function lineProblem(
  username: string,
  credentials: ScramCredentials | undefined,
  secret: string,
  firstLine: number | undefined,
): string | undefined {
  const problem = usernameProblem(username);
  if (problem !== undefined) return problem;
  const name = JSON.stringify(username.slice(0, 64));
  if (firstLine !== undefined)
    return `expected each user once by mechanism, got ${name} again, who is in line ${firstLine}`;
  if (credentials !== undefined) return undefined;
  if (/^\$(?:[67]|argon2id)\$/.test(secret))
    return `expected credentials of SCRAM, got a hash of a password file for ${name}: martlet passwd --scram makes them`;
  return `expected SCRAM-SHA-256$<iterations from 4096>:<salt>$<stored key>:<server key>, or SCRAM-SHA-512$…, got something else for ${name}`;
}

function idOf(username: string, mechanism: ScramMechanism): string {
  return `${mechanism} ${username}`;
}
