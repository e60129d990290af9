/** The flags of `martlet pub`: Mosquitto's, and ours. */

import type { ConnectionFlags } from '../connection/connection-flags.ts';
import { CONNECTION_FLAGS } from '../connection/connection-flags.ts';
import { textOrBytes } from '../flags/bytes-in-text.ts';
import type { SwitchFlag, ValueFlag, WordsFlag } from '../flags/flag.ts';
import { amount } from '../flags/quantity.ts';
import { decimal, duration, readByAtof, readByAtoi, text, wholeNumber } from '../flags/value-parsers.ts';
import type { GivenProperty } from '../messages/property-flag.ts';
import { PROPERTY_FLAG } from '../messages/property-flag.ts';
import { parseRate } from './rate.ts';
import { parseTopicName } from './topic-name-flag.ts';

/** What says which message is sent; `rr` has them too. */
export type MessageFlags = {
  readonly topicName: ValueFlag<string>;
  readonly message: ValueFlag<string | Uint8Array>;
  readonly file: ValueFlag<string>;
  readonly nullMessage: SwitchFlag;
  readonly stdinFile: SwitchFlag;
  readonly qos: ValueFlag<number>;
  readonly properties: WordsFlag<GivenProperty>;
  readonly template: SwitchFlag;
  readonly cbor: SwitchFlag;
};

export type PubFlags = ConnectionFlags &
  MessageFlags & {
    readonly stdinLine: SwitchFlag;
    readonly retain: SwitchFlag;
    readonly repeat: ValueFlag<number>;
    readonly repeatDelay: ValueFlag<number>;
    readonly ndjson: SwitchFlag;
    readonly csv: SwitchFlag;
    readonly skipBadLines: SwitchFlag;
    readonly count: ValueFlag<number>;
    readonly rate: ValueFlag<number>;
    readonly reconnectFor: ValueFlag<number>;
  };

const MESSAGE = 'Message';
const MANY = 'Many messages';

const MOST_REPEATS = 2_147_483_647;
const MOST_MESSAGES = 1_000_000_000_000;
const LONGEST_DELAY_S = 2_000_000;
const LONGEST_RECONNECT_MS = 365 * 24 * 3_600_000;

export const MESSAGE_FLAGS: Readonly<MessageFlags> = {
  topicName: {
    kind: 'value',
    names: ['-t', '--topic'],
    placeholder: 'topic',
    group: MESSAGE,
    parse: parseTopicName,
    text: 'where to publish',
  },
  message: {
    kind: 'value',
    names: ['-m', '--message'],
    placeholder: 'message',
    missing: '-m argument given but no message specified.',
    group: MESSAGE,
    parse: textOrBytes,
    takesBytes: true,
    text: 'the payload',
  },
  file: {
    kind: 'value',
    names: ['-f', '--file'],
    placeholder: 'file',
    group: MESSAGE,
    completes: 'file',
    parse: text('a file'),
    text: 'the payload is what is in this file',
  },
  nullMessage: { kind: 'switch', names: ['-n', '--null-message'], group: MESSAGE, text: 'an empty payload' },
  stdinFile: {
    kind: 'switch',
    names: ['-s', '--stdin-file'],
    group: MESSAGE,
    text: 'the payload is all of standard input',
  },
  qos: {
    kind: 'value',
    names: ['-q', '--qos'],
    placeholder: 'QoS',
    missing: '-q argument given but no QoS specified.',
    completes: ['0', '1', '2'],
    group: MESSAGE,
    ...readByAtoi(wholeNumber(0, 2, (got) => `Invalid QoS given: ${got}`)),
    text: 'quality of service: 0, 1 or 2; default 0',
  },
  properties: { ...PROPERTY_FLAG, group: MESSAGE },
  template: {
    kind: 'switch',
    names: ['--template'],
    group: MESSAGE,
    text: 'fill in {{i}}, {{uuid}}, {{now}}, {{now iso}}, {{rand 0 100}}, {{normal 20.0 0.5}}, {{pick on off}}, {{hex 8}} and {{env NAME}} in topic, payload and properties, anew for each message',
  },
  cbor: { kind: 'switch', names: ['--cbor'], group: MESSAGE, text: 'payloads are JSON; send them as CBOR' },
};

export const PUB_FLAGS: Readonly<PubFlags> = {
  topicName: MESSAGE_FLAGS.topicName,
  message: MESSAGE_FLAGS.message,
  file: MESSAGE_FLAGS.file,
  nullMessage: MESSAGE_FLAGS.nullMessage,
  stdinFile: MESSAGE_FLAGS.stdinFile,
  qos: MESSAGE_FLAGS.qos,
  retain: {
    kind: 'switch',
    names: ['-r', '--retain'],
    group: MESSAGE,
    text: 'the server keeps it as the last value of its topic; an empty one removes that',
  },
  properties: MESSAGE_FLAGS.properties,
  template: MESSAGE_FLAGS.template,
  cbor: MESSAGE_FLAGS.cbor,
  stdinLine: {
    kind: 'switch',
    names: ['-l', '--stdin-line'],
    group: MANY,
    text: 'each line of standard input is a message',
  },
  ndjson: {
    kind: 'switch',
    names: ['--ndjson'],
    group: MANY,
    text: 'each line of standard input (or of -f) is a message in JSON: {"topic", "payload", "qos", "retain", "properties"}, as sub --ndjson prints it',
  },
  csv: {
    kind: 'switch',
    names: ['--csv'],
    group: MANY,
    text: 'each record of standard input (or of -f) is a message; the first one names the columns, as sub --csv prints it',
  },
  skipBadLines: {
    kind: 'switch',
    names: ['--skip-bad-lines'],
    group: MANY,
    text: 'tell of lines that are no message, and go on; default: end at the first',
  },
  repeat: {
    kind: 'value',
    names: ['--repeat'],
    placeholder: 'count',
    missing: '--repeat argument given but no count specified.',
    group: MANY,
    ...readByAtoi(wholeNumber(1, MOST_REPEATS, () => '--repeat argument must be >0.')),
    text: 'send it so many times, each when the one before has been delivered',
  },
  repeatDelay: {
    kind: 'value',
    names: ['--repeat-delay'],
    placeholder: 'seconds',
    missing: '--repeat-delay argument given but no time specified.',
    group: MANY,
    ...readByAtof(decimal(0, LONGEST_DELAY_S, () => '--repeat-delay argument must be >=0.0.')),
    text: 'wait between those; default 0',
  },
  count: {
    kind: 'value',
    names: ['--count'],
    placeholder: 'count',
    group: MANY,
    parse: amount(1, MOST_MESSAGES),
    text: 'send so many messages, as fast as they may go: the one there is, or the first of the input',
  },
  rate: {
    kind: 'value',
    names: ['--rate'],
    placeholder: 'rate',
    group: MANY,
    parse: parseRate,
    text: 'at most so many messages in a time: 500/s, 20k/s, 30/m, 10/h; without --count one message is sent on and on',
  },
  reconnectFor: {
    kind: 'value',
    names: ['--reconnect-for'],
    placeholder: 'time',
    group: MANY,
    parse: duration(0, LONGEST_RECONNECT_MS),
    text: 'how long to try when the connection is lost within the input: 30s, 5m; 0 not at all; default for ever',
  },
  ...CONNECTION_FLAGS,
};
