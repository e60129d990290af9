/** The flags of `martlet passwd`: those of mosquitto_passwd. */
import type { PasswordHashKind, ScramMechanism } from '@martlet/broker/access';
import { MOST_ITERATIONS, SCRAM_MECHANISMS } from '@martlet/broker/access';
import type { SwitchFlag, ValueFlag } from '../flags/flag.ts';
import { oneOf, wholeNumber } from '../flags/value-parsers.ts';

export type PasswdFlags = {
  readonly create: SwitchFlag;
  readonly batch: SwitchFlag;
  readonly delete: SwitchFlag;
  readonly upgrade: SwitchFlag;
  readonly hash: ValueFlag<PasswordHashKind>;
  readonly iterations: ValueFlag<number>;
  readonly scram: ValueFlag<readonly ScramMechanism[]>;
};

const KINDS: Readonly<Record<string, PasswordHashKind>> = {
  'sha512-pbkdf2': 'sha512-pbkdf2',
  sha512: 'sha512',
  argon2id: 'argon2id',
};

const SCRAM: Readonly<Record<string, readonly ScramMechanism[]>> = {
  'sha-256': ['SCRAM-SHA-256'],
  'sha-512': ['SCRAM-SHA-512'],
  both: SCRAM_MECHANISMS,
};

export const PASSWD_FLAGS: Readonly<PasswdFlags> = {
  create: { kind: 'switch', names: ['-c'], text: 'make a new file; one that is there is written over' },
  batch: {
    kind: 'switch',
    names: ['-b'],
    text: 'take the password from the command line, where others on this machine can read it',
  },
  delete: { kind: 'switch', names: ['-D'], text: 'delete the user' },
  upgrade: {
    kind: 'switch',
    names: ['-U'],
    text: 'hash all passwords of a file in which they stand as they are; hashes stay',
  },
  hash: {
    kind: 'value',
    names: ['-H'],
    placeholder: 'algorithm',
    completes: Object.keys(KINDS),
    parse: oneOf(KINDS, (got) => `Unknown hash type '${got}'`),
    text: 'sha512-pbkdf2 (the default), sha512 for Mosquitto 1.6 and older, argon2id for Mosquitto 2.1',
  },
  iterations: {
    kind: 'value',
    names: ['-I'],
    placeholder: 'count',
    parse: wholeNumber(1, MOST_ITERATIONS, () => 'Number of iterations must be > 0.'),
    text: 'iterations of sha512-pbkdf2; a server computes them for every client that connects; default 1000. With --scram the client computes them; default 10000',
  },
  scram: {
    kind: 'value',
    names: ['--scram'],
    placeholder: 'hash',
    completes: Object.keys(SCRAM),
    parse: oneOf(SCRAM),
    text: 'a file for SCRAM over AUTH of MQTT 5.0 instead, by sha-256, sha-512 or both',
  },
};
