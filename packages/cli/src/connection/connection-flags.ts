/**
 * The flags of every command that connects to a server: Mosquitto's, with its meaning, and a few of ours for passwords and
 * profiles. A command spreads them into its own table.
 *
 *     const FLAGS = { ...CONNECTION_FLAGS, topicName: { kind: 'value', names: ['-t', '--topic'], … } } satisfies FlagTable;
 */
import type { FlagValues, SwitchFlag, ValueFlag } from '../flags/flag.ts';
import { text } from '../flags/value-parsers.ts';
import type { PasswordFlags } from './password-flags.ts';
import { PASSWORD_FLAGS } from './password-flags.ts';
import type { ServerFlags } from './server-flags.ts';
import { SERVER_FLAGS } from './server-flags.ts';
import type { SessionFlags } from './session-flags.ts';
import { SESSION_FLAGS } from './session-flags.ts';
import type { TlsFlags } from './tls-flags.ts';
import { TLS_FLAGS } from './tls-flags.ts';

export type ConnectionFlags = ServerFlags &
  SessionFlags &
  PasswordFlags &
  TlsFlags & {
    readonly profile: ValueFlag<string>;
    readonly saveProfile: ValueFlag<string>;
    readonly optionsFile: ValueFlag<string>;
    readonly debug: SwitchFlag;
    readonly quiet: SwitchFlag;
  };

/** What they were given as. */
export type ConnectionValues = FlagValues<ConnectionFlags>;

const OTHERS = 'Settings and output';

export const CONNECTION_FLAGS: Readonly<ConnectionFlags> = {
  ...SERVER_FLAGS,
  ...SESSION_FLAGS,
  ...PASSWORD_FLAGS,
  ...TLS_FLAGS,
  profile: {
    kind: 'value',
    names: ['--profile'],
    placeholder: 'name',
    group: OTHERS,
    parse: text('the name of a profile'),
    text: 'take the options that were saved under this name; those given here count more',
  },
  saveProfile: {
    kind: 'value',
    names: ['--save-profile'],
    placeholder: 'name',
    group: OTHERS,
    parse: text('the name of a profile'),
    text: 'save how to connect under this name, which only you can read, and go on',
  },
  optionsFile: {
    kind: 'value',
    names: ['-o'],
    placeholder: 'file',
    completes: 'file',
    group: OTHERS,
    parse: text('a file'),
    text: 'read options from this file, one a line; default: mosquitto_pub and so on in ~/.config',
  },
  debug: { kind: 'switch', names: ['-d', '--debug'], group: OTHERS, text: 'tell what is sent and received' },
  quiet: { kind: 'switch', names: ['--quiet'], group: OTHERS, text: 'no error messages' },
};
