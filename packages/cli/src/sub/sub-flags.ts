/** The flags of `martlet sub`: Mosquitto's, and ours. */
import type { ConnectionFlags } from '../connection/connection-flags.ts';
import { CONNECTION_FLAGS } from '../connection/connection-flags.ts';
import type { FlagValues, ListFlag, SwitchFlag, ValueFlag, WordsFlag } from '../flags/flag.ts';
import { decimal, oneOf, readByAtof, readByAtoi, text, wholeNumber } from '../flags/value-parsers.ts';
import { parseFormat } from '../messages/format-pieces.ts';
import type { GivenProperty } from '../messages/property-flag.ts';
import { PROPERTY_FLAG } from '../messages/property-flag.ts';
import { topicFilterParser } from './topic-filter-flag.ts';

/** How messages are printed; `rr` has them too. */
export type OutputFlags = {
  readonly format: ValueFlag<string>;
  readonly verbose: SwitchFlag;
  readonly noEndOfLine: SwitchFlag;
  readonly pretty: SwitchFlag;
};

export type SubFlags = ConnectionFlags &
  OutputFlags & {
    readonly topicFilters: ListFlag<string>;
    readonly filterOut: ListFlag<string>;
    readonly unsubscribe: ListFlag<string>;
    readonly qos: ValueFlag<number>;
    readonly properties: WordsFlag<GivenProperty>;
    readonly count: ValueFlag<number>;
    readonly timeout: ValueFlag<number>;
    readonly exitAfterSubscribed: SwitchFlag;
    readonly noRetained: SwitchFlag;
    readonly retainedOnly: SwitchFlag;
    readonly removeRetained: SwitchFlag;
    readonly retainAsPublished: SwitchFlag;
    readonly retainHandling: ValueFlag<0 | 1 | 2>;
    readonly randomFilter: ValueFlag<number>;
    readonly messageRate: SwitchFlag;
    readonly watch: SwitchFlag;
    readonly table: SwitchFlag;
    readonly tree: SwitchFlag;
    readonly ndjson: SwitchFlag;
    readonly csv: SwitchFlag;
    readonly outputFile: ValueFlag<string>;
  };

export type SubValues = FlagValues<SubFlags>;

const SUBSCRIPTION = 'What to subscribe to';
const MESSAGES = 'Which messages';
const OUTPUT = 'How they are printed';

const MOST = 2_147_483_647;

export const OUTPUT_FLAGS: Readonly<OutputFlags> = {
  format: {
    kind: 'value',
    names: ['-F'],
    placeholder: 'format',
    missing: '-F argument given but no format specified.',
    group: OUTPUT,
    parse: checkedFormat,
    text: 'such as "%I %t %p": time, topic, payload; %j: JSON; docs/guides/command-line.md has all',
  },
  verbose: {
    kind: 'switch',
    names: ['-v', '--verbose'],
    group: OUTPUT,
    text: 'the topic before the payload',
  },
  noEndOfLine: { kind: 'switch', names: ['-N'], group: OUTPUT, text: 'no end of line after a message' },
  pretty: {
    kind: 'switch',
    names: ['--pretty'],
    group: OUTPUT,
    text: 'JSON of %j and %J over several lines; without -F: payloads of JSON and CBOR, for people',
  },
};

