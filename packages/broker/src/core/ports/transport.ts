import type { RateSetOptions } from '../options/rates.ts';
import type { DurabilityName } from './durability.ts';

/**
 * A network connection, as the core sees it: a TCP or Unix socket, a WebSocket, a message port, a test's array.
 *
 * A transport hands what it reads to its {@link TransportSink} and tells it when it has drained and when it has closed.
 * It never calls into the core from inside one of the calls below.
 */
export interface Transport {
  /** Where the peer is, for logs, access rules and metrics, such as `127.0.0.1:50312`. */
  readonly peer: string;
  /** The proxy's own address, when `peer` is what the proxy's PROXY header says; undefined: no proxy. */
  readonly proxyPeer?: string | undefined;
  /** What TLS agreed on and verified, known when the connection is attached; undefined: the connection is plain. */
  readonly security?: TransportSecurity | undefined;

  /**
   * Sends bytes, in order.
   *
   * `true`: the transport is done with this memory, which may be overwritten at once.
   * `false`: the transport still reads it; nothing more is written until it calls `TransportSink.onDrained`.
   */
  write(bytes: Uint8Array): boolean;

  /** Like `write`, for several pieces that belong together: payloads too large to be copied. */
  writeAll(pieces: readonly Uint8Array[]): boolean;

  /** Stops handing in bytes (the connection's gate is closed) until `resume`. */
  pause(): void;
  resume(): void;

  /** Closes the connection once everything written has left; what still arrives is not handed in. */
  end(): void;

  /** Closes the connection at once, dropping what has not left. */
  destroy(): void;
}

/** Who a client certificate says that the peer is. */
export interface CertificateIdentity {
  readonly commonName: string | undefined;
  /** As RFC 2253 writes it, CN first: what Mosquitto's `use_subject_as_username` takes. */
  readonly subject: string;
  /** Such as `dns:a.example`, `email:…`, `uri:…`, `ip:…`. */
  readonly subjectAlternativeNames: readonly string[];
  /** SHA-256 of the certificate, in hexadecimal with colons. */
  readonly fingerprint256: string;
  readonly serialNumber: string;
  /** As RFC 2253 writes it. */
  readonly issuer: string;
}

/** What a secured connection agreed on. */
export interface TransportSecurity {
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
  readonly cipher: string;
  /** The peer's, only if it was verified. */
  readonly certificate?: CertificateIdentity | undefined;
  /** The identity of the pre-shared key that the peer proved to have. */
  readonly pskIdentity?: string | undefined;
  /** The host name that the peer asked for (SNI). */
  readonly serverName?: string | undefined;
}

/** What a listener grants or withholds; what is absent is as the broker's profile says. */
export interface ListenerPolicy {
  /**
   * Put in front of every topic name and filter that comes in, and taken off what goes out: such clients live under it,
   * and see nothing else. Without wildcards. @default ''
   */
  readonly mountPoint?: string | undefined;
  /** The highest QoS that clients may publish with, and are granted. @default 2 */
  readonly maximumQos?: 0 | 1 | 2 | undefined;
  /** Whether clients may publish with RETAIN. @default true */
  readonly retainAvailable?: boolean | undefined;
  /** 3: MQTT 3.1, 4: 3.1.1, 5: 5.0. @default all */
  readonly protocolVersions?: readonly (3 | 4 | 5)[] | undefined;
  /** Topic aliases that a client may use. @default the limit `topicAliasMaximum` */
  readonly topicAliasMaximum?: number | undefined;
  /** Topic aliases that the broker uses to a client that allows them. @default the limit `outboundTopicAliases` */
  readonly outboundTopicAliases?: number | undefined;
  /** The user name, as authenticated, is the client identifier; who has none is refused. @default false */
  readonly useUsernameAsClientId?: boolean | undefined;
  /** Begins the identifiers that the broker assigns, such as `auto-`. @default '' */
  readonly clientIdPrefix?: string | undefined;
  /** Whether a client may come without identifier and be assigned one. @default true */
  readonly allowEmptyClientId?: boolean | undefined;
  /** What all its connections together may do; what is left out is as in the profile's `rates.perListener`. */
  readonly rates?: RateSetOptions | undefined;
}

/**
 * Through which listener a connection came, and what its listener grants or withholds. A listener has one such object
 * at a time, and replaces it as a whole when its policy changes: a connection keeps the one with which it came.
 */
export interface Origin {
  /** The listener's name, such as `tcp:1883`. */
  readonly listener: string;
  /** `mqtt` over a byte stream, or over WebSocket; for metrics and access rules. */
  readonly kind: 'stream' | 'websocket' | 'in-process';
  /** What acknowledgements promise to clients that came this way. @default the broker's `durability` */
  readonly durability?: DurabilityName | undefined;
  /** @default everything as the broker's profile says */
  readonly policy?: ListenerPolicy | undefined;
}

/** What a transport tells the core: one connection's other side of {@link Transport}. */
export interface TransportSink {
  /** Bytes from the peer, between `start` and `end`. They are parsed in place: the memory is valid only during this call. */
  receive(bytes: Uint8Array, start: number, end: number): void;

  /** The memory of the `write` that returned `false` is no longer read, and more may be written. */
  onDrained(): void;

  /**
   * The connection is closed and none of its memory is read any more. Called exactly once, whoever closed it, and
   * never from inside a call of {@link Transport}. `cause` is null for an orderly close (the peer's or ours), and
   * otherwise a short word for the log, such as `ECONNRESET`.
   */
  onClosed(cause: string | null): void;

  /**
   * Where the next bytes should go; asked after each `receive`. Null, or an empty view, is the listener's own buffer.
   *
   * It lets the rest of a large packet be read straight into its place: `receive` is then called with this very view.
   * The memory is lent until the next `receive` or `onClosed`. A transport that cannot do so (TLS, WebSocket) calls
   * `receive` with memory of its own.
   */
  readInto?(): Uint8Array | null;

  /**
   * The bytes of one unfinished message that a message-based transport (WebSocket) may gather for this connection
   * before it gives up, so that a client not yet accepted cannot make it hold much. Absent: the listener's limit.
   */
  readonly maximumMessageBytes?: number;
}

/**
 * Takes a new connection from a listener; null refuses it, and the listener destroys it.
 * The transport is not used before this has returned.
 */
export type Accept = (transport: Transport, origin: Origin) => TransportSink | null;
