/**
 * `martlet start -d`: the broker in a process of its own, in the background. The command ends when that process serves, or with its exit
 * status when it could not; until then what it has to say comes to this terminal.
 */
import { spawn } from 'node:child_process';
import { ExitCode } from '../exit-code.ts';

/** Tells the process in the background that it is one. Not `MARTLET_…`, which would be the configuration's. */
const VARIABLE = '_MARTLET_IN_BACKGROUND';

/** What of a process this needs. */
export interface BackgroundProcess {
  readonly env: NodeJS.ProcessEnv;
  readonly send?: ((message: unknown) => boolean) | undefined;
  disconnect?(): void;
}

/** What the process in the background calls once it serves; undefined in any other process. */
export function backgroundReady(world: BackgroundProcess = process): (() => void) | undefined {
  if (world.env[VARIABLE] !== '1' || world.send === undefined) return undefined;
  delete world.env[VARIABLE];
  return () => {
    world.send!('ready');
    world.disconnect!();
  };
}

/** Starts this very command again in the background. @returns the exit code */
export function startInBackground(): Promise<number> {
  const [, script = '', ...words] = process.argv;
  const child = spawn(process.execPath, [...process.execArgv, script, ...words], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, [VARIABLE]: '1' },
  });
  child.stderr!.pipe(process.stderr);
  const stop = (): void => {
    child.kill();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('message', () => {
      child.stderr!.destroy();
      child.unref();
      resolve(ExitCode.Success);
    });
    child.once('close', (code) => resolve(code ?? ExitCode.Failure));
  });
}
