/** `martlet bans`: who is banned from a running broker for a while, and why; and letting them in again. */
import type { ListedBan } from '@martlet/broker/server';
import { counted } from '../amount-text.ts';
import type { Command, CommandIo } from '../command.ts';
import { askBroker } from '../control/ask-broker.ts';
import type { ControlFlags } from '../control/control-flags.ts';
import { CONTROL_FLAGS } from '../control/control-flags.ts';
import { escapeControls } from '../escape-controls.ts';
import { ExitCode } from '../exit-code.ts';
import type { SwitchFlag, ValueFlag } from '../flags/flag.ts';
import { parseFlags } from '../flags/parse-flags.ts';
import { choice, text } from '../flags/value-parsers.ts';
import { UsageError } from '../usage-error.ts';

const KINDS = ['user', 'clientId', 'address', 'flapping'] as const;

type BansFlags = ControlFlags & {
  readonly lift: SwitchFlag;
  readonly by: ValueFlag<(typeof KINDS)[number]>;
  readonly key: ValueFlag<string>;
  readonly json: SwitchFlag;
};

const BANS_FLAGS: Readonly<BansFlags> = {
  lift: {
    kind: 'switch',
    names: ['--lift'],
    text: 'let them in again: all, or those that --by and --key name',
  },
  by: {
    kind: 'value',
    names: ['--by'],
    placeholder: 'kind',
    parse: choice(...KINDS),
    completes: KINDS,
    text: 'only those of this kind: user, clientId, address or flapping',
  },
  key: {
    kind: 'value',
    names: ['--key'],
    placeholder: 'name',
    parse: text('a user, client identifier or address'),
    text: 'only this user, client identifier or address',
  },
  json: { kind: 'switch', names: ['--json'], text: 'print them as one line of JSON' },
  ...CONTROL_FLAGS,
};

export const command: Readonly<Command> = {
  name: 'bans',
  summary: 'Show who is banned from a running broker, and let them in again',
  usage: '[--lift] [--by kind] [--key name] [--broker name | --control path]',
  flags: BANS_FLAGS,
  examples: [
    { line: '', text: 'who is banned, why, and for how long' },
    { line: '--lift --by address --key 192.0.2.7', text: 'let this address in again' },
    { line: '--lift', text: 'let everybody in again' },
  ],
  run,
};

async function run(words: readonly string[], io: CommandIo): Promise<number> {
  const { values } = parseFlags(BANS_FLAGS, words);
  const { by, key, lift, json } = values;
  if (lift) {
    if (json) throw new UsageError('expected --lift or --json, got both');
    const selection = { ...(by !== undefined && { by }), ...(key !== undefined && { key }) };
    const { count } = (await askBroker(values, 'unban', selection)) as { readonly count: number };
    io.stdout.write(count === 0 ? 'nobody of these was banned\n' : `lifted ${counted(count, 'ban')}\n`);
    return ExitCode.Success;
  }
  const bans = ((await askBroker(values, 'bans')) as readonly ListedBan[]).filter(
    (ban) => (by === undefined || ban.by === by) && (key === undefined || ban.key === key),
  );
  if (json) io.stdout.write(`${JSON.stringify(bans)}\n`);
  else if (bans.length === 0) io.stdout.write('nobody is banned\n');
  else for (const ban of bans) io.stdout.write(`${banText(ban)}\n`);
  return ExitCode.Success;
}

function banText({ by, key, username, reason, secondsLeft }: ListedBan): string {
  const whose = username === undefined ? '' : ` of user ${escapeControls(username)}`;
  const name = by === 'flapping' ? 'clientId' : by;
  return `${name} ${escapeControls(key)}${whose}: ${escapeControls(reason)}; ${secondsLeft} s left`;
}
