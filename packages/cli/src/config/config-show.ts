/** `martlet config show`: what holds, and where each value comes from. */
import type { LoadedConfiguration } from '@martlet/broker/config';
import type { ServerAnswers } from '@martlet/broker/server';
import type { CommandIo } from '../command.ts';
import { askBroker } from '../control/ask-broker.ts';
import { ExitCode } from '../exit-code.ts';
import { loadConfigurationFile } from '../start/configuration-file.ts';
import { UsageError } from '../usage-error.ts';
import { configurationFileFor, placesText } from './chosen-configuration.ts';
import type { ConfigValues } from './config-flags.ts';
import { problemLines } from './problem-report.ts';

export async function showConfiguration(
  named: string | undefined,
  values: ConfigValues,
  io: CommandIo,
): Promise<number> {
  refuseCombinations(named, values);
  if (values.running) return showRunning(values, io);
  const { ConfigurationError } = await import('@martlet/broker/config');
  try {
    await print(await loaded(named, values, io), values, io);
    return ExitCode.Success;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    io.stderr.write(problemLines(error.problems, io.stderr));
    return ExitCode.Failure;
  }
}

function refuseCombinations(named: string | undefined, values: ConfigValues): void {
  const { running, defaults, changed, origin, broker, control } = values;
  if (defaults && named !== undefined) throw new UsageError('--defaults: expected no file with it');
  if (defaults && changed) throw new UsageError('expected --defaults or --changed, got both');
  if (running && (named !== undefined || defaults || changed || origin))
    throw new UsageError('--running: expected no file, --defaults, --changed or --origin with it');
  if (!running && (broker !== undefined || control !== undefined))
    throw new UsageError(`${broker === undefined ? '--control' : '--broker'}: expected --running with it`);
}

/** Says which file it is about where that was not said. */
async function loaded(
  named: string | undefined,
  { defaults }: ConfigValues,
  io: CommandIo,
): Promise<LoadedConfiguration> {
  if (defaults) return loadConfigurationFile(undefined, {});
  const file = configurationFileFor(named, io);
  if (named === undefined) {
    const which = file ?? `there is no file in ${placesText(io)}: the defaults hold`;
    io.stderr.write(`${io.programName}: ${which}\n`);
  }
  return loadConfigurationFile(file, { env: io.env });
}

async function print(
  { configuration, source }: LoadedConfiguration,
  { format, changed, origin }: ConfigValues,
  { stdout }: CommandIo,
): Promise<void> {
  const { configurationYaml, shownConfiguration, shownValues } = await import('@martlet/broker/config');
  if (format !== 'json')
    stdout.write(configurationYaml(configuration, source, { given: changed, origins: origin }));
  else {
    const shown = origin
      ? shownValues(configuration, source, changed)
      : shownConfiguration(configuration, source, changed);
    stdout.write(`${JSON.stringify(shown, null, 2)}\n`);
  }
}

async function showRunning(
  { broker, control, format }: ConfigValues,
  { stdout }: CommandIo,
): Promise<number> {
  const answer = (await askBroker({ broker, control }, 'config')) as ServerAnswers['config'];
  const { configurationYaml, Source } = await import('@martlet/broker/config');
  if (format === 'json') stdout.write(`${JSON.stringify(answer.configuration, null, 2)}\n`);
  else {
    const nowhere = new Source(undefined, { values: new Map(), keys: new Map() }, new Map());
    stdout.write(configurationYaml(answer.configuration as LoadedConfiguration['configuration'], nowhere));
  }
  return ExitCode.Success;
}
