/** What the server said about itself and this connection in CONNACK, with what its silence means filled in. */
import type { ConnackPacket, ConnectPacket, Qos, UserProperty } from '@martlet/protocol';
import { ProtocolError, ProtocolVersion } from '@martlet/protocol';

export interface ServerCapabilities {
  readonly protocolVersion: ProtocolVersion;
  /** Whether the server had kept a session of this client. */
  readonly sessionPresent: boolean;
  /** The client identifier in use, which the server may have assigned. */
  readonly clientId: string;
  /** Seconds; 0xFFFFFFFF means never. */
  readonly sessionExpiryInterval: number;
  /** Seconds; 0 means off. */
  readonly keepAlive: number;
  /** How many QoS 1 and 2 messages it takes at once. */
  readonly receiveMaximum: number;
  /** Bytes; Infinity when it named no limit. */
  readonly maximumPacketSize: number;
  readonly maximumQos: Qos;
  readonly retainAvailable: boolean;
  readonly wildcardSubscriptionAvailable: boolean;
  readonly subscriptionIdentifiersAvailable: boolean;
  readonly sharedSubscriptionAvailable: boolean;
  readonly topicAliasMaximum: number;
  readonly responseInformation?: string;
  readonly serverReference?: string;
  readonly reasonString?: string;
  readonly userProperties: readonly UserProperty[];
}

/**
 * What CONNACK says when it accepts, as an answer to this CONNECT.
 * @throws {ProtocolError}
 */
export function serverCapabilities(
  { sessionPresent, properties }: ConnackPacket,
  { clientId, keepAlive, cleanStart, protocolVersion, properties: asked }: ConnectPacket,
): ServerCapabilities {
  const given = properties.assignedClientIdentifier ?? clientId;
  // Only who has named itself nothing is given a name; the session, and its store, are those of the name there is.
  if (clientId !== '' && given !== clientId) {
    throw new ProtocolError('expected our client identifier in CONNACK, got another');
  }
  if (properties.authenticationMethod !== asked.authenticationMethod) {
    throw new ProtocolError('expected the Authentication Method of CONNECT, got another or none'); // [MQTT-4.12.0-5] [MQTT-4.12.0-6]
  }
  if (sessionPresent && cleanStart) {
    throw new ProtocolError('expected no session after a clean start, got one'); // [MQTT-3.2.2-2]
  }
  const server: ServerCapabilities = {
    sessionExpiryInterval: asked.sessionExpiryInterval ?? 0,
    receiveMaximum: 65_535,
    maximumPacketSize: Number.POSITIVE_INFINITY,
    maximumQos: 2,
    retainAvailable: true,
    wildcardSubscriptionAvailable: true,
    subscriptionIdentifiersAvailable: protocolVersion === ProtocolVersion.V5,
    sharedSubscriptionAvailable: true,
    topicAliasMaximum: 0,
    userProperties: [],
    protocolVersion,
    sessionPresent,
    clientId: given,
    keepAlive: properties.serverKeepAlive ?? keepAlive, // [MQTT-3.1.2-21] [MQTT-3.2.2-21]
  };
  // To spread them would decode the User Properties, which nobody may ask for.
  return Object.defineProperties(server, Object.getOwnPropertyDescriptors(properties));
}
