/** Flags that say who connects. */
import { textOrBytes } from '../flags/bytes-in-text.ts';
import type { SwitchFlag, ValueFlag } from '../flags/flag.ts';
import { text } from '../flags/value-parsers.ts';

export type PasswordFlags = {
  readonly username: ValueFlag<string>;
  readonly password: ValueFlag<string | Uint8Array>;
  readonly passwordPrompt: SwitchFlag;
  readonly passwordFile: ValueFlag<string>;
  readonly passwordEnv: ValueFlag<string>;
};

const PASSWORD = 'User and password';

export const PASSWORD_FLAGS: Readonly<PasswordFlags> = {
  username: {
    kind: 'value',
    names: ['-u', '--username'],
    placeholder: 'name',
    missing: '-u argument given but no username specified.',
    group: PASSWORD,
    parse: text(),
    text: 'user name',
  },
  password: {
    kind: 'value',
    names: ['-P', '--pw'],
    placeholder: 'password',
    group: PASSWORD,
    parse: textOrBytes,
    takesBytes: true,
    text: 'password; others on this machine can read it here: better one of those below',
  },
  passwordPrompt: {
    kind: 'switch',
    names: ['--password-prompt'],
    group: PASSWORD,
    text: 'ask for the password on the terminal',
  },
  passwordFile: {
    kind: 'value',
    names: ['--password-file'],
    placeholder: 'file',
    completes: 'file',
    group: PASSWORD,
    parse: text('a file'),
    text: 'the password is the first line of this file',
  },
  passwordEnv: {
    kind: 'value',
    names: ['--password-env'],
    placeholder: 'variable',
    group: PASSWORD,
    parse: text('the name of a variable'),
    text: 'the password is in this variable of the environment; with -u alone MARTLET_PASSWORD is looked at',
  },
};
