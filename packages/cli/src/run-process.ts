/** Runs a command as this process, which ends with it. */
import type { CommandIo, CommandRow } from './command.ts';
import { CommandFailure } from './command-failure.ts';
import { ExitCode } from './exit-code.ts';
import { processIo } from './process-io.ts';
import { runCommand } from './run-command.ts';
import { UsageError } from './usage-error.ts';

export async function runProcess(
  row: CommandRow,
  programName: string,
  words: readonly string[],
): Promise<never> {
  const io = processIo(programName);
  const command = await row.load();
  return end(io, await runCommand(command, words, io));
}

/**
 * Answers what needs no command.
 * @returns false if a command of the broker is to answer
 */
export async function runOverview(words: readonly string[]): Promise<boolean> {
  const { overviewFor } = await import('./overview.ts');
  let text: string | undefined;
  try {
    text = overviewFor(words);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const io = processIo('martlet');
    io.stderr.write(`martlet: ${error.message}\n`);
    return end(io, ExitCode.Usage);
  }
  // From here on signals are the command's.
  if (text === undefined) return false;
  const io = processIo('martlet');
  io.stdout.write(text);
  return end(io, ExitCode.Success);
}

/** What was written must have left before the process goes, and it goes even if something is left open. */
async function end({ stdout, stderr, signal, programName }: CommandIo, code: number): Promise<never> {
  await drained(stdout);
  const reason: unknown = signal.reason;
  // A full disk: who has failed for another reason has told of that.
  const isLost = reason instanceof CommandFailure && code === ExitCode.Success;
  if (isLost) stderr.write(`${programName}: ${reason.message}\n`);
  await drained(stderr);
  process.exit(isLost ? ExitCode.Failure : code);
}

/** Fulfils also if it cannot be written any more. */
function drained(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
