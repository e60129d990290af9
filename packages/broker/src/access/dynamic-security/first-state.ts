/**
 * What dynamic security begins with when there is no file yet: roles for the usual purposes, a group for clients without a
 * user name, and `admin`, who may administer it. The names are those that Mosquitto 2.1 begins with.
 *
 * The password of `admin` is the first line of a file, or the environment's `MOSQUITTO_DYNSEC_PASSWORD`, or made up; then there
 * is a client `democlient`, too, and both passwords are written to `F.pw`, which only this user can read.
 */
import { randomInt } from 'node:crypto';
import type { ConfigurationProblem } from '../../config/configuration-error.ts';
import { ConfigurationError } from '../../config/configuration-error.ts';
import { readListedFile, textOf } from '../listed-file.ts';
import type { HashPassword } from './command.ts';
import { NO_PRIORITY } from './command-fields.ts';
import type { AclType } from './role-acl.ts';
import { inOrderOfAsking } from './role-acl.ts';
import { inOrderOfUse, SecurityState } from './security-state.ts';

export const PASSWORD_VARIABLE = 'MOSQUITTO_DYNSEC_PASSWORD';

const SHORTEST_PASSWORD = 12;
const MADE_UP_CHARACTERS = 20;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const MOST_PASSWORD_FILE_BYTES = 65_536;

export interface FirstStateOptions {
  /** The first line of it is the password of `admin`. Null: none. */
  readonly initialPasswordFile: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly hash: HashPassword;
}

export interface FirstState {
  readonly state: SecurityState;
  /** What to write to `F.pw`; null: nothing was made up. */
  readonly passwords: string | null;
}

/** @throws {ConfigurationError} if the given password cannot be read, or is too short */
export async function firstState(options: FirstStateOptions): Promise<FirstState> {
  const given = await givenPassword(options);
  const state = new SecurityState();
  for (const role of FIRST_ROLES) addRole(state, role);
  const group = 'unauthenticated';
  const nothingSaid = { textname: undefined, textdescription: undefined };
  state.groups.set(group, { groupname: group, ...nothingSaid, roles: [] });
  state.anonymousGroup = group;
  const admin = given ?? madeUpPassword();
  await addClient(state, 'admin', admin, ['super-admin', 'sys-observe', 'topic-observe'], options.hash);
  if (given !== undefined) return { state, passwords: null };
  const democlient = madeUpPassword();
  await addClient(state, 'democlient', democlient, ['client'], options.hash);
  return { state, passwords: `admin ${admin}\ndemoclient ${democlient}\n` };
}

async function givenPassword({
  initialPasswordFile: file,
  environment,
}: FirstStateOptions): Promise<string | undefined> {
  if (file !== null) {
    const key = 'dynamicSecurity.initialPasswordFile';
    const text = textOf(await readListedFile(file, key, MOST_PASSWORD_FILE_BYTES), key);
    const [password = ''] = text.split(/\r?\n/);
    if (password === '') throw refused(file, key, 'expected a password in the first line, got an empty one');
    return password;
  }
  const password = environment[PASSWORD_VARIABLE];
  if (password !== undefined && [...password].length < SHORTEST_PASSWORD)
    throw refused(
      'environment',
      PASSWORD_VARIABLE,
      `expected at least ${SHORTEST_PASSWORD} characters, got fewer`,
    );
  return password;
}

function refused(file: string, key: string, text: string): ConfigurationError {
  const problem: ConfigurationProblem = {
    file,
    line: undefined,
    key,
    severity: 'error',
    code: 'bad-password',
    text,
  };
  return new ConfigurationError([problem]);
}

interface FirstRole {
  readonly rolename: string;
  readonly textdescription: string;
  readonly topics: readonly string[];
  readonly acltypes: readonly AclType[];
}

const ADMINISTERING: readonly AclType[] = ['publishClientSend', 'publishClientReceive', 'subscribePattern'];
const OBSERVING: readonly AclType[] = ['publishClientReceive', 'subscribePattern'];

const FIRST_ROLES: readonly FirstRole[] = [
  {
    rolename: 'client',
    textdescription: 'Reads and writes all topics but those that begin with $',
    topics: ['#'],
    acltypes: ['publishClientSend', 'publishClientReceive', 'subscribePattern', 'unsubscribePattern'],
  },
  {
    rolename: 'broker-admin',
    textdescription: 'Administers the broker',
    topics: ['$CONTROL/broker/#'],
    acltypes: ADMINISTERING,
  },
  {
    rolename: 'dynsec-admin',
    textdescription: 'Administers dynamic security',
    topics: ['$CONTROL/dynamic-security/#'],
    acltypes: ADMINISTERING,
  },
  {
    rolename: 'super-admin',
    textdescription: 'Administers everything',
    topics: ['$CONTROL/#'],
    acltypes: ADMINISTERING,
  },
  {
    rolename: 'sys-notify',
    textdescription: 'Lets a bridge say whether it is connected',
    topics: ['$SYS/broker/connection/%c/state'],
    acltypes: ['publishClientSend'],
  },
  {
    rolename: 'sys-observe',
    textdescription: 'Reads what the broker tells of itself',
    topics: ['$SYS/#'],
    acltypes: OBSERVING,
  },
  {
    rolename: 'topic-observe',
    textdescription: 'Reads all topics but those that begin with $',
    topics: ['#'],
    acltypes: [...OBSERVING, 'unsubscribePattern'],
  },
];

function addRole(state: SecurityState, { rolename, textdescription, topics, acltypes }: FirstRole): void {
  const acls = topics.flatMap((topic) =>
    acltypes.map((acltype) => ({ acltype, topic, priority: 0, allow: true })),
  );
  state.roles.set(rolename, {
    rolename,
    textname: undefined,
    textdescription,
    allowWildcardSubs: true,
    acls: inOrderOfAsking(acls),
  });
}

async function addClient(
  state: SecurityState,
  username: string,
  password: string,
  roles: readonly string[],
  hash: HashPassword,
): Promise<void> {
  state.clients.set(username, {
    username,
    clientid: undefined,
    textname: undefined,
    textdescription: undefined,
    disabled: false,
    roles: inOrderOfUse(roles.map((rolename) => ({ rolename, priority: NO_PRIORITY }))),
    groups: [],
    password: { hash: await hash(password), isLegacy: false },
  });
}

function madeUpPassword(): string {
  return Array.from({ length: MADE_UP_CHARACTERS }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}
