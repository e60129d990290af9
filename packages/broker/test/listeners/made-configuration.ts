import type { ListenerConfiguration, TlsConfiguration } from '../../src/config/listener-configuration.ts';
import { parsed } from '../config/parsed.ts';

/** A listener as the configuration resolves it, on a free port of this machine. */
export function listenerConfiguration(given: Partial<ListenerConfiguration> = {}): ListenerConfiguration {
  return {
    name: 'tested',
    protocol: 'mqtt',
    host: '127.0.0.1',
    port: 0,
    family: 'both',
    interface: null,
    path: null,
    pathMode: 0o660,
    pathOwner: null,
    pathGroup: null,
    socketActivation: null,
    webSocket: { path: '/mqtt', origins: null, maximumHttpConnections: 1000, headersTimeoutMs: 10_000 },
    mqttSn: parsed('listeners: [{ protocol: mqtt-sn }]').listeners[0]!.mqttSn,
    tls: null,
    proxyProtocol: 'none',
    proxyProtocolRequireTls: false,
    trustedProxies: [],
    protocolVersions: ['3.1', '3.1.1', '5.0'],
    mountPoint: null,
    maximumConnections: null,
    maximumQos: 2,
    retainAvailable: true,
    topicAliasMaximum: null,
    outboundTopicAliases: null,
    usernameFrom: 'connect',
    useUsernameAsClientId: false,
    clientIdPrefix: '',
    allowEmptyClientId: true,
    backlog: 128,
    tcpKeepAlive: 0,
    durability: null,
    rates: {} as ListenerConfiguration['rates'],
    authentication: null,
    authorization: null,
    ...given,
  };
}

export function tlsConfiguration(given: Partial<TlsConfiguration>): TlsConfiguration {
  return {
    certificates: [],
    clientCertificates: 'none',
    caFile: null,
    caDirectory: null,
    crlFiles: [],
    checkClientDates: true,
    minimumVersion: '1.2',
    ciphers: null,
    cipherSuites: null,
    alpn: ['mqtt'],
    handshakeTimeoutMs: 10_000,
    maximumHandshakes: 1000,
    psk: null,
    ...given,
  };
}
