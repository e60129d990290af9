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
import type { Profile } from '../options/profile.ts';
import type { RuleReference } from '../ports/authorizer.ts';
import type { DurabilityName } from '../ports/durability.ts';
import { NEVER_EXPIRES } from '../session/session.ts';

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
  newClientId: () => string,
): Agreement | Refusal {
  const { limits } = profile;
  const v5 = connect.protocolVersion === ProtocolVersion.V5;
  const { properties, will } = connect;
  const assigned = connect.clientId === '';
  if (assigned && connect.protocolVersion === ProtocolVersion.V31) {
    return refuse(ReasonCode.ClientIdentifierNotValid, 'MQTT 3.1 needs a client identifier');
  }
  if (assigned && !v5 && !connect.cleanStart) {
    // [MQTT-3.1.3-7] 3.1.1 [MQTT-3.1.3-8] 3.1.1
    return refuse(ReasonCode.ClientIdentifierNotValid, 'a session that is kept needs a client identifier');
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
    if (problem !== null || will.topicName.startsWith('$SYS/')) {
      return refuse(ReasonCode.TopicNameInvalid, `${will.topicName} cannot be the topic of a will`);
    }
  }
  return {
    clientId: assigned ? newClientId() : connect.clientId, // [MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.1.3-6] 3.1.1
    assigned,
    sessionExpiryInterval: expiryOf(connect, limits.maximumSessionExpiryInterval),
    keepAlive,
    receiveMaximum: v5 ? limits.receiveMaximum : MAX_PACKET_ID,
    sendQuota: Math.min(properties.receiveMaximum ?? 65_535, limits.inFlightMessages), // [MQTT-4.9.0-1] [MQTT-3.3.4-9]
    maximumPacketSize: properties.maximumPacketSize ?? Number.POSITIVE_INFINITY,
    outboundTopicAliases: Math.min(properties.topicAliasMaximum ?? 0, limits.outboundTopicAliases), // [MQTT-3.1.2-26] [MQTT-3.1.2-27] // [MQTT-3.1.2-26]
  };
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
  const { limits, responseTopicPrefix } = profile;
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
    ...(limits.receiveMaximum === 65_535 ? undefined : { receiveMaximum: limits.receiveMaximum }),
    maximumPacketSize: limits.maximumPacketSize,
    ...(agreement.assigned ? { assignedClientIdentifier: agreement.clientId } : undefined), // [MQTT-3.1.3-7] [MQTT-3.2.2-16]
    ...(limits.topicAliasMaximum === 0 ? undefined : { topicAliasMaximum: limits.topicAliasMaximum }),
    ...(agreement.keepAlive === connect.keepAlive ? undefined : { serverKeepAlive: agreement.keepAlive }),
    ...(tellsResponse ? { responseInformation } : undefined),
    ...(properties.authenticationMethod === undefined
      ? undefined
      : { authenticationMethod: properties.authenticationMethod }), // [MQTT-4.12.0-5]
    ...(authenticationData === undefined || properties.authenticationMethod === undefined
      ? undefined
      : { authenticationData }),
    userProperties: variesByTopic
      ? [
          ['durability', durability],
          ['durability-varies', 'by topic'],
        ]
      : [['durability', durability]],
  };
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
