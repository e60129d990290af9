/** `martlet config plan`: what a configuration would change, of a running broker or of another file. */
import { resolve } from 'node:path';
import type { ConfigurationProblem } from '@martlet/broker/config';
import type { ReloadReport } from '@martlet/broker/server';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { askBroker } from '../control/ask-broker.ts';
import { BrokerRefusal } from '../control/control-connection.ts';
import { ExitCode } from '../exit-code.ts';
import { reportText } from '../reload/report-text.ts';
import { UsageError } from '../usage-error.ts';
import { changeLines } from './change-lines.ts';
import { checked } from './config-check.ts';
import type { ConfigValues } from './config-flags.ts';
import { problemLines } from './problem-report.ts';

/** @returns 1 if the configuration could not take effect */
export async function planConfiguration(
  file: string | undefined,
  values: ConfigValues,
  io: CommandIo,
): Promise<number> {
  if (file === undefined) throw new UsageError('plan: expected the file that is to take effect, got none');
  const { against, broker, control } = values;
  if (against === undefined) return planOfBroker(file, values, io);
  if (broker !== undefined || control !== undefined)
    throw new UsageError('--against: expected no --broker or --control with it');
  return planOfFiles(file, against, values, io);
}

async function planOfBroker(file: string, values: ConfigValues, io: CommandIo): Promise<number> {
  let report: ReloadReport;
  try {
    report = (await askBroker(values, 'plan', { file: resolve(file) })) as ReloadReport;
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    const refusal = error.cause;
    const problems = refusal instanceof BrokerRefusal ? (refusal.failure.problems ?? []) : [];
    if (problems.length > 0) return printProblems(problems, values, io);
    if (refusal instanceof BrokerRefusal || values.control !== undefined) throw error;
    throw new CommandFailure(`${error.message}; or compare with a file by --against`, { cause: error });
  }
  print(report, values, io);
  return ExitCode.Success;
}

/** Who would be disconnected, only a running broker can say. */
async function planOfFiles(
  file: string,
  against: string,
  values: ConfigValues,
  io: CommandIo,
): Promise<number> {
  const { describeChanges } = await import('@martlet/broker/config');
  const before = await checked(against, io.env);
  const after = await checked(file, io.env);
  const problems = [...before.problems, ...after.problems];
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) return printProblems(errors, values, io);
  const changes = describeChanges(before.loaded!.configuration, after.loaded!.configuration);
  if (values.json) io.stdout.write(`${JSON.stringify({ changes, notices: after.problems })}\n`);
  else io.stdout.write(`${changeLines(changes, io.stdout)}${problemLines(after.problems, io.stdout)}`);
  return ExitCode.Success;
}

function print(report: ReloadReport, { json }: ConfigValues, { stdout }: CommandIo): void {
  stdout.write(json ? `${JSON.stringify(report)}\n` : reportText(report, stdout));
}

function printProblems(
  problems: readonly ConfigurationProblem[],
  { json }: ConfigValues,
  io: CommandIo,
): number {
  if (json) io.stdout.write(`${JSON.stringify({ problems })}\n`);
  else io.stderr.write(problemLines(problems, io.stderr));
  return ExitCode.Failure;
}
