/** The flags of `martlet bench`, and what they come to: a plan. */
import type { Qos } from '@martlet/protocol';
import type { ConnectionFlags } from '../connection/connection-flags.ts';
import { CONNECTION_FLAGS } from '../connection/connection-flags.ts';
import type { FlagValues, SwitchFlag, ValueFlag } from '../flags/flag.ts';
import { amount, rate, size } from '../flags/quantity.ts';
import { duration, oneOf, text, wholeNumber } from '../flags/value-parsers.ts';
import { HEADER_BYTES } from './message-header.ts';

type OwnFlags = {
  readonly publishers: ValueFlag<number>;
  readonly subscribers: ValueFlag<number>;
  readonly connections: ValueFlag<number>;
  readonly subscriptions: ValueFlag<number>;
  readonly rate: ValueFlag<number>;
  readonly maximumInFlight: ValueFlag<number>;
  readonly size: ValueFlag<number>;
  readonly qos: ValueFlag<Qos>;
  readonly subscribeQos: ValueFlag<Qos>;
  readonly retain: SwitchFlag;
  readonly topic: ValueFlag<string>;
  readonly topics: ValueFlag<number>;
  readonly duration: ValueFlag<number>;
  readonly warmUp: ValueFlag<number>;
  readonly count: ValueFlag<number>;
  readonly drain: ValueFlag<number>;
  readonly connectRate: ValueFlag<number>;
  readonly workers: ValueFlag<number>;
  readonly brokerPid: ValueFlag<number>;
  readonly title: ValueFlag<string>;
  readonly json: ValueFlag<string>;
  readonly html: ValueFlag<string>;
  readonly compare: SwitchFlag;
};

export type BenchFlags = Omit<ConnectionFlags, keyof OwnFlags> & OwnFlags;
export type BenchValues = FlagValues<BenchFlags>;

const WHO = 'Who takes part';
const LOAD = 'Load';
const TIME = 'Time';
const RESULT = 'Result';

const MAXIMUM_CONNECTIONS = 1_000_000;
const MAXIMUM_RATE = 100_000_000;
const DAY_MS = 86_400_000;
const QOS: Readonly<Record<string, Qos>> = { '0': 0, '1': 1, '2': 2 };
const FOLDERS_LIKE_TOPIC = 'the beginning of topics';

