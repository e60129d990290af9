/**
 * The Properties section of a packet (section 2.2.2) to and from an object, driven by the property table. It begins
 * with its length in bytes, then come identifier and value of each property.
 *
 * The fields of the object are in the order of the wire when decoded, and are written in their order when encoded.
 */
import type {
  AcknowledgementProperties,
  AuthProperties,
  ConnackProperties,
  ConnectProperties,
  DisconnectProperties,
  PublishProperties,
  SubscribeProperties,
  UnsubscribeProperties,
  WillProperties,
} from '../packet.ts';
import { NO_PROPERTIES } from '../packet.ts';
import type { PropertyContext, PropertyRow } from '../property.ts';
import { propertyById, propertyByName } from '../property.ts';
import { MalformedPacketError, ProtocolError } from '../protocol-error.ts';
import { ReasonCode } from '../reason-code.ts';
import { checkTopicNameField } from './check-field.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';
import { refuseInvalidTopicName } from './received-topic-name.ts';

/** The type of the properties object by where it stands. */
export interface PropertiesOf {
  readonly connect: ConnectProperties;
  readonly will: WillProperties;
  readonly connack: ConnackProperties;
  readonly publish: PublishProperties;
  readonly puback: AcknowledgementProperties;
  readonly pubrec: AcknowledgementProperties;
  readonly pubrel: AcknowledgementProperties;
  readonly pubcomp: AcknowledgementProperties;
  readonly subscribe: SubscribeProperties;
  readonly suback: AcknowledgementProperties;
  readonly unsubscribe: UnsubscribeProperties;
  readonly unsuback: AcknowledgementProperties;
  readonly disconnect: DisconnectProperties;
  readonly auth: AuthProperties;
}

/** Reads a section with its length. */
export function readProperties<Context extends PropertyContext>(
  reader: PacketReader,
  context: Context,
): PropertiesOf[Context] {
  const length = reader.variableByteInteger('Property Length');
  return length === 0 ? NO_PROPERTIES : readPropertyList(reader.section(length, 'Properties'), context);
}

/** User Properties in sections up to this length are decoded with all others: that costs less than to wait. */
export const EAGER_PROPERTY_BYTES = 256;

/**
 * Reads properties up to the reader's end.
 *
 * User Properties may be very many, of five bytes each, and few ask for them. In a section longer than
 * {@link EAGER_PROPERTY_BYTES} they are checked, and kept as a copy of their bytes: the field is there, and is decoded
 * when it is asked for first.
 *
 * @param isLong whether to wait with them
 */
export function readPropertyList<Context extends PropertyContext>(
  reader: PacketReader,
  context: Context,
  isLong: boolean = reader.remaining > EAGER_PROPERTY_BYTES,
): PropertiesOf[Context] {
  const properties: Record<string, unknown> = {};
  const start = reader.position;
  let row: PropertyRow | undefined;
  while (reader.remaining > 0) {
    const id = reader.variableByteInteger('property identifier');
    if (id !== row?.id) row = propertyById(context, id);
    if (row === undefined) {
      // Section 2.2.2.2 makes this a Malformed Packet, whether the property is unknown or only misplaced.
      throw new MalformedPacketError(
        `expected a property of ${context}, got identifier 0x${id.toString(16)}`,
      );
    }
    const { name } = row;
    if (isLong && row.type === 'stringPair') {
      if (!(name in properties)) {
        const section = reader.copyFrom(start);
        let decoded: unknown;
        const get = (): unknown => {
          decoded ??= (readPropertyList(section, context, false) as Record<string, unknown>)[name];
          return decoded;
        };
        Object.defineProperty(properties, name, { get, enumerable: true });
      }
      reader.skipStringPair(name);
      continue;
    }
    const value = reader[row.type](name);
    if (value === 0 && row.zeroRefusal !== undefined) {
      throw new ProtocolError(`expected ${name} from 1 on, got 0`, row.zeroRefusal);
    }
    // [MQTT-3.3.2-14]
    if (name === 'responseTopic') refuseInvalidTopicName(value as string, name, ReasonCode.ProtocolError);
    if (row.repeats) {
      const values = properties[name] as unknown[] | undefined;
      if (values === undefined) properties[name] = [value];
      else values.push(value);
    } else {
      if (name in properties) throw new ProtocolError(`expected ${name} once, got it again`);
      properties[name] = value;
    }
  }
  if ('authenticationData' in properties && !('authenticationMethod' in properties)) {
    throw new ProtocolError('expected authenticationData only with an authenticationMethod');
  }
  return properties as unknown as PropertiesOf[Context];
}

/** Writes a section with its length, which is 0 when there are no properties. */
export function writeProperties<Context extends PropertyContext>(
  writer: PacketWriter,
  context: Context,
  properties: PropertiesOf[Context],
): void {
  const at = writer.beginLength();
  writePropertyList(writer, context, properties);
  writer.endLength(at, 'Property Length'); // [MQTT-2.2.2-1]
}

/**
 * Writes properties without the section's length.
 *
 * @throws {TypeError | RangeError} for a field that cannot stand there or a value that it cannot have.
 */
export function writePropertyList<Context extends PropertyContext>(
  writer: PacketWriter,
  context: Context,
  properties: PropertiesOf[Context],
): void {
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    const row = propertyByName(context, name);
    if (row === undefined) throw new TypeError(`expected a property of ${context}, got ${name}`);
    const { type } = row;
    if (row.repeats && !Array.isArray(value)) {
      throw new TypeError(`expected an array as ${name}, got ${typeof value}`);
    }
    for (const each of row.repeats ? (value as readonly unknown[]) : [value]) {
      writer.byte(row.id);
      writer[type](each, name, row.zeroRefusal === undefined ? 0 : 1);
      if (name === 'responseTopic') checkTopicNameField(each as string, name);
    }
  }
  const { authenticationData, authenticationMethod } = properties as AuthProperties;
  if (authenticationData !== undefined && authenticationMethod === undefined) {
    throw new TypeError('expected authenticationData only with an authenticationMethod');
  }
}
