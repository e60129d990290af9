/**
 * The flags of every command that connects to a server: Mosquitto's, with its meaning, and a few of ours for passwords and
 * profiles. A command spreads them into its own table.
 *
 *     const FLAGS = { ...CONNECTION_FLAGS, topicName: { kind: 'value', names: ['-t', '--topic'], … } } satisfies FlagTable;
 */
import type { ListFlag, SwitchFlag, ValueFlag } from '../flags/flag.ts';
import { oneOf, text, wholeNumber } from '../flags/value-parsers.ts';
import type { MosquittoUrl } from './mosquitto-url.ts';
import { parseMosquittoUrl } from './mosquitto-url.ts';
import { parseSessionExpiry } from './session-expiry.ts';

export type ConnectionFlags = {
  readonly host: ValueFlag<string>;
  readonly port: ValueFlag<number>;
  readonly url: ValueFlag<MosquittoUrl>;
  readonly unix: ValueFlag<string>;
  readonly webSocket: SwitchFlag;
  readonly srv: SwitchFlag;
  readonly bindAddress: ValueFlag<string>;
  readonly proxy: ValueFlag<string>;
  readonly noDelay: SwitchFlag;
  readonly clientId: ValueFlag<string>;
  readonly clientIdPrefix: ValueFlag<string>;
  readonly protocolVersion: ValueFlag<3 | 4 | 5>;
  readonly keepAlive: ValueFlag<number>;
  readonly keepSession: SwitchFlag;
  readonly sessionExpiry: ValueFlag<number>;
  readonly maximumInFlight: ValueFlag<number>;
  readonly username: ValueFlag<string>;
  readonly password: ValueFlag<string>;
  readonly passwordPrompt: SwitchFlag;
  readonly passwordFile: ValueFlag<string>;
  readonly passwordEnv: ValueFlag<string>;
  readonly willTopic: ValueFlag<string>;
  readonly willPayload: ValueFlag<string>;
  readonly willQos: ValueFlag<number>;
  readonly willRetain: SwitchFlag;
  readonly cafile: ValueFlag<string>;
  readonly capath: ValueFlag<string>;
  readonly osCertificates: SwitchFlag;
  readonly cert: ValueFlag<string>;
  readonly key: ValueFlag<string>;
  readonly keyForm: ValueFlag<string>;
  readonly insecure: SwitchFlag;
  readonly noTls: SwitchFlag;
  readonly tlsVersion: ValueFlag<'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'>;
  readonly tlsAlpn: ListFlag<string>;
  readonly ciphers: ValueFlag<string>;
  readonly tlsKeylog: ValueFlag<string>;
  readonly tlsEngine: ValueFlag<string>;
  readonly tlsEnginePassword: ValueFlag<string>;
  readonly psk: ValueFlag<string>;
  readonly pskIdentity: ValueFlag<string>;
  readonly profile: ValueFlag<string>;
  readonly saveProfile: ValueFlag<string>;
  readonly optionsFile: ValueFlag<string>;
  readonly debug: SwitchFlag;
  readonly quiet: SwitchFlag;
};

const PROTOCOL_VERSIONS: Readonly<Record<string, 3 | 4 | 5>> = {
  mqttv5: 5,
  '5': 5,
  mqttv311: 4,
  '311': 4,
  mqttv31: 3,
  '31': 3,
};

const TLS_VERSIONS = {
  'tlsv1.3': 'TLSv1.3',
  'tlsv1.2': 'TLSv1.2',
  'tlsv1.1': 'TLSv1.1',
  tlsv1: 'TLSv1',
} as const;

const SERVER = 'Server';
const CLIENT = 'Client and session';
const PASSWORD = 'User and password';
const WILL = 'Will';
const TLS = 'TLS';
const OTHERS = 'Settings and output';

