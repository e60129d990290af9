/** `martlet why`: why a message does or does not arrive, as the broker decides it now. */
import { resolve } from 'node:path';
import type { Explanation, ExplanationQuery } from '@martlet/broker';
import type { Command, CommandIo } from '../command.ts';
import { CommandFailure } from '../command-failure.ts';
import { askBroker } from '../control/ask-broker.ts';
import { BrokerRefusal } from '../control/control-connection.ts';
import { ExitCode } from '../exit-code.ts';
import type { FlagValues } from '../flags/flag.ts';
import { parseFlags } from '../flags/parse-flags.ts';
import { problemLines } from '../problem-lines.ts';
import { textStyleFor } from '../text-style.ts';
import { UsageError } from '../usage-error.ts';
import { explanationText } from './explanation-text.ts';
import type { WhyFlags } from './why-flags.ts';
import { WHY_FLAGS } from './why-flags.ts';

export const command: Readonly<Command> = {
  name: 'why',
  summary: 'Say why a message does or does not arrive',
  usage: '--client id --topic topic [--publish | --receive] [options]',
  flags: WHY_FLAGS,
  examples: [
    {
      line: '--client door --topic home/door',
      text: 'why does door not get what is published to home/door?',
    },
    {
      line: '--client door --topic home/door --publish --qos 1',
      text: 'what becomes of what door publishes: by which rule, and who gets it',
    },
    {
      line: '--client new --topic home/door --username ann --address 192.0.2.7',
      text: 'for a client that has never been here',
    },
    {
      line: '--client door --topic home/door --config next.yaml',
      text: 'by the rules of a configuration that is not in effect yet',
    },
  ],
  run,
};

type WhyValues = FlagValues<WhyFlags>;

/** 0 if it would arrive, 1 if not: a script may ask. */
async function run(words: readonly string[], io: CommandIo): Promise<number> {
  const { values } = parseFlags(WHY_FLAGS, words);
  const query = queryOf(values);
  const { config } = values;
  const file = config === undefined ? {} : { file: resolve(config) };
  let explanation: Explanation;
  try {
    explanation = (await askBroker(values, 'why', { ...query, ...file })) as Explanation;
  } catch (error) {
    const lines = configurationLines(error);
    if (lines === undefined) throw error;
    for (const line of lines) io.stderr.write(`${io.programName}: ${line}\n`);
    return ExitCode.Failure;
  }
  if (values.json) io.stdout.write(`${JSON.stringify(explanation)}\n`);
  else {
    const style = textStyleFor(io.stdout as NodeJS.WriteStream);
    io.stdout.write(explanationText(explanation, style));
  }
  return explanation.arrives ? ExitCode.Success : ExitCode.Failure;
}

/** What is wrong with the configuration of a dry run, line by line. */
function configurationLines(error: unknown): readonly string[] | undefined {
  if (!(error instanceof CommandFailure) || !(error.cause instanceof BrokerRefusal)) return undefined;
  return problemLines(error.cause.failure);
}

/** @throws {UsageError} */
function queryOf(values: WhyValues): ExplanationQuery {
  const { client, topic, publish, receive, qos = 0, retain } = values;
  if (client === undefined) throw new UsageError('expected --client id: whose message is it about?');
  if (topic === undefined) throw new UsageError('expected --topic topic: where is it published?');
  if (publish && receive) throw new UsageError('expected --publish or --receive, got both');
  return {
    clientId: client,
    topicName: topic,
    action: publish ? 'publish' : 'receive',
    qos: qos as 0 | 1 | 2,
    retain,
    ...identityOf(values),
  };
}

function identityOf({
  username,
  group,
  address,
  listener,
}: WhyValues): Pick<ExplanationQuery, 'identity'> | undefined {
  const isGiven =
    username !== undefined || group.length > 0 || address !== undefined || listener !== undefined;
  if (!isGiven) return undefined;
  return {
    identity: {
      ...(username !== undefined && { username }),
      ...(address !== undefined && { peer: address }),
      ...(listener !== undefined && { listener }),
      ...(group.length > 0 && { groups: group }),
    },
  };
}
