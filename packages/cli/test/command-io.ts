// The world of a command, for tests: streams that remember, a clock that stands still.

import { PassThrough } from 'node:stream';
import type { CommandIo } from '../src/command.ts';

export interface TestIo extends CommandIo {
  readonly abort: AbortController;
  /** What was written so far. */
  written(stream: 'stdout' | 'stderr'): string;
}

export function testIo(env: CommandIo['env'] = {}, programName: string = 'martlet test'): TestIo {
  const abort = new AbortController();
  const texts = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof texts): PassThrough => {
    const through = new PassThrough();
    through.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
    return through;
  };
  return {
    stdin: new PassThrough(),
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    env,
    nowMs: () => 0,
    wallMs: () => 1_700_000_000_000,
    random: () => 0.5,
    signal: abort.signal,
    programName,
    abort,
    written: (name) => texts[name],
  };
}