export const CONNECTION_FLAGS: ConnectionFlags = {
  host: {
    kind: 'value',
    names: ['-h', '--host'],
    placeholder: 'host',
    group: SERVER,
    parse: text('a host name or an address'),
    text: 'where the server is; default localhost',
  },
  port: {
    kind: 'value',
    names: ['-p', '--port'],
    placeholder: 'port',
    group: SERVER,
    parse: wholeNumber(0, 65_535, (got) => `Invalid port given: ${got}`),
    text: 'default 1883; over TLS 8883; over WebSocket 80, over both 443',
  },
  url: {
    kind: 'value',
    names: ['-L', '--url'],
    placeholder: 'URL',
    group: SERVER,
    parse: parseMosquittoUrl,
    text: 'server, user and topic in one: mqtt[s]://[user[:password]@]host[:port]/topic, or ws[s]://…',
  },
  unix: {
    kind: 'value',
    names: ['--unix'],
    placeholder: 'path',
    missing: '--unix argument given but no socket path specified.',
    group: SERVER,
    completes: 'file',
    parse: text('the path of a socket'),
    text: 'connect through a Unix socket instead of to a host',
  },
  webSocket: {
    kind: 'switch',
    names: ['--ws'],
    group: SERVER,
    text: 'speak MQTT over WebSocket, at the path /mqtt',
  },
  srv: {
    kind: 'switch',
    names: ['-S'],
    group: SERVER,
    text: 'look the host up as a service (DNS SRV records) to find server and port',
  },
  bindAddress: {
    kind: 'value',
    names: ['-A'],
    placeholder: 'address',
    group: SERVER,
    parse: text('an address of this machine'),
    text: 'connect from this address of this machine',
  },
  proxy: {
    kind: 'value',
    names: ['--proxy'],
    placeholder: 'URL',
    missing: '--proxy argument given but no proxy url specified.',
    group: SERVER,
    parse: text('socks5h://[user[:password]@]host[:port]'),
    text: 'connect through a SOCKS5 proxy: socks5h://[user[:password]@]host[:port]',
  },
  noDelay: {
    kind: 'switch',
    names: ['--nodelay'],
    group: SERVER,
    text: 'send small packets at once, which is done anyway',
  },
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
    text: 'version of MQTT: 5, 311 or 31; also mqttv5, mqttv311, mqttv31',
  },
  keepAlive: {
    kind: 'value',
    names: ['-k', '--keepalive'],
    placeholder: 'seconds',
    missing: '-k argument given but no keepalive specified.',
    group: CLIENT,
    parse: wholeNumber(
      0,
      65_535,
      (got) => `Invalid keepalive given, it must be between 5 and 65535 inclusive: ${got}`,
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
    parse: wholeNumber(1, 65_535),
    text: 'QoS 1 and 2 messages under way at once; default 20',
  },
  username: {
    kind: 'value',
    names: ['-u', '--username'],
    placeholder: 'name',
    missing: '-u argument given but no username specified.',
    group: PASSWORD,
    parse: text(),
    text: 'user name',
  },
  password: {
    kind: 'value',
    names: ['-P', '--pw'],
    placeholder: 'password',
    group: PASSWORD,
    parse: text(),
    text: 'password; others on this machine can read it here: better one of those below',
  },
  passwordPrompt: {
    kind: 'switch',
    names: ['--password-prompt'],
    group: PASSWORD,
    text: 'ask for the password on the terminal',
  },
  passwordFile: {
    kind: 'value',
    names: ['--password-file'],
    placeholder: 'file',
    completes: 'file',
    group: PASSWORD,
    parse: text('a file'),
    text: 'the password is the first line of this file',
  },
  passwordEnv: {
    kind: 'value',
    names: ['--password-env'],
    placeholder: 'variable',
    group: PASSWORD,
    parse: text('the name of a variable'),
    text: 'the password is in this variable of the environment; with -u alone MARTLET_PASSWORD is looked at',
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
    parse: text(),
    text: 'its payload; default empty',
  },
  willQos: {
    kind: 'value',
    names: ['--will-qos'],
    placeholder: 'QoS',
    missing: '--will-qos argument given but no will QoS specified.',
    completes: ['0', '1', '2'],
    group: WILL,
    parse: wholeNumber(0, 2, (got) => `Invalid will QoS ${got}.`),
    text: 'its QoS; default 0',
  },
  willRetain: { kind: 'switch', names: ['--will-retain'], group: WILL, text: 'it is retained' },
  cafile: {
    kind: 'value',
    names: ['--cafile'],
    placeholder: 'file',
    completes: 'file',
    group: TLS,
    parse: text('a file'),
    text: 'certificates of who may sign that of the server, as PEM; switches TLS on',
  },
  capath: {
    kind: 'value',
    names: ['--capath'],
    placeholder: 'directory',
    missing: '--capath argument given but no directory specified.',
    completes: 'directory',
    group: TLS,
    parse: text('a directory'),
    text: 'a directory with such files; switches TLS on',
  },
  osCertificates: {
    kind: 'switch',
    names: ['--tls-use-os-certs'],
    group: TLS,
    text: 'trust who this machine trusts; switches TLS on',
  },
  cert: {
    kind: 'value',
    names: ['--cert'],
    placeholder: 'file',
    completes: 'file',
    group: TLS,
    parse: text('a file'),
    text: 'certificate of this client, as PEM',
  },
  key: {
    kind: 'value',
    names: ['--key'],
    placeholder: 'file',
    completes: 'file',
    group: TLS,
    parse: text('a file'),
    text: 'its private key, as PEM',
  },
  keyForm: {
    kind: 'value',
    names: ['--keyform'],
    placeholder: 'form',
    missing: '--keyform argument given but no keyform specified.',
    completes: ['pem'],
    group: TLS,
    parse: text(),
    text: 'form of the key: pem',
  },
  insecure: {
    kind: 'switch',
    names: ['--insecure'],
    group: TLS,
    text: 'take a certificate that is for another host; whoever sits in between can then listen',
  },
  noTls: { kind: 'switch', names: ['--no-tls'], group: TLS, text: 'no TLS, whatever else is said' },
  tlsVersion: {
    kind: 'value',
    names: ['--tls-version'],
    placeholder: 'version',
    completes: Object.keys(TLS_VERSIONS),
    group: TLS,
    parse: oneOf(TLS_VERSIONS, (got) => `Invalid TLS version: ${got}`),
    text: 'version of TLS: tlsv1.3, tlsv1.2; default both',
  },
  tlsAlpn: {
    kind: 'list',
    names: ['--tls-alpn'],
    placeholder: 'protocol',
    group: TLS,
    parse: text('the name of a protocol'),
    text: 'protocol to ask for, where one port serves several',
  },
  ciphers: {
    kind: 'value',
    names: ['--ciphers'],
    placeholder: 'ciphers',
    group: TLS,
    parse: text('ciphers'),
    text: 'ciphers that may be used, as OpenSSL writes them',
  },
  tlsKeylog: {
    kind: 'value',
    names: ['--tls-keylog'],
    placeholder: 'file',
    completes: 'file',
    group: TLS,
    parse: text('a file'),
    text: 'append the secrets of the connection to this file, for Wireshark',
  },
  tlsEngine: {
    kind: 'value',
    names: ['--tls-engine'],
    placeholder: 'engine',
    missing: '--tls-engine argument given but no engine_id specified.',
    group: TLS,
    parse: text(),
    text: 'not in Martlet: engines of OpenSSL',
  },
  tlsEnginePassword: {
    kind: 'value',
    names: ['--tls-engine-kpass-sha1'],
    placeholder: 'hash',
    missing: '--tls-engine-kpass-sha1 argument given but no kpass sha1 specified.',
    group: TLS,
    parse: text(),
    text: 'not in Martlet: engines of OpenSSL',
  },
  psk: {
    kind: 'value',
    names: ['--psk'],
    placeholder: 'key',
    group: TLS,
    parse: text('a key in hexadecimal'),
    text: 'key in hexadecimal that client and server share, in place of certificates',
  },
  pskIdentity: {
    kind: 'value',
    names: ['--psk-identity'],
    placeholder: 'identity',
    group: TLS,
    parse: text('an identity'),
    text: 'the name of that key',
  },
  profile: {
    kind: 'value',
    names: ['--profile'],
    placeholder: 'name',
    group: OTHERS,
    parse: text('the name of a profile'),
    text: 'take the options that were saved under this name; those given here count more',
  },
  saveProfile: {
    kind: 'value',
    names: ['--save-profile'],
    placeholder: 'name',
    group: OTHERS,
    parse: text('the name of a profile'),
    text: 'save how to connect under this name, which only you can read, and go on',
  },
  optionsFile: {
    kind: 'value',
    names: ['-o'],
    placeholder: 'file',
    completes: 'file',
    group: OTHERS,
    parse: text('a file'),
    text: 'read options from this file, one a line; default: mosquitto_pub and so on in ~/.config',
  },
  debug: { kind: 'switch', names: ['-d', '--debug'], group: OTHERS, text: 'tell what is sent and received' },
  quiet: { kind: 'switch', names: ['--quiet'], group: OTHERS, text: 'no error messages' },
};
