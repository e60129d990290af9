/** `martlet rr`: sends a request and prints its response. */
import type { Command, CommandIo } from '../command.ts';
import { parseConnectedFlags } from '../connection/parse-connected-flags.ts';
import type { GivenFlag } from '../flags/parse-flags.ts';
import { formatPrinter } from '../messages/message-printer.ts';
import { collectProperties } from '../messages/property-flag.ts';
import { withPropertyVersion } from '../messages/property-version.ts';
import { MessageMaker } from '../pub/message-maker.ts';
import { kindsOfMessage, onlyOneKind, readPayload } from '../pub/payload-input.ts';
import { quietly } from '../pub/quietly.ts';
import { parseTopicName } from '../pub/topic-name-flag.ts';
import { isMosquittoName } from '../run-command.ts';
import { UsageError } from '../usage-error.ts';
import { RR_FLAGS } from './rr-flags.ts';
import type { RrPlan, RrValues } from './rr-run.ts';
import { RrRun } from './rr-run.ts';

export const command: Readonly<Command> = {
  name: 'rr',
  summary: 'Send a request and print its response',
  usage: '[-h host] [-p port] -t topic -e topic {-m message | -f file | -n | -s} [-W seconds] [options]',
  flags: RR_FLAGS,
  examples: [
    { line: '-t door/open -e answers/7 -m please -W 5', text: 'wait five seconds at most' },
    { line: '-t echo -e answers/7 -m x --correlate --latency', text: 'take no answer to another request' },
  ],
  run,
};

const KINDS = '-m, -f, -n or -s';

async function run(words: readonly string[], io: CommandIo): Promise<number> {
  const { values: asGiven, given } = await parseConnectedFlags(RR_FLAGS, words, io, {
    optionsFile: 'mosquitto_rr',
  });
  const values = withPropertyVersion(asGiven, given);
  const isMosquitto = isMosquittoName(io.programName);
  const tell = (text: string): void => {
    if (!values.quiet) io.stderr.write(isMosquitto ? `${text}\n` : `${io.programName}: ${text}\n`);
  };
  return quietly(values.quiet, async () => {
    const plan = await planFor(values, given, io);
    return new RrRun(values, plan, io, tell).run();
  });
}

/** @throws {UsageError} @throws {CommandFailure} for input that cannot be read */
async function planFor(values: RrValues, flags: readonly GivenFlag[], io: CommandIo): Promise<RrPlan> {
  const kinds = kindsOfMessage(flags);
  const { responseTopic, url } = values;
  const topicName =
    values.topicName ?? (url === undefined || url.topic === '' ? undefined : parseTopicName(url.topic));
  if (kinds > 1) throw onlyOneKind(KINDS);
  if (topicName === undefined || kinds === 0 || responseTopic === undefined)
    throw new UsageError(
      `expected a topic (-t), a response topic (-e) and a message (${KINDS}), got not all of them`,
      'All of topic, message, and response topic must be supplied.',
    );
  const given = collectProperties(values.properties);
  const { topicAlias: _, ...properties } = given.publish;
  if (properties.responseTopic !== undefined)
    throw new UsageError(
      '-D: expected no response-topic of publish, which -e gives, got one',
      'in PUBLISH properties: Duplicate response topic.',
    );
  const { format, verbose, noNewline, pretty } = values;
  const printer = formatPrinter({ format, verbose, pretty, noEndOfLine: noNewline }, (text) => {
    if (!values.quiet) io.stderr.write(text);
  });
  const options = { ...properties, qos: (values.qos ?? 0) as 0 | 1 | 2 };
  const maker = MessageMaker.of({ topicName, options, isTemplate: values.template, isCbor: values.cbor }, io);
  const makePayload = maker.payloadMaker(await readPayload(values, io));
  return { request: maker.message(0, makePayload(0)), responseTopic, given, printer };
}
