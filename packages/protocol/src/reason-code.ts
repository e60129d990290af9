import type { PacketType } from './packet-type.ts';

/** The reason codes of MQTT 5.0 (section 2.4). Codes from 0x80 on are failures. 0x00 has three names, by packet. */
export const ReasonCode = {
  Success: 0x00,
  NormalDisconnection: 0x00,
  GrantedQos0: 0x00,
  GrantedQos1: 0x01,
  GrantedQos2: 0x02,
  DisconnectWithWillMessage: 0x04,
  NoMatchingSubscribers: 0x10,
  NoSubscriptionExisted: 0x11,
  ContinueAuthentication: 0x18,
  ReAuthenticate: 0x19,
  UnspecifiedError: 0x80,
  MalformedPacket: 0x81,
  ProtocolError: 0x82,
  ImplementationSpecificError: 0x83,
  UnsupportedProtocolVersion: 0x84,
  ClientIdentifierNotValid: 0x85,
  BadUserNameOrPassword: 0x86,
  NotAuthorized: 0x87,
  ServerUnavailable: 0x88,
  ServerBusy: 0x89,
  Banned: 0x8a,
  ServerShuttingDown: 0x8b,
  BadAuthenticationMethod: 0x8c,
  KeepAliveTimeout: 0x8d,
  SessionTakenOver: 0x8e,
  TopicFilterInvalid: 0x8f,
  TopicNameInvalid: 0x90,
  PacketIdentifierInUse: 0x91,
  PacketIdentifierNotFound: 0x92,
  ReceiveMaximumExceeded: 0x93,
  TopicAliasInvalid: 0x94,
  PacketTooLarge: 0x95,
  MessageRateTooHigh: 0x96,
  QuotaExceeded: 0x97,
  AdministrativeAction: 0x98,
  PayloadFormatInvalid: 0x99,
  RetainNotSupported: 0x9a,
  QosNotSupported: 0x9b,
  UseAnotherServer: 0x9c,
  ServerMoved: 0x9d,
  SharedSubscriptionsNotSupported: 0x9e,
  ConnectionRateExceeded: 0x9f,
  MaximumConnectTime: 0xa0,
  SubscriptionIdentifiersNotSupported: 0xa1,
  WildcardSubscriptionsNotSupported: 0xa2,
} as const;

export type ReasonCode = (typeof ReasonCode)[keyof typeof ReasonCode];
export type ReasonCodeName = keyof typeof ReasonCode;

/** The name of a reason code in {@link ReasonCode}, such as `NotAuthorized`; 0x00 is `Success`. `undefined` for no such code. */
export function reasonCodeName(value: number): ReasonCodeName | undefined {
  for (const name in ReasonCode) {
    if (ReasonCode[name as ReasonCodeName] === value) return name as ReasonCodeName;
  }
  return undefined;
}

/** The return codes of CONNACK in MQTT 3.1 and 3.1.1. */
export const ConnectReturnCode = {
  Accepted: 0,
  UnacceptableProtocolVersion: 1,
  IdentifierRejected: 2,
  ServerUnavailable: 3,
  BadUserNameOrPassword: 4,
  NotAuthorized: 5,
} as const;

export type ConnectReturnCode = (typeof ConnectReturnCode)[keyof typeof ConnectReturnCode];

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

function row(
  name: ReasonCodeName,
  text: string,
  packets: readonly PacketType[],
  returnCode?: ConnectReturnCode,
): ReasonCodeRow {
  return { value: ReasonCode[name], name, text, packets, returnCode };
}

