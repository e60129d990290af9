/**
 * The MQTT Control Packets as values, in MQTT 5.0 terms for all versions: what an older version cannot say is empty
 * there (no properties), and what it says otherwise is translated by the codec (clean session, return codes).
 * Fields bear the specification's names. Every byte field may be a view of a larger buffer: whoever keeps one copies it.
 */
import type { ReasonCode } from './reason-code.ts';
import type { ProtocolVersion } from './version.ts';

export type Qos = 0 | 1 | 2;
export type RetainHandling = 0 | 1 | 2;

/** Name and value; order and repetitions are kept. */
export type UserProperty = readonly [name: string, value: string];

interface WithUserProperties {
  /** Of a received packet that has many, they are decoded when they are asked for first. */
  readonly userProperties?: readonly UserProperty[];
}

interface WithReasonString extends WithUserProperties {
  /** Text for people about what happened. */
  readonly reasonString?: string;
}

interface WithAuthentication {
  readonly authenticationMethod?: string;
  readonly authenticationData?: Uint8Array;
}

interface MessageProperties extends WithUserProperties {
  /** 0: unspecified bytes. 1: the payload is UTF-8. */
  readonly payloadFormatIndicator?: 0 | 1;
  /** Seconds. */
  readonly messageExpiryInterval?: number;
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: Uint8Array;
}

export interface ConnectProperties extends WithUserProperties, WithAuthentication {
  /** Seconds; absent means 0, 0xFFFFFFFF means never. */
  readonly sessionExpiryInterval?: number;
  /** 1 to 65,535; absent means 65,535. */
  readonly receiveMaximum?: number;
  /** Bytes, from 1 on; absent means no limit. */
  readonly maximumPacketSize?: number;
  /** Absent means 0: no aliases. */
  readonly topicAliasMaximum?: number;
  /** Absent means false. */
  readonly requestResponseInformation?: boolean;
  /** Absent means true. */
  readonly requestProblemInformation?: boolean;
}

export interface WillProperties extends MessageProperties {
  /** Seconds; absent means 0. */
  readonly willDelayInterval?: number;
}

export interface ConnackProperties extends WithReasonString, WithAuthentication {
  /** Seconds; absent means what CONNECT asked for. */
  readonly sessionExpiryInterval?: number;
  readonly receiveMaximum?: number;
  /** Absent means 2. */
  readonly maximumQos?: 0 | 1;
  /** Absent means true. */
  readonly retainAvailable?: boolean;
  readonly maximumPacketSize?: number;
  readonly assignedClientIdentifier?: string;
  readonly topicAliasMaximum?: number;
  /** Absent means true. */
  readonly wildcardSubscriptionAvailable?: boolean;
  /** Absent means true. */
  readonly subscriptionIdentifiersAvailable?: boolean;
  /** Absent means true. */
  readonly sharedSubscriptionAvailable?: boolean;
  /** Seconds; replaces what CONNECT asked for. */
  readonly serverKeepAlive?: number;
  readonly responseInformation?: string;
  readonly serverReference?: string;
}

export interface PublishProperties extends MessageProperties {
  /** From 1 on. */
  readonly topicAlias?: number;
  /** 1 to 268,435,455 each; only from the server, one per matching subscription that has one. */
  readonly subscriptionIdentifiers?: readonly number[];
}

export interface SubscribeProperties extends WithUserProperties {
  /** 1 to 268,435,455. */
  readonly subscriptionIdentifier?: number;
}

export interface UnsubscribeProperties extends WithUserProperties {}

/** Of PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK. */
export interface AcknowledgementProperties extends WithReasonString {}

export interface DisconnectProperties extends WithReasonString {
  /** Seconds; only from the client. */
  readonly sessionExpiryInterval?: number;
  readonly serverReference?: string;
}

export interface AuthProperties extends WithReasonString, WithAuthentication {}

/** The one shared value for "no properties"; fits every packet. */
export const NO_PROPERTIES: Readonly<Record<never, never>> = Object.freeze({});

export interface Will {
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly properties: WillProperties;
}

