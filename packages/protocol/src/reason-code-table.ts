/**
 * The reason codes as a table for people: documentation and servers read it. Programs compare numbers, see {@link ReasonCode},
 * and a client does without these texts.
 */
import type { ConnectReturnCode } from './connect-return-code.ts';
import { connectReturnCodeFor } from './connect-return-code.ts';
import type { PacketType } from './packet-type.ts';
import { PACKET_TYPES } from './packet-type.ts';
import type { ReasonCodeName } from './reason-code.ts';
import { ReasonCode } from './reason-code.ts';
import { isReasonCodeOf } from './reason-code-packets.ts';

/** One row of {@link REASON_CODES}. */
export interface ReasonCodeRow {
  readonly value: ReasonCode;
  readonly name: ReasonCodeName;
  /** The specification's name for people. */
  readonly text: string;
  /** The packets in which MQTT 5.0 allows it. */
  readonly packets: readonly PacketType[];
  /** What CONNACK says instead in 3.1 and 3.1.1; without one, the connection closes with no CONNACK. */
  readonly returnCode: ConnectReturnCode | undefined;
}

/** The specification's names; 0x00 has one per packet that it stands in. */
const TEXTS: { readonly [Name in ReasonCodeName]: string } = {
  Success: 'Success',
  NormalDisconnection: 'Normal disconnection',
  GrantedQos0: 'Granted QoS 0',
  GrantedQos1: 'Granted QoS 1',
  GrantedQos2: 'Granted QoS 2',
  DisconnectWithWillMessage: 'Disconnect with Will Message',
  NoMatchingSubscribers: 'No matching subscribers',
  NoSubscriptionExisted: 'No subscription existed',
  ContinueAuthentication: 'Continue authentication',
  ReAuthenticate: 'Re-authenticate',
  UnspecifiedError: 'Unspecified error',
  MalformedPacket: 'Malformed Packet',
  ProtocolError: 'Protocol Error',
  ImplementationSpecificError: 'Implementation specific error',
  UnsupportedProtocolVersion: 'Unsupported Protocol Version',
  ClientIdentifierNotValid: 'Client Identifier not valid',
  BadUserNameOrPassword: 'Bad User Name or Password',
  NotAuthorized: 'Not authorized',
  ServerUnavailable: 'Server unavailable',
  ServerBusy: 'Server busy',
  Banned: 'Banned',
  ServerShuttingDown: 'Server shutting down',
  BadAuthenticationMethod: 'Bad authentication method',
  KeepAliveTimeout: 'Keep Alive timeout',
  SessionTakenOver: 'Session taken over',
  TopicFilterInvalid: 'Topic Filter invalid',
  TopicNameInvalid: 'Topic Name invalid',
  PacketIdentifierInUse: 'Packet Identifier in use',
  PacketIdentifierNotFound: 'Packet Identifier not found',
  ReceiveMaximumExceeded: 'Receive Maximum exceeded',
  TopicAliasInvalid: 'Topic Alias invalid',
  PacketTooLarge: 'Packet too large',
  MessageRateTooHigh: 'Message rate too high',
  QuotaExceeded: 'Quota exceeded',
  AdministrativeAction: 'Administrative action',
  PayloadFormatInvalid: 'Payload format invalid',
  RetainNotSupported: 'Retain not supported',
  QosNotSupported: 'QoS not supported',
  UseAnotherServer: 'Use another server',
  ServerMoved: 'Server moved',
  SharedSubscriptionsNotSupported: 'Shared Subscriptions not supported',
  ConnectionRateExceeded: 'Connection rate exceeded',
  MaximumConnectTime: 'Maximum connect time',
  SubscriptionIdentifiersNotSupported: 'Subscription Identifiers not supported',
  WildcardSubscriptionsNotSupported: 'Wildcard Subscriptions not supported',
};

/** The packets in which 0x00 does not mean Success. */
const ZERO_ELSEWHERE: { readonly [Name in ReasonCodeName]?: PacketType } = {
  NormalDisconnection: 'disconnect',
  GrantedQos0: 'suback',
};

/** Every reason code, in the order of their values; 0x00 has one row per name. */
export const REASON_CODES: readonly ReasonCodeRow[] = Object.entries(TEXTS).map(([key, text]) => {
  const name = key as ReasonCodeName;
  const value = ReasonCode[name];
  return {
    value,
    name,
    text,
    packets: packetsOf(name),
    returnCode: ZERO_ELSEWHERE[name] === undefined ? connectReturnCodeFor(value) : undefined,
  };
});

function packetsOf(name: ReasonCodeName): readonly PacketType[] {
  const elsewhere = ZERO_ELSEWHERE[name];
  if (elsewhere !== undefined) return [elsewhere];
  const others = ReasonCode[name] === ReasonCode.Success ? Object.values(ZERO_ELSEWHERE) : [];
  return PACKET_TYPES.filter((type) => type !== undefined).filter(
    (type) => isReasonCodeOf(type, ReasonCode[name]) && !others.includes(type),
  );
}

/** The specification's name of a reason code for people; 0x00 reads differently by packet. */
export function reasonCodeText(value: number, packet?: PacketType): string {
  const rows = REASON_CODES.filter((each) => each.value === value);
  const named = rows.find((each) => packet !== undefined && each.packets.includes(packet)) ?? rows[0];
  return named?.text ?? `unknown reason code 0x${value.toString(16).padStart(2, '0')}`;
}
