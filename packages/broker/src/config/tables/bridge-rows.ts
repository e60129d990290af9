/** The keys of `bridges[]`. */
import type {
  BridgeConfiguration,
  BridgeTcpKeepAliveConfiguration,
  BridgeTlsConfiguration,
  BridgeTopicConfiguration,
} from '../bridge-configuration.ts';
import type { NumberRow, Table } from '../row.ts';

const TOPIC_ROWS: Readonly<Table<BridgeTopicConfiguration>> = {
  pattern: {
    kind: 'text',
    default: '',
    defaultText: 'none: the two prefixes are one topic each',
    text: 'a topic filter, after the prefix of either side',
  },
  direction: {
    kind: 'choice',
    choices: ['out', 'in', 'both'],
    default: 'out',
    text: 'to the other broker, from it, or both ways',
  },
  qos: { kind: 'choice', choices: [0, 1, 2], default: 0, text: 'the QoS of the subscriptions' },
  localPrefix: { kind: 'text', default: '', text: 'what topics begin with here' },
  remotePrefix: { kind: 'text', default: '', text: 'what topics begin with there' },
};

const TCP_KEEP_ALIVE_ROWS: Readonly<Table<BridgeTcpKeepAliveConfiguration>> = {
  idleSeconds: seconds(1, 32_767, 'silence before the first probe'),
  intervalSeconds: seconds(1, 32_767, 'between probes'),
  probes: { kind: 'number', minimum: 1, maximum: 127, unit: 'probes', text: 'probes without an answer' },
};

const TLS_ROWS: Readonly<Table<BridgeTlsConfiguration>> = {
  caFile: { kind: 'path', default: null, text: 'PEM: the authorities that certify the other broker' },
  caDirectory: { kind: 'path', default: null, text: 'a directory of such files' },
  useSystemCertificates: { kind: 'switch', default: false, text: "whether the system's authorities count" },
  certificateFile: { kind: 'path', default: null, text: 'PEM: our certificate' },
  keyFile: { kind: 'path', default: null, text: 'PEM: its key' },
  pskIdentity: { kind: 'text', form: 'plain', default: null, text: 'our identity, with a pre-shared key' },
  psk: {
    kind: 'text',
    pattern: '^([0-9A-Fa-f]{2})+$',
    expected: 'pairs of hexadecimal digits',
    secret: true,
    default: null,
    text: 'the key, in hexadecimal digits',
  },
  checkHostname: {
    kind: 'switch',
    default: true,
    text: 'whether the name in the certificate must be that of the address',
  },
  requireOcsp: {
    kind: 'switch',
    default: false,
    text: 'whether the other broker must staple an answer of OCSP',
  },
  minimumVersion: {
    kind: 'choice',
    choices: ['1.2', '1.3'],
    default: '1.2',
    text: 'the oldest version of TLS that is spoken',
  },
  alpn: { kind: 'text', form: 'plain', default: null, text: 'the protocol that is asked for by ALPN' },
  ciphers: { kind: 'text', form: 'plain', default: null, text: 'cipher suites of TLS 1.2' },
  cipherSuites: { kind: 'text', form: 'plain', default: null, text: 'cipher suites of TLS 1.3' },
};

function seconds(
  minimum: number,
  maximum: number,
  text: string,
  usual?: number,
): Omit<NumberRow<number>, 'default'> & { readonly default?: number } {
  const row = { kind: 'number', minimum, maximum, unit: 's', text } as const;
  return usual === undefined ? row : { ...row, default: usual };
}

