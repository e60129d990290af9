/** `martlet config migrate mosquitto.conf`: our configuration from Mosquitto's, with a report of what became of each line. */
import { writeFile } from 'node:fs/promises';
import { ConfigurationError, problemText } from '@martlet/broker/config';
import { migrateMosquittoConfiguration } from '@martlet/broker/mosquitto';
import type { CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { ExitCode } from '../exit-code.ts';
import { textStyleFor } from '../text-style.ts';
import { UsageError } from '../usage-error.ts';
import type { MigrateValues } from './migrate-flags.ts';
import { migrationReport } from './migration-report.ts';

/** Passwords of bridges stand in it. */
const SECRET_MODE = 0o600;
const USUAL_MODE = 0o644;

/**
 * @param path of the mosquitto.conf
 * @returns 1 if something was refused, and so is not in the new file
 * @throws {UsageError | CommandFailure} told in one line
 */
export async function migrate(
  path: string | undefined,
  { output, force }: MigrateValues,
  io: CommandIo,
): Promise<number> {
  if (path === undefined) {
    throw new UsageError('migrate: expected a file, such as /etc/mosquitto/mosquitto.conf, got none');
  }
  const { yaml, lines, hasSecrets } = await migrated(path, io);
  const reportTo = output === undefined ? io.stderr : io.stdout;
  if (output === undefined) io.stdout.write(yaml);
  else {
    const mode = hasSecrets ? SECRET_MODE : USUAL_MODE;
    try {
      await writeFile(output, yaml, { mode, flag: force ? 'w' : 'wx' });
    } catch (error) {
      const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
      if (!isThere) throw CommandFailure.ofFile(output, error);
      throw new CommandFailure(
        `${output}: there is such a file already; choose another name, or add --force`,
        {
          cause: error,
        },
      );
    }
  }
  reportTo.write(migrationReport(lines, textStyleFor(reportTo as NodeJS.WriteStream)));
  if (output !== undefined) io.stdout.write(`\nNext: martlet config check ${output}\n`);
  return lines.some(({ fate }) => fate === 'refused') ? ExitCode.Failure : ExitCode.Success;
}

async function migrated(path: string, { env }: CommandIo): ReturnType<typeof migrateMosquittoConfiguration> {
  try {
    return await migrateMosquittoConfiguration(path, { directory: process.cwd(), env });
  } catch (error) {
    if (error instanceof ConfigurationError)
      throw new CommandFailure(error.problems.map(problemText).join('; '), { cause: error });
    throw error;
  }
}
