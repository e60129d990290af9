/** `martlet reload`: has a running broker read its configuration again, and says what has changed. */
import type { ReloadReport } from '@martlet/broker/server';
import type { Command, CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { askBroker } from '../control/ask-broker.ts';
import { BrokerRefusal } from '../control/control-connection.ts';
import { ExitCode } from '../exit-code.ts';
import { parseFlags } from '../flags/parse-flags.ts';
import { problemLines } from '../problem-lines.ts';
import { RELOAD_FLAGS } from './reload-flags.ts';
import { reportText } from './report-text.ts';

export const command: Readonly<Command> = {
  name: 'reload',
  summary: 'Have a running broker read its configuration again',
  usage: '[--dry-run] [--broker name | --control path]',
  flags: RELOAD_FLAGS,
  examples: [
    { line: '', text: 'the broker that runs here; who is not concerned stays connected' },
    { line: '--dry-run', text: 'what that would change, and who would be disconnected' },
    { line: '--broker office', text: 'of several, the one with office.yaml' },
  ],
  run,
};

async function run(words: readonly string[], io: CommandIo): Promise<number> {
  const { values } = parseFlags(RELOAD_FLAGS, words, {
    positionals: { name: 'word', minimum: 0, maximum: 0 },
  });
  let report: ReloadReport;
  try {
    report = (await askBroker(values, 'reload', { dryRun: values.dryRun })) as ReloadReport;
  } catch (error) {
    const lines = problemLinesOf(error);
    if (lines === undefined) throw error;
    const stays = 'nothing has changed, the configuration that was in effect stays';
    for (const line of [...lines, stays]) io.stderr.write(`${io.programName}: ${line}\n`);
    return ExitCode.Failure;
  }
  io.stdout.write(values.json ? `${JSON.stringify(report)}\n` : reportText(report, io.stdout));
  return ExitCode.Success;
}

function problemLinesOf(error: unknown): readonly string[] | undefined {
  return error instanceof CommandFailure && error.cause instanceof BrokerRefusal
    ? problemLines(error.cause.failure)
    : undefined;
}
