/** The keys of `listeners[]`. */
import { LISTENER_LIMITS } from '../../listeners/listener-limits.ts';
import type { ListenerConfiguration, WebSocketConfiguration } from '../listener-configuration.ts';
import type { Table } from '../row.ts';
import { AUTHENTICATION_ROWS } from './authentication-rows.ts';
import { AUTHORIZATION_ROWS } from './authorization-rows.ts';
import { MQTT_SN_ROWS } from './mqtt-sn-rows.ts';
import { ratesRow } from './rate-rows.ts';
import { TLS_ROWS } from './tls-rows.ts';

const WEB_SOCKET_ROWS: Readonly<Table<WebSocketConfiguration>> = {
  path: {
    kind: 'text',
    pattern: '^(/[^\\s?#]*|\\*)$',
    expected: 'a path that begins with a slash, such as /mqtt, or * for any',
    default: '/mqtt',
    text: 'where WebSocket clients connect; `*`: at any path',
  },
  origins: {
    kind: 'list',
    of: { kind: 'text', form: 'plain', text: 'a web site, such as `https://example.org`' },
    default: null,
    defaultText: 'over a loopback address pages of this machine, else all',
    text: 'web sites whose pages may connect; `*` stands for all',
  },
  maximumHttpConnections: {
    kind: 'number',
    default: LISTENER_LIMITS.maximumHttpConnections.default,
    minimum: 1,
    maximum: 1_000_000,
    unit: 'connections',
    text: 'HTTP connections that are not, or not yet, WebSockets; a further one is closed',
  },
  headersTimeoutMs: {
    kind: 'number',
    default: LISTENER_LIMITS.headersTimeoutMs.default,
    minimum: 10,
    maximum: 3_600_000,
    unit: 'ms',
    text: "for a request's headers to come; after it the connection is closed",
  },
};

