/** What the flags of `pub` ask for, checked: where the messages come from, and how they go. */
import type { PublishOptions } from '@martlet/client';
import type { Qos } from '@martlet/protocol';
import type { CommandIo } from '../command.ts';
import type { FlagValues } from '../flags/flag.ts';
import type { GivenFlag } from '../flags/parse-flags.ts';
import type { InputDefaults, InputMessage } from '../messages/input-message.ts';
import type { GivenProperties } from '../messages/property-flag.ts';
import { collectProperties } from '../messages/property-flag.ts';
import { UsageError } from '../usage-error.ts';
import { InputStream } from './input-stream.ts';
import { LineSource } from './line-source.ts';
import { asCbor, MessageMaker } from './message-maker.ts';
import type { MessageSource } from './message-source.ts';
import { kindsOfMessage, onlyOneKind, readPayload } from './payload-input.ts';
import type { PubFlags } from './pub-flags.ts';
import { CsvReader, JsonReader, RecordSource } from './record-source.ts';
import { RepeatedSource } from './repeated-source.ts';
import { parseTopicName } from './topic-name-flag.ts';

export type PubValues = FlagValues<PubFlags>;

export interface PubPlan {
  readonly source: MessageSource;
  readonly given: GivenProperties;
  /** Each message waits until the one before has been delivered, and then for so many ms; undefined: none waits. */
  readonly repeatDelayMs: number | undefined;
  /** Input, or messages without end: what a lost connection must not break off. */
  readonly isStream: boolean;
  /** Lines say more than MQTT 3.1.1 can. */
  readonly hasRecords: boolean;
}

const KINDS = '-m, -f, -n, -s, -l, --ndjson or --csv';
/** Made at once, at most. */
const BATCH = 256;
/** With a rate, those of so many seconds: the time in them is not older. */
const BATCH_S = 0.01;

/**
 * Checks the flags, and reads what is to be sent as one message.
 * @throws {UsageError} for flags that do not go together
 * @throws {CommandFailure} for input that cannot be read
 */
export async function planFor(
  values: PubValues,
  flags: readonly GivenFlag[],
  io: CommandIo,
  tell: (text: string) => void,
): Promise<PubPlan> {
  refuseContradictions(values, flags);
  const given = collectProperties(values.properties);
  const options = publishOptions(values, given);
  const hasRecords = values.ndjson || values.csv;
  const topicName = topicNameFor(values);
  if (hasRecords) {
    const source = await recordSource(values, { topicName, options }, io, tell);
    return { source, given, hasRecords, repeatDelayMs: undefined, isStream: true };
  }
  if (topicName === undefined) throw nothingToSend('a topic (-t)');
  const { template, cbor } = values;
  const maker = MessageMaker.of({ topicName, options, isTemplate: template, isCbor: cbor }, io);
  if (values.stdinLine) {
    const source = new LineSource(InputStream.ofStdin(io.stdin), (index, line) =>
      maker.message(index, cbor ? asCbor(line) : line),
    );
    return { source, given, hasRecords, repeatDelayMs: undefined, isStream: true };
  }
  const payload = await readPayload(values, io);
  const payloadOf = maker.payloadMaker(payload);
  const make = (index: number): InputMessage => maker.message(index, payloadOf(index));
  const { repeat, count, rate } = values;
  const isMany = count !== undefined || rate !== undefined;
  const times = count ?? (rate === undefined ? (repeat ?? 1) : Number.POSITIVE_INFINITY);
  return {
    source: new RepeatedSource(make, times, isMany ? batchFor(rate) : 1),
    given,
    hasRecords,
    repeatDelayMs: isMany ? undefined : (values.repeatDelay ?? 0) * 1000,
    isStream: isMany,
  };
}

function batchFor(rate: number | undefined): number {
  return rate === undefined ? BATCH : Math.max(1, Math.min(BATCH, Math.ceil(rate * BATCH_S)));
}

function refuseContradictions(values: PubValues, given: readonly GivenFlag[]): void {
  const { stdinLine, ndjson, csv, repeat, count, rate, file } = values;
  const others = kindsOfMessage(given);
  const inputs = Number(stdinLine) + Number(ndjson) + Number(csv);
  // A file may be what records are read from.
  const isFileOfRecords = (ndjson || csv) && file !== undefined && others === 1;
  if (others + inputs > 1 && !(isFileOfRecords && inputs === 1)) throw onlyOneKind(KINDS);
  if (others + inputs === 0) throw nothingToSend(`a message (${KINDS})`);
  if (repeat !== undefined && (count !== undefined || rate !== undefined))
    throw new UsageError('--repeat: expected it alone, or --count and --rate in its place, got both');
  if (values.template && (ndjson || csv))
    throw new UsageError('--template: expected -m, -f, -s or -l with it, got lines with topics of their own');
  if (values.skipBadLines && !ndjson && !csv)
    throw new UsageError('--skip-bad-lines: expected --ndjson or --csv with it, got neither');
}

function nothingToSend(expected: string): UsageError {
  return new UsageError(`expected ${expected}, got none`, 'Both topic and message must be supplied.');
}

/** Of `-t`, or of the URL. */
function topicNameFor({ topicName, url }: PubValues): string | undefined {
  if (topicName !== undefined) return topicName;
  return url === undefined || url.topic === '' ? undefined : parseTopicName(url.topic);
}

function publishOptions({ qos = 0, retain }: PubValues, given: GivenProperties): PublishOptions {
  // A topic alias is the client's own matter: it gives them wherever the server takes some.
  const { topicAlias: _, ...properties } = given.publish;
  return { ...properties, qos: qos as Qos, retain };
}

async function recordSource(
  { file, csv, cbor, skipBadLines }: PubValues,
  defaults: InputDefaults,
  { stdin }: CommandIo,
  tell: (text: string) => void,
): Promise<MessageSource> {
  const input = file === undefined ? InputStream.ofStdin(stdin) : await InputStream.ofFile(file);
  return new RecordSource(
    input,
    csv ? new CsvReader(defaults) : new JsonReader(defaults),
    cbor ? (message) => ({ ...message, payload: asCbor(message.payload) }) : (message) => message,
    skipBadLines ? tell : undefined,
  );
}
