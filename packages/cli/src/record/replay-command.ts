/** `martlet replay`: publishes a recording again, with its timing. */
import type { Command, CommandIo } from '../command.ts';
import { parseConnectedFlags } from '../connection/parse-connected-flags.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { REPLAY_FLAGS } from './replay-flags.ts';

export const command: Readonly<Command> = {
  name: 'replay',
  summary: 'Publish a recording again, with its timing',
  usage: 'file [options]',
  flags: REPLAY_FLAGS,
  examples: [
    { line: 'night.mqttrec', text: 'as it was' },
    {
      line: "night.mqttrec --speed 10 --remap 'home/#' 'test/#'",
      text: 'ten times as fast, to other topics',
    },
    { line: 'night.mqttrec --from 10m --to 12m --loop 0', text: 'two minutes of it, again and again' },
  ],
  run,
};

async function run(words: readonly string[], io: CommandIo): Promise<number> {
  const { values, positionals } = await parseConnectedFlags<ReplayFlags>(REPLAY_FLAGS, words, io, {
    positionals: { name: 'file', minimum: 1, maximum: 1 },
  });
  const { Replay } = await import('./replay.ts');
  return new Replay(values, positionals[0]!, io).run();
}