export const SUB_FLAGS: Readonly<SubFlags> = {
  topicFilters: {
    kind: 'list',
    names: ['-t', '--topic'],
    placeholder: 'topic filter',
    missing: '-t argument given but no topic specified.',
    group: SUBSCRIPTION,
    parse: topicFilterParser('subscription'),
    text: 'what to subscribe to: a topic, + for any level of it, # for all that follow',
  },
  unsubscribe: {
    kind: 'list',
    names: ['-U', '--unsubscribe'],
    placeholder: 'topic filter',
    missing: '-U argument given but no unsubscribe topic specified.',
    group: SUBSCRIPTION,
    parse: topicFilterParser('unsubscribe'),
    text: 'take back a subscription of a session that the server has kept (-c)',
  },
  qos: {
    kind: 'value',
    names: ['-q', '--qos'],
    placeholder: 'QoS',
    missing: '-q argument given but no QoS specified.',
    completes: ['0', '1', '2'],
    group: SUBSCRIPTION,
    ...readByAtoi(wholeNumber(0, 2, (got) => `Invalid QoS given: ${got}`)),
    text: 'the highest QoS at which messages come; default 0',
  },
  retainAsPublished: {
    kind: 'switch',
    names: ['--retain-as-published'],
    group: SUBSCRIPTION,
    text: 'keep the retain flag as it was published; MQTT 5',
  },
  retainHandling: {
    kind: 'value',
    names: ['--retain-handling'],
    placeholder: 'when',
    missing: '--retain-handling argument given but no option specified.',
    completes: ['always', 'new', 'never'],
    group: SUBSCRIPTION,
    parse: oneOf(
      { always: 0, new: 1, never: 2 } as const,
      (got) => `Unknown value "${got}" for --retain-handling.`,
    ),
    text: 'retained messages: always, new (only for a subscription that is new) or never; MQTT 5',
  },
  properties: { ...PROPERTY_FLAG, group: SUBSCRIPTION },
  exitAfterSubscribed: {
    kind: 'switch',
    names: ['-E'],
    group: SUBSCRIPTION,
    text: 'end when the server has subscribed; with -c the session then gathers messages',
  },
  filterOut: {
    kind: 'list',
    names: ['-T', '--filter-out'],
    placeholder: 'topic filter',
    missing: '-T argument given but no topic filter specified.',
    group: MESSAGES,
    parse: topicFilterParser('filter'),
    text: 'do not print what matches this',
  },
  count: {
    kind: 'value',
    names: ['-C'],
    placeholder: 'count',
    missing: '-C argument given but no count specified.',
    group: MESSAGES,
    ...readByAtoi(wholeNumber(1, MOST, (got) => `Invalid message count "${got}".`)),
    text: 'end after so many messages',
  },
  timeout: {
    kind: 'value',
    names: ['-W'],
    placeholder: 'seconds',
    missing: '-W argument given but no timeout specified.',
    group: MESSAGES,
    ...readByAtoi(wholeNumber(1, MOST, (got) => `Invalid timeout "${got}".`)),
    text: 'end after so many seconds, with exit code 27',
  },
  noRetained: {
    kind: 'switch',
    names: ['-R'],
    group: MESSAGES,
    text: 'not the retained ones, which were published before',
  },
  retainedOnly: {
    kind: 'switch',
    names: ['--retained-only'],
    group: MESSAGES,
    text: 'only the retained ones; end at the first other one',
  },
  removeRetained: {
    kind: 'switch',
    names: ['--remove-retained'],
    group: MESSAGES,
    text: 'remove retained messages from the server as they come, but for those of -T',
  },
  randomFilter: {
    kind: 'value',
    names: ['--random-filter'],
    placeholder: 'percent',
    missing: '--random-filter argument given but no chance specified.',
    group: MESSAGES,
    ...readByAtof(decimal(0.1, 100, () => '--random-filter chance must be between 0.1-100.0')),
    text: 'print only so many of a hundred, by chance',
  },
  ...OUTPUT_FLAGS,
  watch: {
    kind: 'switch',
    names: ['-w', '--watch'],
    group: OUTPUT,
    text: 'each topic has its line on the terminal, with what came last',
  },
  table: {
    kind: 'switch',
    names: ['--table'],
    group: OUTPUT,
    text: 'a live table of the topics: last value, rate, age, trend; sorted and filtered by keys',
  },
  tree: {
    kind: 'switch',
    names: ['--tree'],
    group: OUTPUT,
    text: 'the topics as a tree that is walked by keys, with all that is known of the selected one',
  },
  messageRate: {
    kind: 'switch',
    names: ['--message-rate'],
    group: OUTPUT,
    text: 'print how many came in each second, instead of the messages',
  },
  ndjson: {
    kind: 'switch',
    names: ['--ndjson'],
    group: OUTPUT,
    text: 'each message as an object of JSON on a line, which pub --ndjson publishes again',
  },
  csv: {
    kind: 'switch',
    names: ['--csv'],
    group: OUTPUT,
    text: 'as CSV, with the columns named first, which pub --csv publishes again',
  },
  outputFile: {
    kind: 'value',
    names: ['--output-file'],
    placeholder: 'file',
    completes: 'file',
    group: OUTPUT,
    parse: text('a file'),
    text: 'write to this file, which is emptied first, instead of standard output',
  },
  ...CONNECTION_FLAGS,
};

/** @throws {UsageError} for a format that cannot be meant */
function checkedFormat(given: string): string {
  parseFormat(given);
  return given;
}
