/**
 * What CONNECT and CONNACK agree on: pure decisions over the packet and the broker's profile, no state.
 */

import type { ConnackPacket, ConnackProperties, ConnectPacket } from '@martlet/protocol';
import {
  checkTopicName,
  MAXIMUM_FIELD_BYTES,
  NO_PROPERTIES,
  ProtocolVersion,
  ReasonCode,
  utf8ByteLength,
} from '@martlet/protocol';
import type { Grants } from '../options/listener-policy.ts';
import type { Profile } from '../options/profile.ts';
import type { RuleReference } from '../ports/authorizer.ts';
import type { DurabilityName } from '../ports/durability.ts';
import type { QoS } from '../publish/message.ts';
import { NEVER_EXPIRES } from '../session/session.ts';
import { isControl, isSys } from '../topics/brokers-topics.ts';

const MAX_PACKET_ID = 65_535;

/** Why a CONNECT or a PUBLISH is refused. */
export interface Refusal {
  readonly reasonCode: ReasonCode;
  readonly reasonString: string;
  /** That decided; undefined if no rule did. */
  readonly rule?: RuleReference | undefined;
}

export interface Agreement {
  readonly clientId: string;
  /** The broker chose the identifier. */
  readonly assigned: boolean;
  /** Seconds. */
  readonly sessionExpiryInterval: number;
  /** Seconds; 0: none. */
  readonly keepAlive: number;
  /** Ours, which the client obeys. Before MQTT 5.0 only packet identifiers bound it. */
  readonly receiveMaximum: number;
  /** Bytes; ours, which the client obeys. */
  readonly acceptedPacketSize: number;
  /** Ours, which the client obeys. */
  readonly topicAliasMaximum: number;
  /** At which the client may publish, and what it is granted at most. */
  readonly maximumQos: QoS;
  readonly retainAvailable: boolean;
  /** Empty: none. */
  readonly mountPoint: string;
  /** The client's, which we obey. */
  readonly sendQuota: number;
  /** Bytes; the client's. */
  readonly maximumPacketSize: number;
  /** The client's, within our own limit. */
  readonly outboundTopicAliases: number;
}

/** What the broker promises to a client of what it is told, as CONNACK says it. */
export interface Promised {
  readonly durability: DurabilityName;
  /** Some topics have another one. */
  readonly variesByTopic: boolean;
}

/** The agreement, or why there is none. Asks for a client identifier only when one is needed. */
export function negotiate(
  connect: ConnectPacket,
  profile: Profile,
  grants: Grants,
  newClientId: (prefix: string) => string,
): Agreement | Refusal {
  const { limits } = profile;
  const v5 = connect.protocolVersion === ProtocolVersion.V5;
  const { properties, will } = connect;
  const assigned = connect.clientId === '';
  if (assigned && !grants.useUsernameAsClientId) {
    const problem = whyNotAssigned(connect, grants);
    if (problem !== undefined) return refuse(ReasonCode.ClientIdentifierNotValid, problem);
  }
  const keepAlive = agreedKeepAlive(connect.keepAlive, limits.maximumKeepAlive);
  if (keepAlive !== connect.keepAlive && !v5) {
    return refuse(
      ReasonCode.ClientIdentifierNotValid,
      `a keep alive of 1 to ${limits.maximumKeepAlive} s is allowed, got ${connect.keepAlive}`,
    );
  }
  if (will !== undefined) {
    const problem = checkTopicName(will.topicName, limits.topicLevels, limits.topicBytes);
    if (problem !== null || isSys(will.topicName) || isControl(will.topicName)) {
      return refuse(ReasonCode.TopicNameInvalid, `${will.topicName} cannot be the topic of a will`);
    }
    if (will.payload.length > limits.messageSize) {
      const text = `the will has ${will.payload.length} bytes, at most ${limits.messageSize} are allowed`;
      return refuse(ReasonCode.PacketTooLarge, text);
    }
    if (will.qos > grants.maximumQos) {
      const text = `the will has QoS ${will.qos}, at most ${grants.maximumQos} is allowed here`;
      return refuse(ReasonCode.QosNotSupported, text); // [MQTT-3.2.2-12]
    }
    if (will.retain && !grants.retainAvailable) {
      return refuse(ReasonCode.RetainNotSupported, 'the will asks to be retained, which is not allowed here'); // [MQTT-3.2.2-13]
    }
  }
  return {
    clientId: clientIdOf(connect, grants, newClientId), // [MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.1.3-6] 3.1.1
    assigned,
    sessionExpiryInterval: expiryOf(connect, limits.maximumSessionExpiryInterval),
    keepAlive,
    receiveMaximum: v5 ? limits.receiveMaximum : MAX_PACKET_ID,
    acceptedPacketSize: limits.maximumPacketSize,
    topicAliasMaximum: grants.topicAliasMaximum,
    maximumQos: grants.maximumQos,
    retainAvailable: grants.retainAvailable,
    mountPoint: grants.mountPoint,
    sendQuota: Math.min(properties.receiveMaximum ?? 65_535, limits.inFlightMessages), // [MQTT-4.9.0-1] [MQTT-3.3.4-9]
    maximumPacketSize: properties.maximumPacketSize ?? Number.POSITIVE_INFINITY,
    outboundTopicAliases: Math.min(properties.topicAliasMaximum ?? 0, grants.outboundTopicAliases), // [MQTT-3.1.2-26] [MQTT-3.1.2-27] // [MQTT-3.1.2-26]
  };
}

