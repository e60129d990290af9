/** `martlet record`: keeps what comes, with its timing, in a file that `replay` and others read. */
import type { Command, CommandIo } from '../command.ts';
import { parseConnectedFlags } from '../connection/parse-connected-flags.ts';
import type { RecordFlags } from './record-flags.ts';
import { RECORD_FLAGS } from './record-flags.ts';

export const command: Readonly<Command> = {
  name: 'record',
  summary: 'Record messages with their timing into a file',
  usage: '[-t filter]... file [options]',
  flags: RECORD_FLAGS,
  examples: [
    { line: 'night.mqttrec', text: 'everything, until Ctrl+C' },
    { line: "-t 'home/#' --duration 8h night.mqttrec.gz", text: 'a part, for eight hours, compressed' },
  ],
  run,
};

async function run(words: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = await parseConnectedFlags<RecordFlags>(RECORD_FLAGS, words, io, {
    positionals: { name: 'file', minimum: 1, maximum: 1 },
  });
  const { Recording } = await import('./recording.ts');
  return new Recording(values, positionals[0]!, io).run();
}
