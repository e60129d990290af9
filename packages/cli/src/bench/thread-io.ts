/** The world of a thread, as far as flags of the connection need it: the environment, and nobody who could be asked. */
import { PassThrough } from 'node:stream';
import type { CommandIo } from '../command.ts';

export function threadIo(env: CommandIo['env']): CommandIo {
  const nowhere = new PassThrough().resume();
  return {
    stdin: new PassThrough().end(),
    stdout: nowhere,
    stderr: nowhere,
    env,
    nowMs: () => performance.now(),
    wallMs: () => Date.now(),
    random: () => Math.random(),
    signal: new AbortController().signal,
    programName: 'martlet bench',
  };
}
