/** `martlet pub`: publishes messages. */
import type { Command, CommandIo } from '../command.ts';
import { parseConnectedFlags } from '../connection/parse-connected-flags.ts';
import { withPropertyVersion } from '../messages/property-version.ts';
import { isMosquittoName } from '../run-command.ts';
import { PUB_FLAGS } from './pub-flags.ts';
import { planFor } from './pub-plan.ts';
import { PubRun } from './pub-run.ts';
import { quietly } from './quietly.ts';

export const command: Readonly<Command> = {
  name: 'pub',
  summary: 'Publish messages',
  usage: '[-h host] [-p port] -t topic {-m message | -f file | -n | -s | -l} [-q QoS] [-r] [options]',
  flags: PUB_FLAGS,
  examples: [
    { line: '-t home/light -m on -q 1 -r', text: 'a message that the server keeps' },
    { line: '-t log -l < messages.log', text: 'each line is a message' },
    { line: '-t ping -m "{{now iso}}" --template --rate 1/s', text: 'one each second, until Ctrl-C' },
    { line: '--ndjson < messages.ndjson', text: 'what sub --ndjson has printed' },
  ],
  run,
};

async function run(words: readonly string[], io: CommandIo): Promise<number> {
  const parsed = await parseConnectedFlags(PUB_FLAGS, words, io, { optionsFile: 'mosquitto_pub' });
  const values = withPropertyVersion(parsed.values, parsed.given);
  const isMosquitto = isMosquittoName(io.programName);
  const tell = (text: string): void => {
    if (!values.quiet) io.stderr.write(isMosquitto ? `${text}\n` : `${io.programName}: ${text}\n`);
  };
  return quietly(values.quiet, async () => {
    const plan = await planFor(values, parsed.given, io, tell);
    return new PubRun(values, plan, io, tell).run();
  });
}
