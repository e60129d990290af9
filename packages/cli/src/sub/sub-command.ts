/** `martlet sub`: subscribes, and prints the messages that come. */
import type { Command, CommandIo } from '../command.ts';
import { parseConnectedFlags } from '../connection/parse-connected-flags.ts';
import { isMosquittoName } from '../run-command.ts';
import { SUB_FLAGS } from './sub-flags.ts';
import { subPlanFor } from './sub-plan.ts';
import { SubRun } from './sub-run.ts';

export const command: Readonly<Command> = {
  name: 'sub',
  summary: 'Subscribe to topics, and print the messages that come',
  usage: '[-h host] [-p port] -t topic [-t topic …] [-q QoS] [-v | -F format] [-C count] [options]',
  flags: SUB_FLAGS,
  examples: [
    { line: "-t 'home/#' -v", text: 'topic and payload of all messages below home' },
    { line: "-t 'home/#' -C 1 -W 5", text: 'the first message, waiting five seconds at most' },
    { line: "-t '#' --ndjson > messages.ndjson", text: 'all that pub --ndjson needs to publish them again' },
    { line: "-t 'home/#' -F '%I %t %p'", text: 'with the time' },
  ],
  run,
};

async function run(words: readonly string[], io: CommandIo): Promise<number> {
  const { values } = await parseConnectedFlags(SUB_FLAGS, words, io, { optionsFile: 'mosquitto_sub' });
  const isMosquitto = isMosquittoName(io.programName);
  const tell = (text: string): void => {
    if (!values.quiet) io.stderr.write(isMosquitto ? `${text}\n` : `${io.programName}: ${text}\n`);
  };
  return new SubRun(values, subPlanFor(values, isMosquitto), io, tell).run();
}
