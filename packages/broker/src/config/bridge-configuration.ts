/** A bridge to another broker, resolved. What each key means stands in tables/bridge-rows.ts. Bridges are read and checked, and do not run yet. */
import type { QoS } from '../core/publish/message.ts';
import type { ProtocolVersionName, TlsVersionName } from './listener-configuration.ts';

export interface BridgeConfiguration {
  /** Unique. */
  readonly name: string;
  /** `host` or `host:port`; that of IPv6 needs its port, as in `[::1]:1883`. */
  readonly addresses: readonly string[];
  readonly topics: readonly BridgeTopicConfiguration[];
  readonly protocolVersion: ProtocolVersionName;
  readonly startType: 'automatic' | 'lazy' | 'once';
  readonly reloadType: 'lazy' | 'immediate';
  readonly roundRobin: boolean;
  readonly bindAddress: string | null;
  readonly cleanStart: boolean;
  /** Null: as `cleanStart`. */
  readonly localCleanStart: boolean | null;
  readonly keepAliveSeconds: number;
  readonly idleTimeoutSeconds: number;
  readonly threshold: number;
  readonly restartBaseSeconds: number;
  /** Null: always `restartBaseSeconds`. */
  readonly restartCapSeconds: number | null;
  readonly restartStableSeconds: number | null;
  readonly sessionExpiryInterval: number;
  /** Null: as `limits.inFlightMessages`. */
  readonly receiveMaximum: number | null;
  readonly topicAliasMaximum: number;
  readonly maximumPacketSize: number | null;
  readonly outgoingRetain: boolean;
  readonly attemptUnsubscribe: boolean;
  readonly tryPrivate: boolean;
  /** Null: `local.` and the remote client identifier. */
  readonly localClientId: string | null;
  readonly localUsername: string | null;
  readonly localPassword: string | null;
  readonly localPasswordFile: string | null;
  /** Null: the name of the host, a dot and the name of the bridge. */
  readonly remoteClientId: string | null;
  readonly remoteUsername: string | null;
  readonly remotePassword: string | null;
  readonly remotePasswordFile: string | null;
  readonly notifications: boolean;
  readonly notificationsLocalOnly: boolean;
  readonly notificationTopic: string | null;
  readonly tcpKeepAlive: BridgeTcpKeepAliveConfiguration | null;
  /** Null: that of the system. */
  readonly tcpUserTimeoutMs: number | null;
  readonly tls: BridgeTlsConfiguration | null;
}

export interface BridgeTopicConfiguration {
  readonly pattern: string;
  readonly direction: 'out' | 'in' | 'both';
  readonly qos: QoS;
  readonly localPrefix: string;
  readonly remotePrefix: string;
}

export interface BridgeTcpKeepAliveConfiguration {
  readonly idleSeconds: number;
  readonly intervalSeconds: number;
  readonly probes: number;
}

export interface BridgeTlsConfiguration {
  readonly caFile: string | null;
  readonly caDirectory: string | null;
  readonly useSystemCertificates: boolean;
  readonly certificateFile: string | null;
  readonly keyFile: string | null;
  readonly pskIdentity: string | null;
  readonly psk: string | null;
  readonly checkHostname: boolean;
  readonly requireOcsp: boolean;
  readonly minimumVersion: TlsVersionName;
  readonly alpn: string | null;
  readonly ciphers: string | null;
  readonly cipherSuites: string | null;
}
