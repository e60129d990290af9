/** `martlet config check`: everything that is wrong with a configuration and with the files that it names. */
import type { ConfigurationProblem, LoadedConfiguration } from '@martlet/broker/config';
import { counted } from '../amount-text.ts';
import type { CommandIo } from '../command.ts';
import { ExitCode } from '../exit-code.ts';
import { protocolOpeners } from '../sn/protocol-openers.ts';
import { loadConfigurationFile } from '../start/configuration-file.ts';
import { existingConfigurationFile } from './chosen-configuration.ts';
import type { ConfigValues } from './config-flags.ts';
import { problemLines } from './problem-report.ts';

/** @returns 1 if something is wrong */
export async function checkConfigurationFile(
  named: string | undefined,
  { json }: ConfigValues,
  io: CommandIo,
): Promise<number> {
  const file = existingConfigurationFile(named, io);
  const { problems } = await checked(file, io.env);
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const notices = problems.length - errors;
  if (json) io.stdout.write(`${JSON.stringify({ file, errors, notices, problems })}\n`);
  else {
    const more = notices === 0 ? '' : `, ${counted(notices, 'notice')}`;
    const summary =
      errors === 0 ? `${file} is in order${more}` : `${file}: ${counted(errors, 'error')}${more}`;
    io.stdout.write(`${problemLines(problems, io.stdout)}${summary}\n`);
  }
  return errors === 0 ? ExitCode.Success : ExitCode.Failure;
}

/** A configuration, if it is one, and what is wrong with it or worth knowing. */
export async function checked(
  file: string,
  env: CommandIo['env'],
): Promise<{ readonly loaded?: LoadedConfiguration; readonly problems: readonly ConfigurationProblem[] }> {
  const { ConfigurationError } = await import('@martlet/broker/config');
  try {
    const loaded = await loadConfigurationFile(file, { env });
    const { checkConfiguration } = await import('@martlet/broker/server');
    return { loaded, problems: await checkConfiguration(loaded, protocolOpeners()) };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { problems: error.problems };
  }
}