export interface ConnectPacket {
  readonly type: 'connect';
  readonly protocolVersion: ProtocolVersion;
  readonly clientId: string;
  /** "Clean Session" before MQTT 5.0. */
  readonly cleanStart: boolean;
  /** Seconds; 0 switches it off. */
  readonly keepAlive: number;
  readonly username?: string;
  readonly password?: Uint8Array;
  readonly will?: Will;
  readonly properties: ConnectProperties;
  /** A Mosquitto bridge of 3.1 or 3.1.1, which says so by bit 0x80 of the protocol level. */
  readonly bridge?: boolean;
}

export interface ConnackPacket {
  readonly type: 'connack';
  /** Always false in MQTT 3.1, which has no such flag. */
  readonly sessionPresent: boolean;
  /** In MQTT 5.0 terms for every version. */
  readonly reasonCode: ReasonCode;
  readonly properties: ConnackProperties;
}

export interface PublishPacket {
  readonly type: 'publish';
  /** Empty when a topic alias stands for it. */
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
  readonly dup: boolean;
  /** 0 for QoS 0, which has none on the wire. */
  readonly packetId: number;
  readonly properties: PublishProperties;
}

interface Acknowledgement {
  readonly packetId: number;
  /** Always Success before MQTT 5.0, which has no such field. */
  readonly reasonCode: ReasonCode;
  readonly properties: AcknowledgementProperties;
}

export interface PubackPacket extends Acknowledgement {
  readonly type: 'puback';
}

export interface PubrecPacket extends Acknowledgement {
  readonly type: 'pubrec';
}

export interface PubrelPacket extends Acknowledgement {
  readonly type: 'pubrel';
}

export interface PubcompPacket extends Acknowledgement {
  readonly type: 'pubcomp';
}

export type AcknowledgementPacket = PubackPacket | PubrecPacket | PubrelPacket | PubcompPacket;

/** One entry of SUBSCRIBE. Before MQTT 5.0 there is only the QoS; the rest is false, false and 0. */
export interface Subscription {
  readonly topicFilter: string;
  /** The highest QoS at which to send. */
  readonly qos: Qos;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  /** 0: send retained messages. 1: only if the subscription is new. 2: never. */
  readonly retainHandling: RetainHandling;
}

export interface SubscribePacket {
  readonly type: 'subscribe';
  readonly packetId: number;
  readonly subscriptions: readonly Subscription[];
  readonly properties: SubscribeProperties;
}

export interface SubackPacket {
  readonly type: 'suback';
  readonly packetId: number;
  /** One per subscription, in their order. */
  readonly reasonCodes: readonly ReasonCode[];
  readonly properties: AcknowledgementProperties;
}

export interface UnsubscribePacket {
  readonly type: 'unsubscribe';
  readonly packetId: number;
  readonly topicFilters: readonly string[];
  readonly properties: UnsubscribeProperties;
}

export interface UnsubackPacket {
  readonly type: 'unsuback';
  readonly packetId: number;
  /** One per topic filter, in their order; empty before MQTT 5.0. */
  readonly reasonCodes: readonly ReasonCode[];
  readonly properties: AcknowledgementProperties;
}

export interface PingreqPacket {
  readonly type: 'pingreq';
}

export interface PingrespPacket {
  readonly type: 'pingresp';
}

export interface DisconnectPacket {
  readonly type: 'disconnect';
  /** Always NormalDisconnection before MQTT 5.0. */
  readonly reasonCode: ReasonCode;
  readonly properties: DisconnectProperties;
}

/** MQTT 5.0 only. */
export interface AuthPacket {
  readonly type: 'auth';
  readonly reasonCode: ReasonCode;
  readonly properties: AuthProperties;
}

export type Packet =
  | ConnectPacket
  | ConnackPacket
  | PublishPacket
  | PubackPacket
  | PubrecPacket
  | PubrelPacket
  | PubcompPacket
  | SubscribePacket
  | SubackPacket
  | UnsubscribePacket
  | UnsubackPacket
  | PingreqPacket
  | PingrespPacket
  | DisconnectPacket
  | AuthPacket;

/** What only a server sends is none of these. */
export type ClientPacket = Exclude<Packet, ConnackPacket | SubackPacket | UnsubackPacket | PingrespPacket>;

/** What only a client sends is none of these. */
export type ServerPacket = Exclude<
  Packet,
  ConnectPacket | SubscribePacket | UnsubscribePacket | PingreqPacket
>;