export const BENCH_FLAGS: Readonly<BenchFlags> = {
  publishers: {
    kind: 'value',
    names: ['--publishers'],
    placeholder: 'count',
    group: WHO,
    parse: amount(1, MAXIMUM_CONNECTIONS),
    text: 'default 10; for fan-out 1, for fan-in 100',
  },
  subscribers: {
    kind: 'value',
    names: ['--subscribers'],
    placeholder: 'count',
    group: WHO,
    parse: amount(1, MAXIMUM_CONNECTIONS),
    text: 'default 10; for fan-out 100, for fan-in 1',
  },
  connections: {
    kind: 'value',
    names: ['-n', '--connections'],
    placeholder: 'count',
    group: WHO,
    parse: amount(1, MAXIMUM_CONNECTIONS),
    text: 'for connections (default 1000), and for subscribe (default 100)',
  },
  subscriptions: {
    kind: 'value',
    names: ['--subscriptions'],
    placeholder: 'count',
    group: WHO,
    parse: amount(1, MAXIMUM_CONNECTIONS),
    text: 'for subscribe: of each connection; default 10',
  },
  workers: {
    kind: 'value',
    names: ['--workers'],
    placeholder: 'count',
    group: WHO,
    parse: wholeNumber(1, 256),
    text: 'threads that make the load; default: the cores of this machine but one',
  },
  rate: {
    kind: 'value',
    names: ['--rate'],
    placeholder: 'per second',
    group: LOAD,
    parse: rate(MAXIMUM_RATE),
    text: 'messages a second of all publishers together, whatever the server does (an open loop); default: as fast as it goes (a closed loop)',
  },
  maximumInFlight: {
    kind: 'value',
    names: ['-M', '--max-inflight', '--in-flight'],
    placeholder: 'count',
    group: LOAD,
    parse: wholeNumber(1, 5000),
    text: 'in a closed loop: messages of each publisher under way, until they are acknowledged and delivered; default 20',
  },
  size: {
    kind: 'value',
    names: ['-s', '--size'],
    placeholder: 'bytes',
    group: LOAD,
    parse: size(HEADER_BYTES, 16 * 1_048_576),
    text: `of the payload, from ${HEADER_BYTES}; default 64`,
  },
  qos: {
    kind: 'value',
    names: ['-q', '--qos'],
    placeholder: 'QoS',
    group: LOAD,
    completes: ['0', '1', '2'],
    parse: oneOf(QOS),
    text: 'of the messages; default 0',
  },
  subscribeQos: {
    kind: 'value',
    names: ['--subscribe-qos'],
    placeholder: 'QoS',
    group: LOAD,
    completes: ['0', '1', '2'],
    parse: oneOf(QOS),
    text: 'of the subscriptions; default that of the messages',
  },
  retain: {
    kind: 'switch',
    names: ['-r', '--retain'],
    group: LOAD,
    text: 'messages are retained; they are taken away at the end',
  },
  topic: {
    kind: 'value',
    names: ['-t', '--topic'],
    placeholder: 'topic',
    group: LOAD,
    parse: text(FOLDERS_LIKE_TOPIC),
    text: 'with which all topics begin; default bench and a number of this run',
  },
  topics: {
    kind: 'value',
    names: ['--topics'],
    placeholder: 'count',
    group: LOAD,
    parse: amount(1, 100_000),
    text: 'topics of each publisher, which it takes in turn; default 1',
  },
  connectRate: {
    kind: 'value',
    names: ['--connect-rate'],
    placeholder: 'per second',
    group: LOAD,
    parse: rate(1_000_000),
    text: 'new connections a second; default: 50 at a time, the next when one was answered',
  },
  duration: {
    kind: 'value',
    names: ['--duration'],
    placeholder: 'time',
    group: TIME,
    parse: duration(250, DAY_MS),
    text: 'how long is measured; default 10s',
  },
  warmUp: {
    kind: 'value',
    names: ['--warm-up'],
    placeholder: 'time',
    group: TIME,
    parse: duration(0, DAY_MS),
    text: 'before that, not measured; default 1s, with --count none',
  },
  count: {
    kind: 'value',
    names: ['-C', '--count'],
    placeholder: 'count',
    group: TIME,
    parse: amount(1, 100_000_000),
    text: 'messages in all, after which the run is over',
  },
  drain: {
    kind: 'value',
    names: ['--drain'],
    placeholder: 'time',
    group: TIME,
    parse: duration(0, 3_600_000),
    text: 'how long nothing may come at the end before what is missing counts as lost; default 3s',
  },
  brokerPid: {
    kind: 'value',
    names: ['--broker-pid'],
    placeholder: 'process',
    group: RESULT,
    parse: wholeNumber(1, 2 ** 31 - 1),
    text: 'number of the process of the server on this machine, to measure its CPU time and memory',
  },
  title: {
    kind: 'value',
    names: ['--title'],
    placeholder: 'text',
    group: RESULT,
    parse: text('a title'),
    text: 'what the results are called in reports and comparisons',
  },
  json: {
    kind: 'value',
    names: ['--json'],
    placeholder: 'file',
    group: RESULT,
    completes: 'file',
    parse: text('a file'),
    text: 'write the results there, for --compare and other programs; - is standard output',
  },
  html: {
    kind: 'value',
    names: ['--html'],
    placeholder: 'file',
    group: RESULT,
    completes: 'file',
    parse: text('a file'),
    text: 'write a report with plots there: one file that needs no other',
  },
  compare: {
    kind: 'switch',
    names: ['--compare'],
    group: RESULT,
    text: 'measure nothing, and compare two results: martlet bench --compare a.json b.json',
  },
  ...withoutOwn(CONNECTION_FLAGS),
};

/** -M means something of ours. */
function withoutOwn(flags: ConnectionFlags): Omit<ConnectionFlags, keyof OwnFlags> {
  const { maximumInFlight: _ours, ...others } = flags;
  return others;
}
