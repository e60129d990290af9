/** Writes what happens at the broker to its log: clients that come and go, subscriptions, messages that end undelivered. */
import type { Broker, ClientDescription, Log } from '@martlet/broker';
import { ProtocolVersion, reasonCodeText } from '@martlet/protocol';

const VERSION_TEXT: Readonly<Record<ProtocolVersion, string>> = {
  [ProtocolVersion.V31]: 'MQTT 3.1',
  [ProtocolVersion.V311]: 'MQTT 3.1.1',
  [ProtocolVersion.V5]: 'MQTT 5.0',
};

export function logEvents(broker: Broker, log: Log): void {
  broker.on('clientConnected', (client) => {
    const session = client.sessionPresent ? 'session resumed' : 'new session';
    log.write(
      'info',
      'client-connected',
      `${describe(client)}, ${session}, keep alive ${client.keepAlive} s`,
    );
  });
  broker.on('clientDisconnected', (client) => {
    const why = client.reason === '' ? reasonCodeText(client.reasonCode) : client.reason;
    log.write('info', 'client-disconnected', `${describe(client)}: ${why}`);
  });
  broker.on('subscribed', ({ clientId, topicFilter, qos }) => {
    log.write('debug', 'subscribed', `${clientId} to ${topicFilter} at QoS ${qos}`);
  });
  broker.on('unsubscribed', ({ clientId, topicFilter }) => {
    log.write('debug', 'unsubscribed', `${clientId} from ${topicFilter}`);
  });
  broker.on('messageDropped', ({ reason, clientId, topicName, count }) => {
    log.write('debug', 'message-dropped', `${count} on ${topicName} for ${clientId}: ${reason}`);
  });
}

function describe({ clientId, username, peer, listener, protocolVersion }: ClientDescription): string {
  const user = username === undefined ? '' : ` as ${username}`;
  return `${clientId}${user} from ${peer} by ${listener} (${VERSION_TEXT[protocolVersion]})`;
}
