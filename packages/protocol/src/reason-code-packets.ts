/**
 * In which packets MQTT 5.0 allows each reason code (section 2.4).
 */
import type { PacketSet } from './packet-set.ts';
import {
  AUTH,
  CONNACK,
  DISCONNECT,
  PUBACK,
  PUBCOMP,
  PUBREC,
  PUBREL,
  SUBACK,
  setOf,
  UNSUBACK,
} from './packet-set.ts';
import type { PacketType } from './packet-type.ts';
import type { ReasonCode } from './reason-code.ts';

/** Codes below 0x80 mean success. */
const SUCCESSES: Readonly<Record<number, PacketSet>> = {
  0: CONNACK | PUBACK | PUBREC | PUBREL | PUBCOMP | SUBACK | UNSUBACK | DISCONNECT | AUTH, // Success, NormalDisconnection, GrantedQos0
  1: SUBACK, // GrantedQos1
  2: SUBACK, // GrantedQos2
  4: DISCONNECT, // DisconnectWithWillMessage
  16: PUBACK | PUBREC, // NoMatchingSubscribers
  17: UNSUBACK, // NoSubscriptionExisted
  24: AUTH, // ContinueAuthentication
  25: AUTH, // ReAuthenticate
};

/** From 0x80 on, without a gap. */
const FAILURES: readonly PacketSet[] = [
  CONNACK | PUBACK | PUBREC | SUBACK | UNSUBACK | DISCONNECT, // 0x80 UnspecifiedError
  CONNACK | DISCONNECT, // 0x81 MalformedPacket
  CONNACK | DISCONNECT, // 0x82 ProtocolError
  CONNACK | PUBACK | PUBREC | SUBACK | UNSUBACK | DISCONNECT, // 0x83 ImplementationSpecificError
  CONNACK, // 0x84 UnsupportedProtocolVersion
  CONNACK, // 0x85 ClientIdentifierNotValid
  CONNACK, // 0x86 BadUserNameOrPassword
  CONNACK | PUBACK | PUBREC | SUBACK | UNSUBACK | DISCONNECT, // 0x87 NotAuthorized
  CONNACK, // 0x88 ServerUnavailable
  CONNACK | DISCONNECT, // 0x89 ServerBusy
  CONNACK, // 0x8a Banned
  DISCONNECT, // 0x8b ServerShuttingDown
  // Section 2.4 lists 0x8C for DISCONNECT, the table of section 3.14.2.1 does not; re-authentication needs it.
  CONNACK | DISCONNECT, // 0x8c BadAuthenticationMethod
  DISCONNECT, // 0x8d KeepAliveTimeout
  DISCONNECT, // 0x8e SessionTakenOver
  SUBACK | UNSUBACK | DISCONNECT, // 0x8f TopicFilterInvalid
  CONNACK | PUBACK | PUBREC | DISCONNECT, // 0x90 TopicNameInvalid
  PUBACK | PUBREC | SUBACK | UNSUBACK, // 0x91 PacketIdentifierInUse
  PUBREL | PUBCOMP, // 0x92 PacketIdentifierNotFound
  DISCONNECT, // 0x93 ReceiveMaximumExceeded
  DISCONNECT, // 0x94 TopicAliasInvalid
  CONNACK | DISCONNECT, // 0x95 PacketTooLarge
  DISCONNECT, // 0x96 MessageRateTooHigh
  CONNACK | PUBACK | PUBREC | SUBACK | DISCONNECT, // 0x97 QuotaExceeded
  DISCONNECT, // 0x98 AdministrativeAction
  CONNACK | PUBACK | PUBREC | DISCONNECT, // 0x99 PayloadFormatInvalid
  CONNACK | DISCONNECT, // 0x9a RetainNotSupported
  CONNACK | DISCONNECT, // 0x9b QosNotSupported
  CONNACK | DISCONNECT, // 0x9c UseAnotherServer
  CONNACK | DISCONNECT, // 0x9d ServerMoved
  SUBACK | DISCONNECT, // 0x9e SharedSubscriptionsNotSupported
  CONNACK | DISCONNECT, // 0x9f ConnectionRateExceeded
  DISCONNECT, // 0xa0 MaximumConnectTime
  SUBACK | DISCONNECT, // 0xa1 SubscriptionIdentifiersNotSupported
  SUBACK | DISCONNECT, // 0xa2 WildcardSubscriptionsNotSupported
];

/** Whether MQTT 5.0 allows the code in this packet. */
export function isReasonCodeOf(packet: PacketType, value: number): value is ReasonCode {
  return (((value < 0x80 ? SUCCESSES[value] : FAILURES[value - 0x80]) ?? 0) & setOf(packet)) !== 0;
}
