/** The flags of `martlet rr`: Mosquitto's, and ours. */
import type { ConnectionFlags } from '../connection/connection-flags.ts';
import { CONNECTION_FLAGS } from '../connection/connection-flags.ts';
import type { SwitchFlag, ValueFlag } from '../flags/flag.ts';
import { oneOf, readByAtoi, text, wholeNumber } from '../flags/value-parsers.ts';
import type { MessageFlags } from '../pub/pub-flags.ts';
import { MESSAGE_FLAGS } from '../pub/pub-flags.ts';
import { parseResponseTopic } from '../pub/topic-name-flag.ts';

export type RrFlags = ConnectionFlags &
  MessageFlags & {
    readonly responseTopic: ValueFlag<string>;
    readonly timeout: ValueFlag<number>;
    readonly format: ValueFlag<string>;
    readonly verbose: SwitchFlag;
    readonly noNewline: SwitchFlag;
    readonly pretty: SwitchFlag;
    readonly noStale: SwitchFlag;
    readonly latency: SwitchFlag;
    readonly correlate: SwitchFlag;
    readonly retainAsPublished: SwitchFlag;
    readonly retainHandling: ValueFlag<0 | 1 | 2>;
  };

const RESPONSE = 'Response';
const LONGEST_TIMEOUT_S = 2_000_000;

export const RR_FLAGS: Readonly<RrFlags> = {
  ...MESSAGE_FLAGS,
  topicName: { ...MESSAGE_FLAGS.topicName, text: 'where to send the request' },
  responseTopic: {
    kind: 'value',
    names: ['-e'],
    placeholder: 'topic',
    missing: '-e argument given but no response topic specified.',
    group: RESPONSE,
    parse: parseResponseTopic,
    text: 'where the response is to be sent; the request tells it, with MQTT 5',
  },
  timeout: {
    kind: 'value',
    names: ['-W'],
    placeholder: 'seconds',
    missing: '-W argument given but no timeout specified.',
    group: RESPONSE,
    ...readByAtoi(wholeNumber(1, LONGEST_TIMEOUT_S, (got) => `Invalid timeout "${got}".`)),
    text: 'give up after this time, with the exit code 27; default never',
  },
  correlate: {
    kind: 'switch',
    names: ['--correlate'],
    group: RESPONSE,
    text: 'put random correlation data into the request, and take only the response that has it; what -D gives is looked for anyway',
  },
  latency: {
    kind: 'switch',
    names: ['--latency'],
    group: RESPONSE,
    text: 'print the time from the request to the response',
  },
  format: {
    kind: 'value',
    names: ['-F'],
    placeholder: 'format',
    missing: '-F argument given but no format specified.',
    group: RESPONSE,
    parse: text('a format'),
    text: 'how to print it: %t topic, %p payload, %j JSON, and more; see martlet sub --help',
  },
  verbose: { kind: 'switch', names: ['-v', '--verbose'], group: RESPONSE, text: 'print the topic too' },
  noNewline: { kind: 'switch', names: ['-N'], group: RESPONSE, text: 'print no end of line' },
  pretty: {
    kind: 'switch',
    names: ['--pretty'],
    group: RESPONSE,
    text: 'JSON of %j and %J over several lines',
  },
  noStale: {
    kind: 'switch',
    names: ['-R'],
    group: RESPONSE,
    text: 'a retained message is no response, and is passed over',
  },
  retainAsPublished: {
    kind: 'switch',
    names: ['--retain-as-published'],
    group: RESPONSE,
    text: 'the response says whether it was published to be retained; MQTT 5',
  },
  retainHandling: {
    kind: 'value',
    names: ['--retain-handling'],
    placeholder: 'when',
    completes: ['always', 'new', 'never'],
    group: RESPONSE,
    parse: oneOf({ always: 0, new: 1, never: 2 }),
    text: 'when to be given a retained message: always, new or never; MQTT 5; default always',
  },
  ...CONNECTION_FLAGS,
};
