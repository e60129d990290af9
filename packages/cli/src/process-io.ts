/** The world of a command that runs in this process. */
import type { CommandIo, OutputStream } from './command.ts';
import { CommandFailure } from './command-failure.ts';
import { Interrupted } from './interruption.ts';
import { STANDARD_OUTPUT } from './standard-output.ts';
import { endingSignal } from './termination.ts';

/** Whoever read standard output has had enough: `martlet sub … | head -1`. The command ends, quietly and with success. */
export class BrokenPipe extends Error {
  override readonly name = 'BrokenPipe';
  readonly exitCode = 0;

  constructor() {
    super('nobody reads standard output any more');
  }
}

/**
 * Streams are opened when they are first asked for: each takes a while, and few commands need all.
 *
 * @param programName see {@link CommandIo.programName}
 */
export function processIo(programName: string): CommandIo {
  const controller = new AbortController();
  endingSignal().then((signal) => controller.abort(new Interrupted(signal)));
  let stdout: OutputStream | undefined;
  let stderr: OutputStream | undefined;
  return {
    programName,
    signal: controller.signal,
    env: process.env,
    nowMs: () => performance.now(),
    wallMs: () => Date.now(),
    random: () => Math.random(),
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      stdout ??= process.stdout.on('error', (error: NodeJS.ErrnoException) => {
        const isPipe = error.code === 'EPIPE';
        controller.abort(isPipe ? new BrokenPipe() : CommandFailure.ofFile(STANDARD_OUTPUT, error));
      });
      return stdout;
    },
    get stderr() {
      // Nobody can be told that there is nobody to be told.
      stderr ??= process.stderr.on('error', () => {});
      return stderr;
    },
  };
}
