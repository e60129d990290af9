/** A listener of the configuration, resolved. What each key means stands in tables/listener-rows.ts and tables/tls-rows.ts. */
import type { DurabilityName } from '../core/ports/durability.ts';
import type { AuthenticationConfiguration, AuthorizationConfiguration } from './access-configuration.ts';
import type { MqttSnConfiguration } from './mqtt-sn-configuration.ts';
import type { RatesConfiguration } from './rates-configuration.ts';

export type ProtocolVersionName = '3.1' | '3.1.1' | '5.0';
export type UsernameSource = 'connect' | 'certificate-cn' | 'certificate-subject' | 'certificate-san' | 'psk';

export interface ListenerConfiguration {
  /** By it a reload finds the listener again; unique. */
  readonly name: string;
  readonly protocol: 'mqtt' | 'websocket' | 'mqtt-sn';
  /** An address or name, or `*` for all networks. Without effect beside `path`, `socketActivation` or `interface`. */
  readonly host: string;
  readonly port: number;
  readonly family: 'ipv4' | 'ipv6' | 'both';
  readonly interface: string | null;
  /** Of a Unix socket. */
  readonly path: string | null;
  /** Permission bits, such as 0o660. */
  readonly pathMode: number;
  readonly pathOwner: string | null;
  readonly pathGroup: string | null;
  /** The name of a socket that systemd hands over, or the number of its descriptor (from 3 on). */
  readonly socketActivation: string | number | null;
  readonly webSocket: WebSocketConfiguration;
  readonly mqttSn: MqttSnConfiguration;
  readonly tls: TlsConfiguration | null;
  readonly proxyProtocol: 'none' | 'v1' | 'v2' | 'any';
  readonly proxyProtocolRequireTls: boolean;
  /** CIDR blocks; empty: everyone. */
  readonly trustedProxies: readonly string[];
  readonly protocolVersions: readonly ProtocolVersionName[];
  readonly mountPoint: string | null;
  readonly maximumConnections: number | null;
  readonly maximumQos: 0 | 1 | 2;
  readonly retainAvailable: boolean;
  /** Null: as in `limits`. */
  readonly topicAliasMaximum: number | null;
  /** Null: as in `limits`. */
  readonly outboundTopicAliases: number | null;
  readonly usernameFrom: UsernameSource;
  readonly useUsernameAsClientId: boolean;
  readonly clientIdPrefix: string;
  readonly allowEmptyClientId: boolean;
  readonly backlog: number;
  readonly tcpKeepAlive: number;
  /** Null: as in `store`. */
  readonly durability: DurabilityName | null;
  readonly rates: RatesConfiguration;
  /** In place of the one for all listeners. */
  readonly authentication: AuthenticationConfiguration | null;
  /** In place of the one for all listeners. */
  readonly authorization: AuthorizationConfiguration | null;
}

export interface WebSocketConfiguration {
  readonly path: string;
  /** Null: over a loopback address pages of this machine, else all. */
  readonly origins: readonly string[] | null;
  readonly maximumHttpConnections: number;
  readonly headersTimeoutMs: number;
}

export type TlsVersionName = '1.2' | '1.3';

export interface TlsConfiguration {
  /** The first is for clients that name no server, or one that is not here. */
  readonly certificates: readonly CertificateConfiguration[];
  readonly clientCertificates: 'none' | 'request' | 'require';
  readonly caFile: string | null;
  readonly caDirectory: string | null;
  readonly crlFiles: readonly string[];
  readonly checkClientDates: boolean;
  readonly minimumVersion: TlsVersionName;
  /** In OpenSSL's form; null: Node's. */
  readonly ciphers: string | null;
  /** Those of TLS 1.3. */
  readonly cipherSuites: string | null;
  readonly alpn: readonly string[];
  readonly handshakeTimeoutMs: number;
  readonly maximumHandshakes: number;
  readonly psk: PskConfiguration | null;
}

export interface CertificateConfiguration {
  /** PEM: the certificate, then those between it and the root. */
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly keyPassphraseFile: string | null;
  /** Empty: the names that stand in the certificate. */
  readonly serverNames: readonly string[];
}

export interface PskConfiguration {
  readonly file: string;
  readonly hint: string | null;
}
