/** `--quiet`: what goes wrong is in the exit code only, as in Mosquitto's tools; wrong flags are told all the same. */
import { CommandFailure } from '../command-failure.ts';

/** @returns the exit code */
export async function quietly(isQuiet: boolean, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (isQuiet && error instanceof CommandFailure) return error.exitCode;
    throw error;
  }
}