export const LISTENER_ROWS: Readonly<Table<ListenerConfiguration>> = {
  name: {
    kind: 'text',
    form: 'plain',
    default: '',
    defaultText:
      'the kind and the port or path, such as `tcp:1883`, `tls:8883`, `websocket:8080`, `sn:1883`, `unix:/run/martlet.sock`',
    text: 'what the listener is called in logs, rules and answers; a reload finds it by its name again',
  },
  protocol: {
    kind: 'choice',
    choices: ['mqtt', 'websocket', 'mqtt-sn'],
    default: 'mqtt',
    text: 'MQTT over the byte stream, or over WebSocket; or MQTT-SN 1.2 over UDP or a serial line',
  },
  host: {
    kind: 'text',
    form: 'plain',
    default: '127.0.0.1',
    text: 'address or host name to listen on; `*` for all networks',
  },
  port: {
    kind: 'number',
    default: 0,
    defaultText: 'mqtt 1883, with `tls` 8883; websocket 8080, with `tls` 8084; mqtt-sn 1883 (UDP)',
    minimum: 0,
    maximum: 65_535,
    unit: 'port',
    text: 'port to listen on; 0 takes a free one',
  },
  family: {
    kind: 'choice',
    choices: ['ipv4', 'ipv6', 'both'],
    default: 'both',
    text: 'of the addresses that `host` or `interface` has, which are listened on',
  },
  interface: {
    kind: 'text',
    form: 'plain',
    default: null,
    text: 'the name of a network interface, such as `eth0`, in place of `host`: its addresses are listened on',
  },
  path: { kind: 'path', default: null, text: 'a Unix socket, in place of `host` and `port`' },
  pathMode: {
    kind: 'mode',
    default: 0o660,
    defaultText: "`'0660'`",
    text: 'who may connect to the Unix socket',
  },
  pathOwner: {
    kind: 'text',
    form: 'plain',
    default: null,
    text: 'the user, or its number, that owns the Unix socket',
  },
  pathGroup: {
    kind: 'text',
    form: 'plain',
    default: null,
    text: 'the group, or its number, of the Unix socket',
  },
  socketActivation: {
    kind: 'text',
    form: 'plain',
    orNumberFrom: 3,
    default: null,
    text: 'a socket that systemd has opened, by its `FileDescriptorName` or by the number of the descriptor, in place of `host` and `port`',
  },
  webSocket: { kind: 'section', keys: WEB_SOCKET_ROWS, text: 'of a listener whose protocol is `websocket`' },
  mqttSn: { kind: 'section', keys: MQTT_SN_ROWS, text: 'of a listener whose protocol is `mqtt-sn`' },
  tls: { kind: 'section', keys: TLS_ROWS, default: null, text: 'TLS; without it the listener is plain' },
  proxyProtocol: {
    kind: 'choice',
    choices: ['none', 'v1', 'v2', 'any'],
    default: 'none',
    text: 'whether every connection must begin with a header of the PROXY protocol, and of which version',
  },
  proxyProtocolRequireTls: {
    kind: 'switch',
    default: false,
    text: 'whether the header must say that the client came to the proxy over TLS (v2)',
  },
  trustedProxies: {
    kind: 'list',
    of: { kind: 'text', form: 'address-block', text: 'an address, or a block such as `10.0.0.0/8`' },
    default: [],
    defaultText: 'everyone',
    text: 'who may send such headers; others are refused',
  },
  protocolVersions: {
    kind: 'list',
    of: { kind: 'choice', choices: ['3.1', '3.1.1', '5.0'], text: 'a version of MQTT' },
    default: ['3.1', '3.1.1', '5.0'],
    minimumEntries: 1,
    text: 'versions of MQTT that are accepted',
  },
  mountPoint: {
    kind: 'text',
    form: 'topic-name',
    default: null,
    text: 'put in front of all topics of clients that connect here, and taken off what they get',
  },
  maximumConnections: {
    kind: 'number',
    default: null,
    defaultText: 'as in `limits`',
    minimum: 0,
    maximum: 1_000_000_000,
    unit: 'connections',
    text: 'open connections of this listener; a further one is closed',
  },
  maximumQos: {
    kind: 'choice',
    choices: [0, 1, 2],
    default: 2,
    text: 'the highest QoS with which clients may publish here',
  },
  retainAvailable: {
    kind: 'switch',
    default: true,
    text: 'whether clients may publish retained messages here',
  },
  topicAliasMaximum: {
    kind: 'number',
    default: null,
    defaultText: 'as in `limits`',
    minimum: 0,
    maximum: 65_535,
    unit: 'aliases',
    text: 'topic aliases that one client may use',
  },
  outboundTopicAliases: {
    kind: 'number',
    default: null,
    defaultText: 'as in `limits`',
    minimum: 0,
    maximum: 65_535,
    unit: 'aliases',
    text: 'topic aliases used towards one client',
  },
  usernameFrom: {
    kind: 'choice',
    choices: ['connect', 'certificate-cn', 'certificate-subject', 'certificate-san', 'psk'],
    default: 'connect',
    text: 'where the user name comes from: CONNECT, the client certificate, or the identity of the PSK',
  },
  useUsernameAsClientId: {
    kind: 'switch',
    default: false,
    text: 'whether the user name becomes the client identifier; who has no user name is refused',
  },
  clientIdPrefix: {
    kind: 'text',
    form: 'plain',
    pattern: '^.{0,50}$',
    expected: 'at most 50 characters',
    default: 'auto-',
    text: 'how client identifiers begin that the broker makes',
  },
  allowEmptyClientId: {
    kind: 'switch',
    default: true,
    text: 'whether a client may leave it to the broker to make an identifier',
  },
  backlog: {
    kind: 'number',
    default: LISTENER_LIMITS.backlog.default,
    minimum: 1,
    maximum: 65_535,
    unit: 'connections',
    text: 'connections that the operating system holds until they are accepted',
  },
  tcpKeepAlive: {
    kind: 'number',
    default: 0,
    minimum: 0,
    maximum: 32_767,
    unit: 's',
    text: 'silence after which the operating system asks whether a peer is still there; 0: never. MQTT has its own keep alive',
  },
  durability: {
    kind: 'choice',
    choices: ['disk', 'os', 'memory'],
    default: null,
    defaultText: 'as in `store`',
    text: 'what acknowledgements promise to clients that publish here',
  },
  rates: ratesRow('perListener', 'of all connections of this listener together'),
  authentication: {
    kind: 'section',
    keys: AUTHENTICATION_ROWS,
    default: null,
    text: 'who may connect here, in place of the section `authentication` for all listeners',
  },
  authorization: {
    kind: 'section',
    keys: AUTHORIZATION_ROWS,
    default: null,
    text: 'what clients may do here, in place of the section `authorization` for all listeners',
  },
};
