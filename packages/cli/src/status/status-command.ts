/** `martlet status`: which broker runs, since when, with which file and store, and who is connected where. */
import type { ServerStatus } from '@martlet/broker/server';
import type { Command, CommandIo } from '../command.ts';
import { askBroker, askEveryBroker } from '../control/ask-broker.ts';
import type { ControlFlags } from '../control/control-flags.ts';
import { CONTROL_FLAGS } from '../control/control-flags.ts';
import { ExitCode } from '../exit-code.ts';
import type { SwitchFlag } from '../flags/flag.ts';
import { parseFlags } from '../flags/parse-flags.ts';
import { UsageError } from '../usage-error.ts';
import { statusText } from './status-text.ts';

type StatusFlags = ControlFlags & {
  readonly all: SwitchFlag;
  readonly json: SwitchFlag;
};

const STATUS_FLAGS: Readonly<StatusFlags> = {
  all: {
    kind: 'switch',
    names: ['--all'],
    text: 'every broker of this machine that this user may ask',
  },
  json: { kind: 'switch', names: ['--json'], text: 'print one line of JSON; with --all an array' },
  ...CONTROL_FLAGS,
};

export const command: Readonly<Command> = {
  name: 'status',
  summary: 'Show which brokers run on this machine, and who is connected',
  usage: '[--all] [--json] [--broker name | --control path]',
  flags: STATUS_FLAGS,
  examples: [
    { line: '', text: 'the broker that runs here' },
    { line: '--all', text: 'all of them, if there are several' },
    { line: '--broker office --json', text: 'the one with office.yaml, for programs' },
  ],
  run,
};

async function run(words: readonly string[], io: CommandIo): Promise<number> {
  const { values } = parseFlags(STATUS_FLAGS, words, {
    positionals: { name: 'word', minimum: 0, maximum: 0 },
  });
  const { all, json, broker, control } = values;
  if (!all) {
    const status = (await askBroker(values, 'status')) as ServerStatus;
    io.stdout.write(json ? `${JSON.stringify(status)}\n` : statusText(status, io));
    return ExitCode.Success;
  }
  if (broker !== undefined || control !== undefined)
    throw new UsageError(`expected --all or ${broker === undefined ? '--control' : '--broker'}, got both`);
  const { answers, failures } = await askEveryBroker('status');
  const found = answers as readonly ServerStatus[];
  io.stdout.write(
    json ? `${JSON.stringify(found)}\n` : found.map((status) => statusText(status, io)).join('\n'),
  );
  for (const text of failures) io.stderr.write(`${io.programName}: ${text}\n`);
  return failures.length === 0 ? ExitCode.Success : ExitCode.Failure;
}