/** A user name that is to be the identifier is not known yet, but for the one that the client claims. */
function clientIdOf(
  { clientId, username }: ConnectPacket,
  { useUsernameAsClientId, clientIdPrefix }: Grants,
  newClientId: (prefix: string) => string,
): string {
  if (useUsernameAsClientId) return username ?? '';
  return clientId === '' ? newClientId(clientIdPrefix) : clientId;
}

/** Why a client that brings no identifier is not given one; undefined if it is. */
function whyNotAssigned(
  { protocolVersion, cleanStart }: ConnectPacket,
  { allowEmptyClientId }: Grants,
): string | undefined {
  if (!allowEmptyClientId) return 'a client identifier is needed here';
  if (protocolVersion === ProtocolVersion.V31) return 'MQTT 3.1 needs a client identifier';
  // [MQTT-3.1.3-7] 3.1.1 [MQTT-3.1.3-8] 3.1.1
  return protocolVersion === ProtocolVersion.V311 && !cleanStart
    ? 'a session that is kept needs a client identifier'
    : undefined;
}

/** The same agreement for a client whose user name is its identifier. */
export function identifiedByUsername(
  agreement: Agreement,
  username: string | undefined,
): Agreement | Refusal {
  if (username === undefined || username === '') {
    return refuse(ReasonCode.NotAuthorized, 'a user name is needed here: it is the client identifier');
  }
  return { ...agreement, clientId: username };
}

/** CONNACK for an accepted client, but for Session Present. Before MQTT 5.0 it has no properties. */
export function accepted(
  connect: ConnectPacket,
  agreement: Agreement,
  profile: Profile,
  promised: Promised,
  authenticationData: Uint8Array | undefined,
): ConnackPacket {
  const properties =
    connect.protocolVersion === ProtocolVersion.V5
      ? ordered(
          connackProperties(connect, agreement, profile, promised, authenticationData),
          profile.connackOrder,
        )
      : NO_PROPERTIES;
  return { type: 'connack', sessionPresent: false, reasonCode: ReasonCode.Success, properties };
}

function connackProperties(
  connect: ConnectPacket,
  agreement: Agreement,
  profile: Profile,
  { durability, variesByTopic }: Promised,
  authenticationData: Uint8Array | undefined,
): ConnackProperties {
  const { responseTopicPrefix } = profile;
  const { maximumQos, receiveMaximum, topicAliasMaximum } = agreement;
  const { properties } = connect;
  const asked = properties.sessionExpiryInterval ?? 0;
  const responseInformation = `${responseTopicPrefix}${agreement.clientId}`;
  const tellsResponse =
    properties.requestResponseInformation === true && // [MQTT-3.1.2-28]
    responseTopicPrefix !== '' &&
    utf8ByteLength(responseInformation) <= MAXIMUM_FIELD_BYTES;
  return {
    ...(asked === agreement.sessionExpiryInterval
      ? undefined
      : { sessionExpiryInterval: agreement.sessionExpiryInterval }),
    ...(receiveMaximum === 65_535 ? undefined : { receiveMaximum }),
    ...(maximumQos === 2 ? undefined : { maximumQos }),
    ...(agreement.retainAvailable ? undefined : { retainAvailable: false }),
    maximumPacketSize: agreement.acceptedPacketSize,
    ...(agreement.assigned ? { assignedClientIdentifier: agreement.clientId } : undefined), // [MQTT-3.1.3-7] [MQTT-3.2.2-16]
    ...(topicAliasMaximum === 0 ? undefined : { topicAliasMaximum }),
    ...(agreement.keepAlive === connect.keepAlive ? undefined : { serverKeepAlive: agreement.keepAlive }),
    ...(tellsResponse ? { responseInformation } : undefined),
    ...(properties.authenticationMethod === undefined
      ? undefined
      : { authenticationMethod: properties.authenticationMethod }), // [MQTT-4.12.0-5]
    ...(authenticationData === undefined || properties.authenticationMethod === undefined
      ? undefined
      : { authenticationData }),
    ...(profile.tellDurability ? { userProperties: durabilityTold(durability, variesByTopic) } : undefined),
  };
}

function durabilityTold(durability: DurabilityName, varies: boolean): [string, string][] {
  const told: [string, string] = ['durability', durability];
  return varies ? [told, ['durability-varies', 'by topic']] : [told];
}

/** The same properties, those that are named first. */
function ordered(
  properties: ConnackProperties,
  order: readonly (keyof ConnackProperties)[],
): ConnackProperties {
  if (order.length === 0) return properties;
  const named = order.filter((name) => properties[name] !== undefined);
  return { ...Object.fromEntries(named.map((name) => [name, properties[name]])), ...properties };
}

/** Clean session 0 before MQTT 5.0 is a session that never expires. */
function expiryOf(connect: ConnectPacket, maximum: number): number {
  const asked =
    connect.protocolVersion === ProtocolVersion.V5
      ? (connect.properties.sessionExpiryInterval ?? 0) // [MQTT-3.1.2-23]
      : connect.cleanStart
        ? 0 // [MQTT-3.1.2-6] 3.1.1
        : NEVER_EXPIRES; // [MQTT-3.1.2-4] 3.1.1 [MQTT-4.1.0-1] 3.1.1
  return Math.min(asked, maximum);
}

function agreedKeepAlive(asked: number, maximum: number): number {
  if (maximum === 65_535) return asked;
  return asked === 0 || asked > maximum ? maximum : asked;
}

function refuse(reasonCode: ReasonCode, reasonString: string): Refusal {
  return { reasonCode, reasonString };
}
