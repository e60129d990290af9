/** What the server said about itself and this connection in CONNACK, with what its silence means filled in. */
import type { ConnackPacket, Qos, UserProperty } from '@martlet/protocol';
import { ProtocolVersion } from '@martlet/protocol';

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

/** What CONNECT asked for and CONNACK may change. */
export interface Asked {
  readonly clientId: string;
  readonly keepAlive: number;
  readonly sessionExpiryInterval: number;
}

export function serverCapabilities(
  { sessionPresent, properties }: ConnackPacket,
  protocolVersion: ProtocolVersion,
  asked: Asked,
): ServerCapabilities {
  const isV5 = protocolVersion === ProtocolVersion.V5;
  const defaults: ServerCapabilities = {
    ...asked,
    receiveMaximum: 65_535,
    maximumPacketSize: Number.POSITIVE_INFINITY,
    maximumQos: 2,
    retainAvailable: true,
    wildcardSubscriptionAvailable: true,
    subscriptionIdentifiersAvailable: isV5,
    sharedSubscriptionAvailable: true,
    topicAliasMaximum: 0,
    userProperties: [],
    protocolVersion,
    sessionPresent,
  };
  // To spread the properties would ask for the User Properties.
  return Object.assign(Object.defineProperties(defaults, Object.getOwnPropertyDescriptors(properties)), {
    clientId: properties.assignedClientIdentifier ?? asked.clientId,
    keepAlive: properties.serverKeepAlive ?? asked.keepAlive, // [MQTT-3.1.2-21] [MQTT-3.2.2-21]
  });
}
