/**
 * The properties of MQTT 5.0 (section 2.2.2.2) as one table: the decoder, the encoder, their tests and the
 * documentation read it. `name` is the field of the packet's properties object.
 */
import type { PacketType } from './packet-type.ts';
import { ReasonCode } from './reason-code.ts';

/** Where properties stand: in a packet, or in the will that CONNECT carries. */
export type PropertyContext = Exclude<PacketType, 'pingreq' | 'pingresp'> | 'will';

/** How the value is written. A Boolean is a byte 0 or 1 that is `true` or `false` here; a Bit is one that stays a number. */
export type PropertyType =
  | 'Boolean'
  | 'Bit'
  | 'Two Byte Integer'
  | 'Four Byte Integer'
  | 'Variable Byte Integer'
  | 'Binary Data'
  | 'UTF-8 Encoded String'
  | 'UTF-8 String Pair';

/** One row of {@link PROPERTIES}. */
export interface PropertyRow {
  readonly id: number;
  readonly name: string;
  readonly type: PropertyType;
  /** The specification's name. */
  readonly text: string;
  readonly contexts: readonly PropertyContext[];
  /** May stand more than once; the field is then an array. */
  readonly repeats: boolean;
  /** The reason code that refuses the value 0; `undefined` where 0 is allowed. */
  readonly zeroRefusal: ReasonCode | undefined;
}

interface RowOptions {
  readonly repeats?: boolean;
  readonly zeroRefusal?: ReasonCode;
}

function row(
  id: number,
  name: string,
  type: PropertyType,
  text: string,
  contexts: readonly PropertyContext[],
  options: RowOptions = {},
): PropertyRow {
  return {
    id,
    name,
    type,
    text,
    contexts,
    repeats: options.repeats ?? false,
    zeroRefusal: options.zeroRefusal,
  };
}

const MESSAGE: readonly PropertyContext[] = ['publish', 'will'];
const ACKNOWLEDGEMENTS: readonly PropertyContext[] = [
  'puback',
  'pubrec',
  'pubrel',
  'pubcomp',
  'suback',
  'unsuback',
];
const ANSWERS: readonly PropertyContext[] = ['connack', ...ACKNOWLEDGEMENTS, 'disconnect', 'auth'];
const EVERYWHERE: readonly PropertyContext[] = [
  'connect',
  ...ANSWERS,
  ...MESSAGE,
  'subscribe',
  'unsubscribe',
];

/** Every property, in the order of their identifiers; 0x0B has two rows, because only PUBLISH may repeat it. */
export const PROPERTIES: readonly PropertyRow[] = [
  row(0x01, 'payloadFormatIndicator', 'Bit', 'Payload Format Indicator', MESSAGE),
  row(0x02, 'messageExpiryInterval', 'Four Byte Integer', 'Message Expiry Interval', MESSAGE),
  row(0x03, 'contentType', 'UTF-8 Encoded String', 'Content Type', MESSAGE),
  row(0x08, 'responseTopic', 'UTF-8 Encoded String', 'Response Topic', MESSAGE),
  row(0x09, 'correlationData', 'Binary Data', 'Correlation Data', MESSAGE),
  row(0x0b, 'subscriptionIdentifiers', 'Variable Byte Integer', 'Subscription Identifier', ['publish'], {
    repeats: true,
    zeroRefusal: ReasonCode.ProtocolError,
  }),
  row(0x0b, 'subscriptionIdentifier', 'Variable Byte Integer', 'Subscription Identifier', ['subscribe'], {
    zeroRefusal: ReasonCode.ProtocolError,
  }),
  row(0x11, 'sessionExpiryInterval', 'Four Byte Integer', 'Session Expiry Interval', [
    'connect',
    'connack',
    'disconnect',
  ]),
  row(0x12, 'assignedClientIdentifier', 'UTF-8 Encoded String', 'Assigned Client Identifier', ['connack']),
  row(0x13, 'serverKeepAlive', 'Two Byte Integer', 'Server Keep Alive', ['connack']),
  row(0x15, 'authenticationMethod', 'UTF-8 Encoded String', 'Authentication Method', [
    'connect',
    'connack',
    'auth',
  ]),
  row(0x16, 'authenticationData', 'Binary Data', 'Authentication Data', ['connect', 'connack', 'auth']),
  row(0x17, 'requestProblemInformation', 'Boolean', 'Request Problem Information', ['connect']),
  row(0x18, 'willDelayInterval', 'Four Byte Integer', 'Will Delay Interval', ['will']),
  row(0x19, 'requestResponseInformation', 'Boolean', 'Request Response Information', ['connect']),
  row(0x1a, 'responseInformation', 'UTF-8 Encoded String', 'Response Information', ['connack']),
  row(0x1c, 'serverReference', 'UTF-8 Encoded String', 'Server Reference', ['connack', 'disconnect']),
  row(0x1f, 'reasonString', 'UTF-8 Encoded String', 'Reason String', ANSWERS),
  row(0x21, 'receiveMaximum', 'Two Byte Integer', 'Receive Maximum', ['connect', 'connack'], {
    zeroRefusal: ReasonCode.ProtocolError,
  }),
  row(0x22, 'topicAliasMaximum', 'Two Byte Integer', 'Topic Alias Maximum', ['connect', 'connack']),
  row(0x23, 'topicAlias', 'Two Byte Integer', 'Topic Alias', ['publish'], {
    zeroRefusal: ReasonCode.TopicAliasInvalid, // [MQTT-3.3.2-8]
  }),
  row(0x24, 'maximumQos', 'Bit', 'Maximum QoS', ['connack']),
  row(0x25, 'retainAvailable', 'Boolean', 'Retain Available', ['connack']),
  row(0x26, 'userProperties', 'UTF-8 String Pair', 'User Property', EVERYWHERE, { repeats: true }),
  row(0x27, 'maximumPacketSize', 'Four Byte Integer', 'Maximum Packet Size', ['connect', 'connack'], {
    zeroRefusal: ReasonCode.ProtocolError,
  }),
  row(0x28, 'wildcardSubscriptionAvailable', 'Boolean', 'Wildcard Subscription Available', ['connack']),
  row(0x29, 'subscriptionIdentifiersAvailable', 'Boolean', 'Subscription Identifier Available', ['connack']),
  row(0x2a, 'sharedSubscriptionAvailable', 'Boolean', 'Shared Subscription Available', ['connack']),
];

const BY_ID: ReadonlyMap<PropertyContext, ReadonlyMap<number, PropertyRow>> = new Map(
  EVERYWHERE.map((context) => [context, new Map(rowsOf(context).map((each) => [each.id, each]))]),
);

const BY_NAME: ReadonlyMap<PropertyContext, ReadonlyMap<string, PropertyRow>> = new Map(
  EVERYWHERE.map((context) => [context, new Map(rowsOf(context).map((each) => [each.name, each]))]),
);

function rowsOf(context: PropertyContext): readonly PropertyRow[] {
  return PROPERTIES.filter((each) => each.contexts.includes(context));
}

/** The property with this identifier, if it may stand there. */
export function propertyById(context: PropertyContext, id: number): PropertyRow | undefined {
  return BY_ID.get(context)?.get(id);
}

/** The property of this field, if it may stand there. */
export function propertyByName(context: PropertyContext, name: string): PropertyRow | undefined {
  return BY_NAME.get(context)?.get(name);
}