export const BRIDGE_ROWS: Readonly<Table<BridgeConfiguration>> = {
  name: { kind: 'text', form: 'plain', text: 'what the bridge is called; unique' },
  addresses: {
    kind: 'list',
    of: { kind: 'text', form: 'plain', text: '`host`, `host:port` or `[IPv6]:port`' },
    minimumEntries: 1,
    text: 'the other broker, and those that stand in for it; the port is 1883 unless it is given',
  },
  topics: {
    kind: 'list',
    of: { kind: 'section', keys: TOPIC_ROWS, text: 'topics that are carried over' },
    default: [],
    text: 'what is carried over',
  },
  protocolVersion: {
    kind: 'choice',
    choices: ['3.1', '3.1.1', '5.0'],
    default: '3.1.1',
    text: 'the version of MQTT that is spoken',
  },
  startType: {
    kind: 'choice',
    choices: ['automatic', 'lazy', 'once'],
    default: 'automatic',
    text: 'connected always; when `threshold` messages wait; or at the start only',
  },
  reloadType: {
    kind: 'choice',
    choices: ['lazy', 'immediate'],
    default: 'lazy',
    text: 'whether a reload waits for the next connection, or connects anew',
  },
  roundRobin: {
    kind: 'switch',
    default: false,
    text: 'whether a lost connection is followed by the next address, not by the first',
  },
  bindAddress: { kind: 'text', form: 'plain', default: null, text: 'our address' },
  cleanStart: {
    kind: 'switch',
    default: false,
    text: 'whether the session there begins anew with every connection',
  },
  localCleanStart: {
    kind: 'switch',
    default: null,
    defaultText: 'as `cleanStart`',
    text: 'the same for the session here',
  },
  keepAliveSeconds: seconds(5, 65_535, 'keep alive', 60),
  idleTimeoutSeconds: seconds(1, 86_400, 'without a message after which a lazy bridge disconnects', 60),
  threshold: {
    kind: 'number',
    default: 10,
    minimum: 1,
    maximum: 1_000_000_000,
    unit: 'messages',
    text: 'messages that let a lazy bridge connect',
  },
  restartBaseSeconds: seconds(1, 3600, 'before it connects again, at first', 5),
  restartCapSeconds: {
    kind: 'number',
    default: 30,
    nullable: true,
    minimum: 1,
    maximum: 7200,
    unit: 's',
    text: 'before it connects again, at most; the time grows at random from base to cap. `null`: always `restartBaseSeconds`',
  },
  restartStableSeconds: {
    kind: 'number',
    default: null,
    minimum: 1,
    maximum: 86_400,
    unit: 's',
    text: 'how long a connection must have lasted for the time to begin at the base again',
  },
  sessionExpiryInterval: seconds(0, 0xffffffff, 'that the session there lasts; 4294967295: for ever', 0),
  receiveMaximum: {
    kind: 'number',
    default: null,
    defaultText: 'as `limits.inFlightMessages`',
    minimum: 1,
    maximum: 65_535,
    unit: 'messages',
    text: 'messages of QoS 1 and 2 under way at once',
  },
  topicAliasMaximum: {
    kind: 'number',
    default: 10,
    minimum: 0,
    maximum: 65_535,
    unit: 'aliases',
    text: 'topic aliases that the other broker may use',
  },
  maximumPacketSize: {
    kind: 'number',
    default: null,
    minimum: 20,
    maximum: 268_435_460,
    unit: 'bytes',
    text: 'the largest packet that is sent',
  },
  outgoingRetain: { kind: 'switch', default: true, text: 'whether messages stay retained on their way out' },
  attemptUnsubscribe: {
    kind: 'switch',
    default: true,
    text: 'whether topics that are no longer carried over are unsubscribed from',
  },
  tryPrivate: {
    kind: 'switch',
    default: true,
    text: 'whether it says that it is a bridge (bit 0x80 of the version)',
  },
  localClientId: {
    kind: 'text',
    form: 'plain',
    default: null,
    defaultText: '`local.` and the remote client identifier',
    text: 'the client identifier here; unique',
  },
  localUsername: { kind: 'text', default: null, text: 'the user name here' },
  localPassword: { kind: 'text', secret: true, default: null, text: 'the password here; better in a file' },
  localPasswordFile: { kind: 'path', default: null, text: 'a file whose first line is the password here' },
  remoteClientId: {
    kind: 'text',
    form: 'plain',
    default: null,
    defaultText: "the host's name, a dot, and the name of the bridge",
    text: 'the client identifier there',
  },
  remoteUsername: { kind: 'text', default: null, text: 'the user name there' },
  remotePassword: { kind: 'text', secret: true, default: null, text: 'the password there; better in a file' },
  remotePasswordFile: { kind: 'path', default: null, text: 'a file whose first line is the password there' },
  notifications: {
    kind: 'switch',
    default: true,
    text: 'whether a retained message says if the bridge is connected, 1 or 0',
  },
  notificationsLocalOnly: { kind: 'switch', default: false, text: 'whether it says so here only' },
  notificationTopic: {
    kind: 'text',
    form: 'topic-name',
    default: null,
    defaultText: '`$SYS/broker/connection/{remote client identifier}/state`',
    text: 'the topic of that message',
  },
  tcpKeepAlive: {
    kind: 'section',
    keys: TCP_KEEP_ALIVE_ROWS,
    default: null,
    text: 'whether the operating system asks if the other broker is still there',
  },
  tcpUserTimeoutMs: {
    kind: 'number',
    default: null,
    minimum: 1,
    maximum: 86_400_000,
    unit: 'ms',
    text: 'how long what was sent may be without an acknowledgement of TCP',
  },
  tls: { kind: 'section', keys: TLS_ROWS, default: null, text: 'TLS; without it the connection is plain' },
};
