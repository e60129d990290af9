/** Flags of the client itself, of its session and of its will. */
import { textOrBytes } from '../flags/bytes-in-text.ts';
import type { SwitchFlag, ValueFlag } from '../flags/flag.ts';
import { leadingInteger, oneOf, readByAtoi, text, wholeNumber } from '../flags/value-parsers.ts';
import { parseSessionExpiry } from './session-expiry.ts';

export type SessionFlags = {
  readonly clientId: ValueFlag<string>;
  readonly clientIdPrefix: ValueFlag<string>;
  readonly protocolVersion: ValueFlag<3 | 4 | 5>;
  readonly keepAlive: ValueFlag<number>;
  readonly keepSession: SwitchFlag;
  readonly sessionExpiry: ValueFlag<number>;
  readonly maximumInFlight: ValueFlag<number>;
  readonly willTopic: ValueFlag<string>;
  readonly willPayload: ValueFlag<string | Uint8Array>;
  readonly willQos: ValueFlag<number>;
  readonly willRetain: SwitchFlag;
};

const PROTOCOL_VERSIONS: Readonly<Record<string, 3 | 4 | 5>> = {
  mqttv5: 5,
  '5': 5,
  mqttv311: 4,
  '311': 4,
  mqttv31: 3,
  '31': 3,
};

const CLIENT = 'Client and session';
const WILL = 'Will';

const MOST_IN_FLIGHT = 65_535;

/** They take more than can be under way. */
function mosquittoInFlight(given: string): number {
  const parse = wholeNumber(1, 2_147_483_647, () => 'Maximum inflight messages must be greater than 0.');
  return Math.min(leadingInteger(parse)(given), MOST_IN_FLIGHT);
}

export const SESSION_FLAGS: Readonly<SessionFlags> = {
  clientId: {
    kind: 'value',
    names: ['-i', '--id'],
    placeholder: 'id',
    group: CLIENT,
    parse: text(),
    text: 'client identifier; default: the server gives one',
  },
  clientIdPrefix: {
    kind: 'value',
    names: ['-I', '--id-prefix'],
    placeholder: 'prefix',
    missing: '-I argument given but no id prefix specified.',
    group: CLIENT,
    parse: text(),
    text: 'client identifier made of this and the number of the process',
  },
  protocolVersion: {
    kind: 'value',
    names: ['-V', '--protocol-version'],
    placeholder: 'version',
    missing: '--protocol-version argument given but no version specified.',
    completes: ['5', '311', '31', 'mqttv5', 'mqttv311', 'mqttv31'],
    group: CLIENT,
    parse: oneOf(PROTOCOL_VERSIONS, () => 'Invalid protocol version argument given.'),
    text: 'version of MQTT: 5, 311 or 31; also mqttv5, mqttv311, mqttv31; default 311 in pub and sub, else 5',
  },
  keepAlive: {
    kind: 'value',
    names: ['-k', '--keepalive'],
    placeholder: 'seconds',
    missing: '-k argument given but no keepalive specified.',
    group: CLIENT,
    parse: wholeNumber(0, 65_535),
    mosquittoParse: leadingInteger(
      wholeNumber(5, 65_535, () => 'Invalid keepalive given, it must be between 5 and 65535 inclusive.'),
    ),
    text: 'longest silence before the server is asked whether it is there; 0: never; default 60',
  },
  keepSession: {
    kind: 'switch',
    names: ['-c', '--disable-clean-session'],
    group: CLIENT,
    text: 'go on with the session that the server has kept, and let it keep this one; needs -i',
  },
  sessionExpiry: {
    kind: 'value',
    names: ['-x', '--session-expiry-interval'],
    placeholder: 'seconds',
    missing: '-x argument given but no session expiry interval specified.',
    group: CLIENT,
    parse: parseSessionExpiry,
    text: 'how long the server keeps the session; -1 or ∞: for ever; means MQTT 5',
  },
  maximumInFlight: {
    kind: 'value',
    names: ['-M', '--max-inflight'],
    placeholder: 'count',
    missing: '-M argument given but max_inflight not specified.',
    group: CLIENT,
    parse: wholeNumber(1, MOST_IN_FLIGHT),
    mosquittoParse: mosquittoInFlight,
    text: 'QoS 1 and 2 messages under way at once; default: as many as the server takes',
  },
  willTopic: {
    kind: 'value',
    names: ['--will-topic'],
    placeholder: 'topic',
    missing: '--will-topic argument given but no will topic specified.',
    group: WILL,
    parse: text('a topic'),
    text: 'what the server publishes if this connection breaks: its topic',
  },
  willPayload: {
    kind: 'value',
    names: ['--will-payload'],
    placeholder: 'text',
    missing: '--will-payload argument given but no will payload specified.',
    group: WILL,
    parse: textOrBytes,
    takesBytes: true,
    text: 'its payload; default empty',
  },
  willQos: {
    kind: 'value',
    names: ['--will-qos'],
    placeholder: 'QoS',
    missing: '--will-qos argument given but no will QoS specified.',
    completes: ['0', '1', '2'],
    group: WILL,
    ...readByAtoi(wholeNumber(0, 2, (got) => `Invalid will QoS ${got}.`)),
    text: 'its QoS; default 0',
  },
  willRetain: { kind: 'switch', names: ['--will-retain'], group: WILL, text: 'it is retained' },
};
