/** The flags of `martlet sn`: those of the clients, and those of the gateway. */
import type { ListFlag, SwitchFlag, ValueFlag } from '../flags/flag.ts';
import type { ValueParser } from '../flags/value-parsers.ts';
import { choice, duration, oneOf, text, wholeNumber } from '../flags/value-parsers.ts';

const LONGEST_MS = 24 * 3600 * 1000;
const FRAMINGS = ['raw', 'slip', 'xbee1', 'xbee2'] as const;
export type FramingName = (typeof FRAMINGS)[number];

export type SnFlags = {
  readonly host: ValueFlag<string>;
  readonly port: ValueFlag<number>;
  readonly clientId: ValueFlag<string>;
  readonly keepAlive: ValueFlag<number>;
  readonly keepSession: SwitchFlag;
  readonly retry: ValueFlag<number>;
  readonly retries: ValueFlag<number>;
  readonly serial: ValueFlag<string>;
  readonly baud: ValueFlag<number>;
  readonly framing: ValueFlag<FramingName>;
  readonly xbeeGateway: ValueFlag<string>;
  readonly topic: ListFlag<string>;
  readonly predefined: ListFlag<number>;
  readonly short: ListFlag<string>;
  readonly message: ValueFlag<string>;
  readonly file: ValueFlag<string>;
  readonly empty: SwitchFlag;
  readonly lines: SwitchFlag;
  readonly qos: ValueFlag<-1 | 0 | 1 | 2>;
  readonly retain: SwitchFlag;
  readonly willTopic: ValueFlag<string>;
  readonly willPayload: ValueFlag<string>;
  readonly willQos: ValueFlag<number>;
  readonly willRetain: SwitchFlag;
  readonly verbose: SwitchFlag;
  readonly count: ValueFlag<number>;
  readonly timeout: ValueFlag<number>;
  readonly sleep: ValueFlag<number>;
  readonly group: ValueFlag<string>;
  readonly interface: ValueFlag<string>;
  readonly radius: ValueFlag<number>;
  readonly broker: ValueFlag<string>;
  readonly bind: ValueFlag<string>;
  readonly maximumMessageBytes: ValueFlag<number>;
  readonly gatewayId: ValueFlag<number>;
  readonly predefinedFile: ValueFlag<string>;
  readonly forwarders: ListFlag<string>;
  readonly unconnected: ListFlag<string>;
  readonly username: ValueFlag<string>;
  readonly passwordFile: ValueFlag<string>;
  readonly remember: ValueFlag<string>;
};

const CONNECTION = 'Connection';
const CONTENT = 'Messages';
const SERIAL = 'Serial line, instead of UDP';
const GATEWAY = 'Gateway';

/** `*` is everywhere, in IPv6 and IPv4, as in the configuration. */
const bindAddress: ValueParser<string> = (given) => (given === '*' ? '::' : text('an address')(given));

