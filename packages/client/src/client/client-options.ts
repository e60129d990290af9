/** What a client can be told, and what it takes where nothing is said. */
import type { ProtocolVersion, Qos, UserProperty } from '@martlet/protocol';
import type { Authentication, MaybePromise } from '../authentication/authentication.ts';
import type { WhenFull } from '../core/outgoing/outgoing-queue.ts';
import type { ClientEnvironment } from '../environment.ts';
import type { SessionStore } from '../stores/session-store.ts';
import type { OpenTransport } from '../transports/transport.ts';

/** Bytes, or text that is sent as UTF-8. */
export type Payload = Uint8Array | string;

/** The properties of a message that an application sends, beside its payload. */
export interface MessageProperties {
  /** 1 says that the payload is UTF-8. @default left out */
  readonly payloadFormatIndicator?: 0 | 1;
  /** Seconds after which nobody is to get it any more; what it waits here counts. */
  readonly messageExpiryInterval?: number;
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: Uint8Array;
  readonly userProperties?: readonly UserProperty[];
}

export interface WillOptions extends MessageProperties {
  readonly topicName: string;
  /** @default empty */
  readonly payload?: Payload;
  /** @default 0 */
  readonly qos?: Qos;
  /** @default false */
  readonly retain?: boolean;
  /** Seconds. @default 0 */
  readonly willDelayInterval?: number;
}

/** What an attempt to connect identifies itself with. */
export interface Credentials {
  readonly username?: string | undefined;
  readonly password?: Payload | undefined;
}

export interface ReconnectOptions {
  /** Milliseconds: the first delay is a random one up to this, and the range doubles each time. @default 1000 */
  readonly minimumDelayMs?: number;
  /** @default 60000 */
  readonly maximumDelayMs?: number;
  /** Failures in a row after which to give up. @default Infinity */
  readonly attempts?: number;
}

/**
 * Messages that wait to be sent, of every QoS: while offline, and while the server or the network does not keep up. One
 * whose expiry interval runs out meanwhile fails with TIMEOUT.
 */
export interface QueueOptions {
  /** @default 10000 */
  readonly messages?: number;
  /** Payloads, topic names, properties and 200 bytes for each message; messages under way count. @default 64 MiB */
  readonly bytes?: number;
  /**
   * `reject`: `publish` throws QUEUE_FULL. `dropOldest`, `dropNewest`: that message fails with QUEUE_FULL.
   * @default 'reject'
   */
  readonly whenFull?: WhenFull;
  /** A message replaces the waiting one with its topic name, which fails with QUEUE_FULL. @default false */
  readonly latestPerTopic?: boolean;
}

/** Called before each attempt, or a value that holds for all. */
export type PerAttempt<T> = T | (() => MaybePromise<T>);

export interface ClientOptions {
  /** Where the server is; a function is asked before each attempt. One of `url` and `servers` is needed. */
  readonly url?: PerAttempt<string | URL>;
  /** Servers to try in turn. */
  readonly servers?: readonly (string | URL)[];
  /** Empty: the server is asked for one, and has it for as long as this client lives. @default one made at random */
  readonly clientId?: string;
  readonly username?: string;
  readonly password?: Payload;
  /** User name and password for each attempt anew; in place of the two above. */
  readonly credentials?: () => MaybePromise<Credentials>;
  /** 5, 4 (3.1.1) or 3 (3.1). @default 5 */
  readonly protocolVersion?: ProtocolVersion;
  /** Try the next older version when the server does not know this one, or twice closes without a word. @default false */
  readonly fallback?: boolean;
  /**
   * Begin without what the server may have kept of an earlier process.
   * @default true; false with a `store` that holds a session, and before MQTT 5.0 with a `sessionExpiryInterval`
   */
  readonly cleanStart?: boolean;
  /**
   * Seconds for which the server keeps the session when the connection is lost; 0xFFFFFFFF: for ever. Before MQTT 5.0 any
   * value but 0 asks for a session that is kept.
   * @default 300, with a `store` 86400; before MQTT 5.0 0, with a `store` or `cleanStart: false` kept
   */
  readonly sessionExpiryInterval?: number;
  /** Seconds; 0 switches it off. A server that is gone is found out within this time. @default 60 */
  readonly keepAlive?: number;
  /** Milliseconds for opening the network connection and for CONNACK together. @default 30000 */
  readonly connectTimeoutMs?: number;
  readonly will?: WillOptions;
  /**
   * QoS 1 and 2 messages that the server may send before it sees one acknowledged; MQTT 5.0. One that sends more is held back,
   * with a `warning`. @default 1024
   */
  readonly receiveMaximum?: number;
  /** Bytes of the longest packet from the server. @default 16 MiB */
  readonly maximumPacketSize?: number;
  /** Topic aliases that the server may give. @default 64 */
  readonly topicAliasMaximum?: number;
  /** Topic aliases that the client gives, where the server takes them; 0 gives none. @default 64 */
  readonly outgoingTopicAliases?: number;
  readonly userProperties?: readonly UserProperty[];
  /** Ask the server where responses to requests may be sent. @default false */
  readonly requestResponseInformation?: boolean;
  /** Ask the server to explain what it refuses. @default true */
  readonly requestProblemInformation?: boolean;
  /** False: not at all. @default see {@link ReconnectOptions} */
  readonly reconnect?: ReconnectOptions | false;
  /** Go where the server says, when it has moved or wants another one to be used. @default false */
  readonly followServerMoved?: boolean;
  readonly queue?: QueueOptions;
  /**
   * Connections in a row that the server may close over one message or subscription before that is set aside, with the
   * event `quarantined`; false: it is sent for ever. A server that closes connections without it as well sets nothing aside,
   * nor does one that names another reason (busy, shutting down and so on). Connections that just break count only if five
   * of them do, at once and over the same packet. Where connections mostly end before an answer comes, that may set aside
   * a message which the server would have taken: about one in a hundred; false keeps it. @default 3
   */
  readonly quarantineAttempts?: number | false;
  /**
   * Messages of QoS 1 and 2 that may wait, unacknowledged, for a subscription: those that come out of the session of an
   * earlier process before this one has subscribed. More than that, or than 16 MiB, stay unacknowledged until the next
   * connection. 0: each is acknowledged and dropped, with the event `dropped`. After a minute the event `warning` has the
   * code UNROUTED. @default 65535: as many as the server may send, by `receiveMaximum`
   */
  readonly unroutedMessages?: number;
  /** Keeps the session beyond this process. @default none */
  readonly store?: SessionStore;
  readonly authentication?: Authentication;
  /** Opens network connections in place of the built-in ways. */
  readonly transport?: OpenTransport;
  /** Time and randomness, for tests. */
  readonly environment?: ClientEnvironment;
}
