/**
 * The properties of MQTT 5.0 (section 2.2.2.2) as one table: the decoder, the encoder and their tests read it. `name` is
 * the specification's name as it is spelt in a packet's properties object.
 */
import type { PacketSet } from './packet-set.ts';
import {
  AUTH,
  CONNACK,
  CONNECT,
  DISCONNECT,
  PUBACK,
  PUBCOMP,
  PUBLISH,
  PUBREC,
  PUBREL,
  SUBACK,
  SUBSCRIBE,
  setOf,
  UNSUBACK,
  UNSUBSCRIBE,
  WILL,
} from './packet-set.ts';
import type { PacketType } from './packet-type.ts';
import { ReasonCode } from './reason-code.ts';

/** Where properties stand: in a packet, or in the will that CONNECT carries. */
export type PropertyContext = Exclude<PacketType, 'pingreq' | 'pingresp'> | 'will';

/**
 * How the value is written; each is a method of `PacketReader` and `PacketWriter`. A boolean is a byte 0 or 1 that is
 * `true` or `false` here; a bit is one that stays a number.
 */
export type PropertyType =
  | 'boolean'
  | 'bit'
  | 'twoByteInteger'
  | 'fourByteInteger'
  | 'variableByteInteger'
  | 'binary'
  | 'string'
  | 'stringPair';

/** One row of {@link PROPERTIES}. */
export interface PropertyRow {
  readonly id: number;
  readonly name: string;
  readonly type: PropertyType;
  /** Where it may stand; {@link propertyById} and {@link propertyByName} ask it. */
  readonly contexts: PacketSet;
  /** The reason code that refuses the value 0; `undefined` where 0 is allowed. */
  readonly zeroRefusal: ReasonCode | undefined;
  /** May stand more than once; the field is then an array. */
  readonly repeats: boolean;
}

function row(
  id: number,
  name: string,
  type: PropertyType,
  contexts: PacketSet,
  zeroRefusal?: ReasonCode,
  repeats: boolean = false,
): PropertyRow {
  return { id, name, type, contexts, zeroRefusal, repeats };
}

const MESSAGE = PUBLISH | WILL;
const ANSWERS = CONNACK | PUBACK | PUBREC | PUBREL | PUBCOMP | SUBACK | UNSUBACK | DISCONNECT | AUTH;
const EVERYWHERE = CONNECT | ANSWERS | MESSAGE | SUBSCRIBE | UNSUBSCRIBE;
const { ProtocolError, TopicAliasInvalid } = ReasonCode;

/** Every property, in the order of their identifiers; 0x0B has two rows, because only PUBLISH may repeat it. */
export const PROPERTIES: readonly PropertyRow[] = [
  row(0x01, 'payloadFormatIndicator', 'bit', MESSAGE),
  row(0x02, 'messageExpiryInterval', 'fourByteInteger', MESSAGE),
  row(0x03, 'contentType', 'string', MESSAGE),
  row(0x08, 'responseTopic', 'string', MESSAGE),
  row(0x09, 'correlationData', 'binary', MESSAGE),
  row(0x0b, 'subscriptionIdentifiers', 'variableByteInteger', PUBLISH, ProtocolError, true),
  row(0x0b, 'subscriptionIdentifier', 'variableByteInteger', SUBSCRIBE, ProtocolError),
  row(0x11, 'sessionExpiryInterval', 'fourByteInteger', CONNECT | CONNACK | DISCONNECT),
  row(0x12, 'assignedClientIdentifier', 'string', CONNACK),
  row(0x13, 'serverKeepAlive', 'twoByteInteger', CONNACK),
  row(0x15, 'authenticationMethod', 'string', CONNECT | CONNACK | AUTH),
  row(0x16, 'authenticationData', 'binary', CONNECT | CONNACK | AUTH),
  row(0x17, 'requestProblemInformation', 'boolean', CONNECT),
  row(0x18, 'willDelayInterval', 'fourByteInteger', WILL),
  row(0x19, 'requestResponseInformation', 'boolean', CONNECT),
  row(0x1a, 'responseInformation', 'string', CONNACK),
  row(0x1c, 'serverReference', 'string', CONNACK | DISCONNECT),
  row(0x1f, 'reasonString', 'string', ANSWERS),
  row(0x21, 'receiveMaximum', 'twoByteInteger', CONNECT | CONNACK, ProtocolError),
  row(0x22, 'topicAliasMaximum', 'twoByteInteger', CONNECT | CONNACK),
  row(0x23, 'topicAlias', 'twoByteInteger', PUBLISH, TopicAliasInvalid), // [MQTT-3.3.2-8]
  row(0x24, 'maximumQos', 'bit', CONNACK),
  row(0x25, 'retainAvailable', 'boolean', CONNACK),
  row(0x26, 'userProperties', 'stringPair', EVERYWHERE, undefined, true),
  row(0x27, 'maximumPacketSize', 'fourByteInteger', CONNECT | CONNACK, ProtocolError),
  row(0x28, 'wildcardSubscriptionAvailable', 'boolean', CONNACK),
  row(0x29, 'subscriptionIdentifiersAvailable', 'boolean', CONNACK),
  row(0x2a, 'sharedSubscriptionAvailable', 'boolean', CONNACK),
];

/** The property with this identifier, if it may stand there. */
export function propertyById(context: PropertyContext, id: number): PropertyRow | undefined {
  const set = setOf(context);
  for (const each of PROPERTIES) if (each.id === id && (each.contexts & set) !== 0) return each;
  return undefined;
}

/** The property of this field, if it may stand there. */
export function propertyByName(context: PropertyContext, name: string): PropertyRow | undefined {
  const set = setOf(context);
  for (const each of PROPERTIES) if (each.name === name && (each.contexts & set) !== 0) return each;
  return undefined;
}
