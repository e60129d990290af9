/** Runs a command as this process, which ends with it. */
import type { CommandRow } from './commands.ts';
import { processIo } from './process-io.ts';
import { runCommand } from './run-command.ts';

export async function runProcess(
  row: CommandRow,
  programName: string,
  words: readonly string[],
): Promise<never> {
  const io = processIo(programName);
  const command = await row.load();
  const code = await runCommand(command, words, io);
  // What was written must have left before the process goes, and it goes even if something is left open.
  await Promise.all([drained(io.stdout), drained(io.stderr)]);
  process.exit(code);
}

/** Fulfils also if it cannot be written any more. */
function drained(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
