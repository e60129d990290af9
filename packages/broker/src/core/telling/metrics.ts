/**
 * What the broker counts. Plain fields of one object, because several of them change with every packet: the hot path
 * adds to a field, and whoever reads (`$SYS`, an exporter, the documentation) goes through the table below.
 *
 * Counters only rise. What can fall is not counted here but read from where it is (`Gauges`). What was dropped, and why,
 * is in `Outcomes`, which is the one place for it.
 */
export class Metrics {
  connectionsOpened = 0;
  connectionsClosed = 0;
  connectionsRefused = 0;
  connectionsBeyondRate = 0;
  connectTimeouts = 0;
  connectsReceived = 0;
  connectsRefused = 0;
  connectsBeyondRate = 0;

  bytesReceived = 0;
  bytesSent = 0;
  messagesReceived = 0;
  messagesSent = 0;
  socketWrites = 0;
  publishMessagesReceived = 0;
  publishMessagesSent = 0;
  publishBytesReceived = 0;
  publishBytesSent = 0;

  protocolErrors = 0;
  keepAliveTimeouts = 0;
  sessionsTakenOver = 0;
  sessionsExpired = 0;
  publishesRefused = 0;
  subscriptionsRefused = 0;
  subscriptionsBeyondRate = 0;
  willsPublished = 0;

  commits = 0;
  commitsFailed = 0;
}

/** What is there now. The core implements it over the tables that hold these things. */
export interface Gauges {
  readonly connections: number;
  readonly clientsConnected: number;
  readonly sessions: number;
  readonly subscriptions: number;
  readonly sharedSubscriptions: number;
  readonly internedTopics: number;
  readonly retainedMessages: number;
  readonly retainedBytes: number;
  readonly storedMessages: number;
  readonly storedBytes: number;
  readonly outboxBytes: number;
  readonly storeState: number;
}

export type MetricUnit =
  | 'bytes'
  | 'clients'
  | 'commits'
  | 'connections'
  | 'messages'
  | 'packets'
  | 'sessions'
  | 'state'
  | 'subscriptions'
  | 'topics'
  | 'writes';

interface MetricRow<Name extends string> {
  readonly name: Name;
  readonly unit: MetricUnit;
  /** One line for people: what is counted, and when. */
  readonly text: string;
}

export type CounterRow = MetricRow<keyof Metrics> & { readonly kind: 'counter' };
export type GaugeRow = MetricRow<keyof Gauges> & { readonly kind: 'gauge' };

function counter(name: keyof Metrics, unit: MetricUnit, text: string): CounterRow {
  return { name, kind: 'counter', unit, text };
}

function gauge(name: keyof Gauges, unit: MetricUnit, text: string): GaugeRow {
  return { name, kind: 'gauge', unit, text };
}

/** Every field of {@link Metrics}, in its order. */
export const COUNTERS: readonly CounterRow[] = [
  counter('connectionsOpened', 'connections', 'Network connections accepted, on all listeners.'),
  counter('connectionsClosed', 'connections', 'Network connections that have ended, by whichever side.'),
  counter(
    'connectionsRefused',
    'connections',
    'Network connections closed at once, because there are as many as may be.',
  ),
  counter(
    'connectionsBeyondRate',
    'connections',
    'Network connections closed at once for a rate: far more are open at an address or listener than may be.',
  ),
  counter(
    'connectTimeouts',
    'connections',
    'Network connections closed because no CONNECT was accepted in time.',
  ),
  counter('connectsReceived', 'packets', 'CONNECT packets received.'),
  counter('connectsRefused', 'packets', 'CONNECT packets answered with a refusal, or by closing.'),
  counter(
    'connectsBeyondRate',
    'packets',
    'CONNECT packets refused for a rate of the address, listener, user or client.',
  ),
  counter(
    'bytesReceived',
    'bytes',
    'Bytes received on all connections, of MQTT, without TLS or WebSocket framing.',
  ),
  counter('bytesSent', 'bytes', 'Bytes sent on all connections, of MQTT, without TLS or WebSocket framing.'),
  counter('messagesReceived', 'packets', 'Packets of every type received.'),
  counter('messagesSent', 'packets', 'Packets of every type sent.'),
  counter(
    'socketWrites',
    'writes',
    'Writes to transports: one for each connection and turn, if all goes well.',
  ),
  counter('publishMessagesReceived', 'packets', 'PUBLISH packets received.'),
  counter('publishMessagesSent', 'packets', 'PUBLISH packets sent, repetitions included.'),
  counter('publishBytesReceived', 'bytes', 'Payload bytes of PUBLISH packets received.'),
  counter('publishBytesSent', 'bytes', 'Payload bytes of PUBLISH packets sent.'),
  counter('protocolErrors', 'connections', 'Connections ended because the client broke the protocol.'),
  counter(
    'keepAliveTimeouts',
    'connections',
    'Connections ended because the client was silent for too long.',
  ),
  counter(
    'sessionsTakenOver',
    'connections',
    'Connections ended because the same client identifier connected again.',
  ),
  counter('sessionsExpired', 'sessions', 'Sessions of disconnected clients that have expired.'),
  counter(
    'publishesRefused',
    'packets',
    'PUBLISH packets that were not routed: no right, beyond a limit, or nothing could be kept.',
  ),
  counter('subscriptionsRefused', 'subscriptions', 'Topic filters of SUBSCRIBE packets that were refused.'),
  counter(
    'subscriptionsBeyondRate',
    'subscriptions',
    'Topic filters of SUBSCRIBE packets that were refused for a rate of subscriptions.',
  ),
  counter('willsPublished', 'messages', 'Will messages published.'),
  counter('commits', 'commits', 'Commits of the store that succeeded.'),
  counter('commitsFailed', 'commits', 'Commits of the store that failed; nothing of them was acknowledged.'),
];

/** Every member of {@link Gauges}, in its order. */
export const GAUGES: readonly GaugeRow[] = [
  gauge('connections', 'connections', 'Network connections that are open, before and after CONNECT.'),
  gauge('clientsConnected', 'clients', 'Clients that are connected.'),
  gauge('sessions', 'sessions', 'Sessions, of connected and of disconnected clients.'),
  gauge('subscriptions', 'subscriptions', 'Subscriptions, shared ones included.'),
  gauge('sharedSubscriptions', 'subscriptions', 'Shared subscriptions, each member counted.'),
  gauge(
    'internedTopics',
    'topics',
    'Topic names remembered with their subscribers: those in use, and those named lately.',
  ),
  gauge('retainedMessages', 'messages', 'Retained messages.'),
  gauge('retainedBytes', 'bytes', 'Memory that retained messages take, in bytes.'),
  gauge('storedMessages', 'messages', 'Messages kept: retained, queued or in flight, each counted once.'),
  gauge('storedBytes', 'bytes', 'Payload bytes of the messages kept, each counted once.'),
  gauge('outboxBytes', 'bytes', 'Bytes that wait in outboxes, because their clients read slowly.'),
  gauge(
    'storeState',
    'state',
    'Whether the store keeps what it is given: 0: it does; 1: its last commit failed; 2: the one under way is silent.',
  ),
];
