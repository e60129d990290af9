/** Writes what happens at a broker to its log: clients that come and go, subscriptions, messages that end undelivered. */
import { ProtocolVersion, reasonCodeText } from '@martlet/protocol';
import type { Log } from '../core/ports/log.ts';
import type { ClientDescription } from '../core/telling/events.ts';
import type { Broker } from '../host/broker.ts';

const VERSION_TEXT: Readonly<Record<ProtocolVersion, string>> = {
  [ProtocolVersion.V31]: 'MQTT 3.1',
  [ProtocolVersion.V311]: 'MQTT 3.1.1',
  [ProtocolVersion.V5]: 'MQTT 5.0',
};

export interface LoggedEvents {
  /** Clients that come and go. */
  readonly connections: boolean;
  readonly subscriptions: boolean;
  readonly drops: boolean;
}

/** @returns what ends it */
export function logEvents(broker: Broker, log: Log, events: LoggedEvents): () => void {
  const ends = [
    ...(events.connections ? logConnections(broker, log) : []),
    ...(events.subscriptions ? logSubscriptions(broker, log) : []),
    ...(events.drops ? [logDrops(broker, log)] : []),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function logConnections(broker: Broker, log: Log): readonly (() => void)[] {
  return [
    broker.on('clientConnected', (client) => {
      const session = client.sessionPresent ? 'session resumed' : 'new session';
      log.write(
        'info',
        'client-connected',
        `${describe(client)}, ${session}, keep alive ${client.keepAlive} s`,
      );
    }),
    broker.on('clientDisconnected', (client) => {
      const why = client.reason === '' ? reasonCodeText(client.reasonCode) : client.reason;
      log.write('info', 'client-disconnected', `${describe(client)}: ${why}`);
    }),
  ];
}

function logSubscriptions(broker: Broker, log: Log): readonly (() => void)[] {
  return [
    broker.on('subscribed', ({ clientId, topicFilter, qos }) => {
      log.write('debug', 'subscribed', `${clientId} to ${topicFilter} at QoS ${qos}`);
    }),
    broker.on('subscriptionRefused', ({ clientId, topicFilter, reason }) => {
      log.write('debug', 'subscription-refused', `${clientId} to ${topicFilter}: ${reason}`);
    }),
    broker.on('unsubscribed', ({ clientId, topicFilter }) => {
      log.write('debug', 'unsubscribed', `${clientId} from ${topicFilter}`);
    }),
  ];
}

function logDrops(broker: Broker, log: Log): () => void {
  return broker.on('messageDropped', ({ reason, clientId, topicName, count }) => {
    log.write('debug', 'message-dropped', `${count} dropped on ${topicName} for ${clientId}: ${reason}`);
  });
}

function describe({ clientId, username, peer, listener, protocolVersion }: ClientDescription): string {
  const user = username === undefined ? '' : ` as ${username}`;
  return `${clientId}${user} from ${peer} by ${listener} (${VERSION_TEXT[protocolVersion]})`;
}
