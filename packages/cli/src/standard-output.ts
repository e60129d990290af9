/** The result of a command, on standard output. */
import { CommandFailure } from './command-failure.ts';

/** How messages call it: it may be a file, a pipe or a terminal. */
export const STANDARD_OUTPUT = 'standard output';

/**
 * Fulfils when it has been taken, or when whoever read has had enough and has closed it.
 * @throws {CommandFailure} if it cannot be written: a full disk
 */
export function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const onEnd = (error?: NodeJS.ErrnoException | null): void => {
      if (!error || error.code === 'EPIPE') resolve();
      else reject(CommandFailure.ofFile(STANDARD_OUTPUT, error));
    };
    // Without it the stream's event would end the process, besides the call.
    process.stdout.once('error', onEnd);
    process.stdout.write(text, onEnd);
  });
}
