/** Runs a command to its end, whatever that is: its exit code, and one line on standard error if it failed. */
import type { Command, CommandIo } from './command.ts';
import { CommandFailure } from './command-failure.ts';
import { ExitCode } from './exit-code.ts';
import { HelpRequest } from './flags/help-request.ts';
import { Interrupted } from './interruption.ts';
import { BrokenPipe } from './process-io.ts';
import { UsageError } from './usage-error.ts';
import { versionText } from './version-text.ts';

/** Whether the command was started under the name of one of Mosquitto's tools, and so is to behave as that in all it does. */
export function isMosquittoName(programName: string): boolean {
  return programName.startsWith('mosquitto_');
}

/** @returns the exit code */
export async function runCommand(command: Command, words: readonly string[], io: CommandIo): Promise<number> {
  try {
    const code = await command.run(await asTyped(words), io);
    return isOutputLost(io) ? endOfOutput(command, io) : code;
  } catch (error) {
    return isOutputLost(io) ? endOfOutput(command, io) : endFor(error, command, io);
  }
}

/** What is no UTF-8 has U+FFFD in it. */
async function asTyped(words: readonly string[]): Promise<readonly string[]> {
  if (!words.some((word) => word.includes('\u{fffd}'))) return words;
  const { typedWords } = await import('./typed-words.ts');
  return typedWords(words);
}

/** Standard output cannot be written any more: that is why the command has ended, whatever it says itself. */
function isOutputLost({ signal: { reason } }: CommandIo): boolean {
  return reason instanceof BrokenPipe || reason instanceof CommandFailure;
}

async function endOfOutput(command: Command, io: CommandIo): Promise<number> {
  const { reason } = io.signal;
  return reason instanceof BrokenPipe ? ExitCode.Success : endFor(reason, command, io);
}

async function endFor(error: unknown, command: Command, io: CommandIo): Promise<number> {
  const { programName, stdout, stderr } = io;
  if (error instanceof Interrupted) return error.exitCode;
  const isMosquitto = isMosquittoName(programName);
  if (error instanceof HelpRequest) {
    stdout.write(await helpFor(error, command, io));
    // So do Debian's.
    return isMosquitto ? ExitCode.Failure : ExitCode.Success;
  }
  if (error instanceof UsageError) {
    if (!isMosquitto) {
      stderr.write(`${programName}: ${error.message}\n`);
      return ExitCode.Usage;
    }
    stderr.write(`Error: ${error.mosquittoText}\n\n\nUse '${programName} --help' to see usage.\n`);
    return ExitCode.Failure;
  }
  const failure = error instanceof CommandFailure ? error : CommandFailure.ofSystem(error);
  if (failure !== null) {
    stderr.write(isMosquitto ? `Error: ${failure.message}\n` : `${programName}: ${failure.message}\n`);
    return failure.exitCode;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr.write(`${programName}: this is a bug in Martlet, please report it: ${text}\n`);
  return ExitCode.Failure;
}

async function helpFor(
  { wants }: HelpRequest,
  command: Command,
  { programName, stdout }: CommandIo,
): Promise<string> {
  if (wants === 'version')
    return isMosquittoName(programName)
      ? `${programName} version ${versionText()} of Martlet.\n`
      : `${programName} ${versionText()}\n`;
  const { helpText } = await import('./command-help.ts');
  return helpText(command, programName, stdout.columns);
}