/** Every reason code, in the order of their values; 0x00 has one row per name. */
export const REASON_CODES: readonly ReasonCodeRow[] = [
  row('Success', 'Success', ['connack', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'unsuback', 'auth'], 0),
  row('NormalDisconnection', 'Normal disconnection', ['disconnect']),
  row('GrantedQos0', 'Granted QoS 0', ['suback']),
  row('GrantedQos1', 'Granted QoS 1', ['suback']),
  row('GrantedQos2', 'Granted QoS 2', ['suback']),
  row('DisconnectWithWillMessage', 'Disconnect with Will Message', ['disconnect']),
  row('NoMatchingSubscribers', 'No matching subscribers', ['puback', 'pubrec']),
  row('NoSubscriptionExisted', 'No subscription existed', ['unsuback']),
  row('ContinueAuthentication', 'Continue authentication', ['auth']),
  row('ReAuthenticate', 'Re-authenticate', ['auth']),
  row('UnspecifiedError', 'Unspecified error', [
    'connack',
    'puback',
    'pubrec',
    'suback',
    'unsuback',
    'disconnect',
  ]),
  row('MalformedPacket', 'Malformed Packet', ['connack', 'disconnect']),
  row('ProtocolError', 'Protocol Error', ['connack', 'disconnect']),
  row('ImplementationSpecificError', 'Implementation specific error', [
    'connack',
    'puback',
    'pubrec',
    'suback',
    'unsuback',
    'disconnect',
  ]),
  row('UnsupportedProtocolVersion', 'Unsupported Protocol Version', ['connack'], 1),
  row('ClientIdentifierNotValid', 'Client Identifier not valid', ['connack'], 2),
  row('BadUserNameOrPassword', 'Bad User Name or Password', ['connack'], 4),
  row(
    'NotAuthorized',
    'Not authorized',
    ['connack', 'puback', 'pubrec', 'suback', 'unsuback', 'disconnect'],
    5,
  ),
  row('ServerUnavailable', 'Server unavailable', ['connack'], 3),
  row('ServerBusy', 'Server busy', ['connack', 'disconnect'], 3),
  row('Banned', 'Banned', ['connack'], 5),
  row('ServerShuttingDown', 'Server shutting down', ['disconnect']),
  // Section 2.4 lists it for DISCONNECT, the table of section 3.14.2.1 does not; re-authentication needs it.
  row('BadAuthenticationMethod', 'Bad authentication method', ['connack', 'disconnect'], 5),
  row('KeepAliveTimeout', 'Keep Alive timeout', ['disconnect']),
  row('SessionTakenOver', 'Session taken over', ['disconnect']),
  row('TopicFilterInvalid', 'Topic Filter invalid', ['suback', 'unsuback', 'disconnect']),
  row('TopicNameInvalid', 'Topic Name invalid', ['connack', 'puback', 'pubrec', 'disconnect']),
  row('PacketIdentifierInUse', 'Packet Identifier in use', ['puback', 'pubrec', 'suback', 'unsuback']),
  row('PacketIdentifierNotFound', 'Packet Identifier not found', ['pubrel', 'pubcomp']),
  row('ReceiveMaximumExceeded', 'Receive Maximum exceeded', ['disconnect']),
  row('TopicAliasInvalid', 'Topic Alias invalid', ['disconnect']),
  row('PacketTooLarge', 'Packet too large', ['connack', 'disconnect']),
  row('MessageRateTooHigh', 'Message rate too high', ['disconnect']),
  row('QuotaExceeded', 'Quota exceeded', ['connack', 'puback', 'pubrec', 'suback', 'disconnect'], 3),
  row('AdministrativeAction', 'Administrative action', ['disconnect']),
  row('PayloadFormatInvalid', 'Payload format invalid', ['connack', 'puback', 'pubrec', 'disconnect']),
  row('RetainNotSupported', 'Retain not supported', ['connack', 'disconnect']),
  row('QosNotSupported', 'QoS not supported', ['connack', 'disconnect']),
  row('UseAnotherServer', 'Use another server', ['connack', 'disconnect'], 3),
  row('ServerMoved', 'Server moved', ['connack', 'disconnect'], 3),
  row('SharedSubscriptionsNotSupported', 'Shared Subscriptions not supported', ['suback', 'disconnect']),
  row('ConnectionRateExceeded', 'Connection rate exceeded', ['connack', 'disconnect'], 3),
  row('MaximumConnectTime', 'Maximum connect time', ['disconnect']),
  row('SubscriptionIdentifiersNotSupported', 'Subscription Identifiers not supported', [
    'suback',
    'disconnect',
  ]),
  row('WildcardSubscriptionsNotSupported', 'Wildcard Subscriptions not supported', ['suback', 'disconnect']),
];

const VALUES_OF: ReadonlyMap<PacketType, ReadonlySet<number>> = new Map(
  [...new Set(REASON_CODES.flatMap((each) => each.packets))].map((packet) => [
    packet,
    new Set(REASON_CODES.filter((each) => each.packets.includes(packet)).map((each) => each.value)),
  ]),
);

/** Whether MQTT 5.0 allows the code in this packet. */
export function isReasonCodeOf(packet: PacketType, value: number): value is ReasonCode {
  return VALUES_OF.get(packet)?.has(value) ?? false;
}

/** The specification's name of a reason code for people; 0x00 reads differently by packet. */
export function reasonCodeText(value: number, packet?: PacketType): string {
  const rows = REASON_CODES.filter((each) => each.value === value);
  const named = rows.find((each) => packet !== undefined && each.packets.includes(packet)) ?? rows[0];
  return named?.text ?? `unknown reason code 0x${value.toString(16).padStart(2, '0')}`;
}

/**
 * What a 3.1 or 3.1.1 client is told instead of this CONNACK reason code. `undefined` when none of its return codes
 * fits: then the connection is closed without a CONNACK.
 */
export function connectReturnCodeFor(reasonCode: ReasonCode): ConnectReturnCode | undefined {
  return REASON_CODES.find((each) => each.value === reasonCode)?.returnCode;
}

/** What a CONNACK return code of 3.1 or 3.1.1 means in MQTT 5.0 terms; `undefined` for a reserved value. */
export function reasonCodeForConnectReturnCode(returnCode: number): ReasonCode | undefined {
  return REASON_CODES.find((each) => each.returnCode === returnCode)?.value;
}