export const SN_FLAGS: Readonly<SnFlags> = {
  topic: {
    kind: 'list',
    names: ['-t', '--topic'],
    placeholder: 'topic',
    parse: text('a topic'),
    group: CONTENT,
    text: 'a topic name, or with sub a filter; sub takes several',
  },
  predefined: {
    kind: 'list',
    names: ['-T', '--predefined'],
    placeholder: 'number',
    parse: wholeNumber(1, 65_534),
    group: CONTENT,
    text: 'a topic by the identifier that both sides know',
  },
  short: {
    kind: 'list',
    names: ['--short'],
    placeholder: 'name',
    parse: text('two characters'),
    group: CONTENT,
    text: 'a topic name of two bytes, which needs no identifier',
  },
  message: {
    kind: 'value',
    names: ['-m', '--message'],
    placeholder: 'message',
    parse: text(),
    group: CONTENT,
    text: 'with pub: the message',
  },
  file: {
    kind: 'value',
    names: ['-f', '--file'],
    placeholder: 'file',
    parse: text('a file'),
    completes: 'file',
    group: CONTENT,
    text: 'with pub: a file that is the message',
  },
  empty: {
    kind: 'switch',
    names: ['-n', '--null-message'],
    group: CONTENT,
    text: 'with pub: an empty message',
  },
  lines: {
    kind: 'switch',
    names: ['-l', '--stdin-line'],
    group: CONTENT,
    text: 'with pub: a message for each line of standard input',
  },
  qos: {
    kind: 'value',
    names: ['-q', '--qos'],
    placeholder: 'qos',
    parse: oneOf<-1 | 0 | 1 | 2>({ '-1': -1, '0': 0, '1': 1, '2': 2 }),
    group: CONTENT,
    text: '0, 1 or 2; with pub also -1, which needs no connection and has no answer; default 0',
  },
  retain: { kind: 'switch', names: ['-r', '--retain'], group: CONTENT, text: 'with pub: retain it' },
  verbose: {
    kind: 'switch',
    names: ['-v', '--verbose'],
    group: CONTENT,
    text: 'with sub: print topics before messages; with gateway: say who comes and goes',
  },
  count: {
    kind: 'value',
    names: ['-C'],
    placeholder: 'count',
    parse: wholeNumber(1, Number.MAX_SAFE_INTEGER),
    group: CONTENT,
    text: 'with sub and discover: end after so many',
  },
  timeout: {
    kind: 'value',
    names: ['-W'],
    placeholder: 'time',
    parse: duration(1, LONGEST_MS),
    group: CONTENT,
    text: 'end after so long: 10s, 2m; exit code 27 if nothing came',
  },
  sleep: {
    kind: 'value',
    names: ['--sleep'],
    placeholder: 'time',
    parse: duration(1000, 65_535_000),
    group: CONTENT,
    text: 'with sub: sleep, and look for messages so often',
  },
  host: {
    kind: 'value',
    names: ['-h', '--host'],
    placeholder: 'host',
    parse: text('a host'),
    group: CONNECTION,
    text: 'the gateway; default 127.0.0.1',
  },
  port: {
    kind: 'value',
    names: ['-p', '--port'],
    placeholder: 'port',
    parse: wholeNumber(0, 65_535),
    group: CONNECTION,
    text: 'its UDP port, or the one to listen on; default 1883',
  },
  clientId: {
    kind: 'value',
    names: ['-i', '--id'],
    placeholder: 'id',
    parse: text('a client identifier'),
    group: CONNECTION,
    text: 'the client identifier; default martlet- and a number',
  },
  keepAlive: {
    kind: 'value',
    names: ['-k', '--keepalive'],
    placeholder: 'seconds',
    parse: wholeNumber(0, 65_535),
    group: CONNECTION,
    text: 'the keep alive; default 60',
  },
  keepSession: {
    kind: 'switch',
    names: ['-c', '--disable-clean-session'],
    group: CONNECTION,
    text: 'keep subscriptions and messages of this client',
  },
  retry: {
    kind: 'value',
    names: ['--retry'],
    placeholder: 'time',
    parse: duration(10, 3_600_000),
    group: CONNECTION,
    text: 'how long an answer may take before it is asked again (T_retry); default 10s',
  },
  retries: {
    kind: 'value',
    names: ['--retries'],
    placeholder: 'count',
    parse: wholeNumber(0, 100),
    group: CONNECTION,
    text: 'how often it is asked again (N_retry); default 3',
  },
  willTopic: {
    kind: 'value',
    names: ['--will-topic'],
    placeholder: 'topic',
    parse: text('a topic'),
    group: CONNECTION,
    text: 'where the will is published when this client is lost',
  },
  willPayload: {
    kind: 'value',
    names: ['--will-payload'],
    placeholder: 'message',
    parse: text(),
    group: CONNECTION,
    text: 'the will',
  },
  willQos: {
    kind: 'value',
    names: ['--will-qos'],
    placeholder: 'qos',
    parse: wholeNumber(0, 2),
    group: CONNECTION,
    text: 'its QoS; default 0',
  },
  willRetain: { kind: 'switch', names: ['--will-retain'], group: CONNECTION, text: 'retain the will' },
  serial: {
    kind: 'value',
    names: ['--serial'],
    placeholder: 'device',
    parse: text('a device'),
    completes: 'file',
    group: SERIAL,
    text: 'such as /dev/ttyUSB0; or host:port of what offers one over TCP',
  },
  baud: {
    kind: 'value',
    names: ['--baud'],
    placeholder: 'rate',
    parse: wholeNumber(50, 4_000_000),
    group: SERIAL,
    text: 'its speed; default 38400',
  },
  framing: {
    kind: 'value',
    names: ['--framing'],
    placeholder: 'kind',
    parse: choice(...FRAMINGS),
    completes: FRAMINGS,
    group: SERIAL,
    text: 'raw (as mqtt-sn-tools has it), slip, xbee1 or xbee2 (API modes); default raw',
  },
  xbeeGateway: {
    kind: 'value',
    names: ['--xbee-gateway'],
    placeholder: 'address',
    parse: text('an address of 16 hexadecimal digits'),
    group: SERIAL,
    text: "with xbee: the 64-bit address of the gateway's module; default: everyone who hears it",
  },
  group: {
    kind: 'value',
    names: ['--group'],
    placeholder: 'address',
    parse: text('an address'),
    group: GATEWAY,
    text: 'the multicast group in which gateways are searched; discover: default 225.1.1.1; gateway: default none',
  },
  interface: {
    kind: 'value',
    names: ['--interface'],
    placeholder: 'address',
    parse: text('an address'),
    group: GATEWAY,
    text: 'the address of the interface for the group',
  },
  radius: {
    kind: 'value',
    names: ['--radius'],
    placeholder: 'hops',
    parse: wholeNumber(0, 255),
    group: GATEWAY,
    text: 'with discover: over how many hops; 0: the whole network; default 1',
  },
  broker: {
    kind: 'value',
    names: ['--broker'],
    placeholder: 'url',
    parse: text('a URL such as mqtt://host:1883'),
    group: GATEWAY,
    text: 'with gateway: the broker behind it; default mqtt://127.0.0.1:1883',
  },
  bind: {
    kind: 'value',
    names: ['--bind'],
    placeholder: 'address',
    parse: bindAddress,
    group: GATEWAY,
    text: 'with gateway and dump: the address to listen on, or * for all of them; default 127.0.0.1',
  },
  maximumMessageBytes: {
    kind: 'value',
    names: ['--maximum-message-bytes'],
    placeholder: 'bytes',
    parse: wholeNumber(20, 65_000),
    group: GATEWAY,
    text: 'with gateway over UDP: longer messages for a device are dropped; default 1200',
  },
  gatewayId: {
    kind: 'value',
    names: ['--gateway-id'],
    placeholder: 'number',
    parse: wholeNumber(0, 255),
    group: GATEWAY,
    text: 'with gateway: told to who searches; default 1',
  },
  predefinedFile: {
    kind: 'value',
    names: ['--predefined-topics'],
    placeholder: 'file',
    parse: text('a file'),
    completes: 'file',
    group: GATEWAY,
    text: 'topics that both sides know: lines of client id or *, topic, number, with commas between',
  },
  forwarders: {
    kind: 'list',
    names: ['--forwarders'],
    placeholder: 'network',
    parse: text('a network such as 10.0.0.0/8, or any'),
    group: GATEWAY,
    text: 'with gateway: whose encapsulated messages are taken, or any; default nobody',
  },
  unconnected: {
    kind: 'list',
    names: ['--qos-minus-one'],
    placeholder: 'network',
    parse: text('a network such as 10.0.0.0/8, or any'),
    group: GATEWAY,
    text: 'with gateway: who may publish without a connection, or any; default nobody',
  },
  username: {
    kind: 'value',
    names: ['-u', '--username'],
    placeholder: 'user',
    parse: text(),
    group: GATEWAY,
    text: 'with gateway: the user name for the broker',
  },
  passwordFile: {
    kind: 'value',
    names: ['--password-file'],
    placeholder: 'file',
    parse: text('a file'),
    completes: 'file',
    group: GATEWAY,
    text: 'with gateway: a file with the password for the broker',
  },
  remember: {
    kind: 'value',
    names: ['--remember'],
    placeholder: 'file',
    parse: text('a file'),
    completes: 'file',
    group: GATEWAY,
    text: 'with gateway: a file for what clients that keep their session expect to find again; default in memory',
  },
};
