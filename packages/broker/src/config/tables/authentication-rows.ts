/** The keys of `authentication`. */
import type {
  AuthenticationConfiguration,
  FailuresConfiguration,
  FlappingConfiguration,
  HashingConfiguration,
} from '../access-configuration.ts';
import type { Table } from '../row.ts';
import { AUTHENTICATION_METHODS_ROW } from './authentication-method-rows.ts';

const HASHING_ROWS: Readonly<Table<HashingConfiguration>> = {
  concurrency: {
    kind: 'number',
    default: 4,
    minimum: 1,
    maximum: 1024,
    unit: 'passwords',
    text: 'passwords that are hashed at once, off the event loop',
  },
  queue: {
    kind: 'number',
    default: 1000,
    minimum: 0,
    maximum: 1_000_000,
    unit: 'passwords',
    text: 'passwords that wait to be hashed; a further client is refused with 0x89 Server busy (return code 3 before MQTT 5.0)',
  },
};

const FAILURES_ROWS: Readonly<Table<FailuresConfiguration>> = {
  delayMs: {
    kind: 'number',
    default: 250,
    minimum: 0,
    maximum: 3_600_000,
    unit: 'ms',
    text: 'how long the first refusal waits; each further one twice as long',
  },
  maximumDelayMs: {
    kind: 'number',
    default: 5000,
    minimum: 0,
    maximum: 3_600_000,
    unit: 'ms',
    text: 'how long a refusal waits at most',
  },
  banAfter: {
    kind: 'number',
    default: 20,
    minimum: 0,
    maximum: 1_000_000,
    unit: 'failures',
    text: 'failures within `withinSeconds` after which no password is looked at for `banSeconds`; 0: never',
  },
  withinSeconds: {
    kind: 'number',
    default: 60,
    minimum: 1,
    maximum: 86_400,
    unit: 's',
    text: 'how long a failure counts',
  },
  banSeconds: {
    kind: 'number',
    default: 300,
    minimum: 1,
    maximum: 31_536_000,
    unit: 's',
    text: 'how long a ban lasts',
  },
  by: {
    kind: 'list',
    of: { kind: 'choice', choices: ['user', 'clientId', 'address'], text: 'what failures are counted by' },
    default: ['address'],
    text: 'what failures are counted by, and bans given to; with `user` or `clientId` a stranger can lock out whose name is known',
  },
  exempt: {
    kind: 'list',
    of: { kind: 'text', form: 'address-block', text: 'an address, or a block such as `10.0.0.0/8`' },
    default: ['127.0.0.0/8', '::1'],
    text: 'addresses that are never banned, such as those of proxies',
  },
};

const FLAPPING_ROWS: Readonly<Table<FlappingConfiguration>> = {
  connects: {
    kind: 'number',
    default: 15,
    minimum: 2,
    maximum: 1_000_000,
    unit: 'connects',
    text: 'connects of one client identifier within `withinSeconds` that are too many',
  },
  withinSeconds: {
    kind: 'number',
    default: 60,
    minimum: 1,
    maximum: 86_400,
    unit: 's',
    text: 'how long a connect counts',
  },
  banSeconds: {
    kind: 'number',
    default: 300,
    minimum: 1,
    maximum: 31_536_000,
    unit: 's',
    text: 'how long the client identifier is refused then',
  },
};

export const AUTHENTICATION_ROWS: Readonly<Table<AuthenticationConfiguration>> = {
  anonymous: {
    kind: 'switch',
    default: true,
    defaultText:
      '`true` if all listeners without `authentication` of their own are for this machine only and there are no methods, else `false`',
    text: 'whether a client may connect without a user name',
  },
  methods: AUTHENTICATION_METHODS_ROW,
  hashing: { kind: 'section', keys: HASHING_ROWS, text: 'how much work passwords may make' },
  failures: { kind: 'section', keys: FAILURES_ROWS, text: 'what follows wrong passwords' },
  flapping: {
    kind: 'section',
    keys: FLAPPING_ROWS,
    default: null,
    text: 'what follows connecting too often; off unless it is given, be it as `{}`',
  },
};
