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
  UserProperty,
  WillProperties,
} from '../packet.ts';
import { NO_PROPERTIES } from '../packet.ts';
import type { PropertyContext, PropertyRow } from '../property.ts';
import { propertyById, propertyByName } from '../property.ts';
import { MalformedPacketError, ProtocolError } from '../protocol-error.ts';
import { ReasonCode } from '../reason-code.ts';
import { MAXIMUM_VARIABLE_BYTE_INTEGER, variableByteIntegerLength } from '../variable-byte-integer.ts';
import { binaryLength, checkInteger, stringLength, topicNameLength } from './field-length.ts';
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

/** Reads properties up to the reader's end. */
export function readPropertyList<Context extends PropertyContext>(
  reader: PacketReader,
  context: Context,
): PropertiesOf[Context] {
  const properties: Record<string, unknown> = {};
  while (reader.remaining > 0) {
    const id = reader.variableByteInteger('property identifier');
    const row = propertyById(context, id);
    if (row === undefined) {
      // Section 2.2.2.2 makes this a Malformed Packet, whether the property is unknown or only misplaced.
      throw new MalformedPacketError(
        `expected a property of ${context}, got identifier 0x${id.toString(16)}`,
      );
    }
    const value = readValue(reader, row);
    if (row.repeats) {
      const values = properties[row.name] as unknown[] | undefined;
      if (values === undefined) properties[row.name] = [value];
      else values.push(value);
    } else {
      if (row.name in properties) throw new ProtocolError(`expected the ${row.text} once, got it again`);
      properties[row.name] = value;
    }
  }
  if ('authenticationData' in properties && !('authenticationMethod' in properties)) {
    throw new ProtocolError('expected Authentication Data only with an Authentication Method');
  }
  return properties as unknown as PropertiesOf[Context];
}

function readValue(reader: PacketReader, row: PropertyRow): unknown {
  switch (row.type) {
    case 'Boolean':
      return readBit(reader, row) === 1;
    case 'Bit':
      return readBit(reader, row);
    case 'Two Byte Integer':
      return nonZeroWhereDemanded(reader.twoByteInteger(row.text), row);
    case 'Four Byte Integer':
      return nonZeroWhereDemanded(reader.fourByteInteger(row.text), row);
    case 'Variable Byte Integer':
      return nonZeroWhereDemanded(reader.variableByteInteger(row.text), row);
    case 'Binary Data':
      return reader.binary(row.text);
    case 'UTF-8 Encoded String': {
      const text = reader.string(row.text);
      // [MQTT-3.3.2-14]
      if (row.name === 'responseTopic') refuseInvalidTopicName(text, row.text, ReasonCode.ProtocolError);
      return text;
    }
    case 'UTF-8 String Pair':
      return [reader.string(row.text), reader.string(row.text)];
  }
}

function readBit(reader: PacketReader, row: PropertyRow): number {
  const value = reader.byte(row.text);
  if (value > 1) throw new ProtocolError(`expected 0 or 1 as ${row.text}, got ${value}`);
  return value;
}

function nonZeroWhereDemanded(value: number, row: PropertyRow): number {
  if (value === 0 && row.zeroRefusal !== undefined) {
    throw new ProtocolError(`expected a ${row.text} from 1 on, got 0`, row.zeroRefusal);
  }
  return value;
}

/**
 * The bytes of the properties without the section's length; every value is checked.
 *
 * @throws {TypeError | RangeError} for a field that cannot stand there or a value that it cannot have.
 */
export function propertyListLength<Context extends PropertyContext>(
  context: Context,
  properties: PropertiesOf[Context],
): number {
  let length = 0;
  let hasMethod = false;
  let hasData = false;
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    const row = propertyByName(context, name);
    if (row === undefined) throw new TypeError(`expected a property of ${context}, got ${name}`);
    if (row.repeats) {
      if (!Array.isArray(value)) throw new TypeError(`expected an array as ${name}, got ${typeof value}`);
      for (const each of value) length += 1 + valueLength(each, row);
    } else {
      length += 1 + valueLength(value, row);
    }
    if (name === 'authenticationMethod') hasMethod = true;
    if (name === 'authenticationData') hasData = true;
  }
  if (hasData && !hasMethod)
    throw new TypeError('expected authenticationData only with an authenticationMethod');
  return length;
}

function valueLength(value: unknown, row: PropertyRow): number {
  const minimum = row.zeroRefusal === undefined ? 0 : 1;
  switch (row.type) {
    case 'Boolean':
      if (typeof value !== 'boolean')
        throw new TypeError(`expected a boolean as ${row.name}, got ${typeof value}`);
      return 1;
    case 'Bit':
      checkInteger(value, 0, 1, row.name);
      return 1;
    case 'Two Byte Integer':
      checkInteger(value, minimum, 0xffff, row.name);
      return 2;
    case 'Four Byte Integer':
      checkInteger(value, minimum, 0xffff_ffff, row.name);
      return 4;
    case 'Variable Byte Integer':
      checkInteger(value, minimum, MAXIMUM_VARIABLE_BYTE_INTEGER, row.name);
      return variableByteIntegerLength(value as number);
    case 'Binary Data':
      return binaryLength(value, row.name);
    case 'UTF-8 Encoded String':
      return row.name === 'responseTopic' ? topicNameLength(value, row.name) : stringLength(value, row.name);
    case 'UTF-8 String Pair': {
      if (!Array.isArray(value) || value.length !== 2) {
        throw new TypeError(
          `expected a name and a value in each of ${row.name}, got ${JSON.stringify(value)}`,
        );
      }
      const [name, text] = value as unknown as UserProperty;
      return stringLength(name, row.name) + stringLength(text, row.name);
    }
  }
}

/** The bytes of a section with its length. */
export function propertiesLength<Context extends PropertyContext>(
  context: Context,
  properties: PropertiesOf[Context],
): number {
  const length = propertyListLength(context, properties);
  return variableByteIntegerLength(length) + length;
}

/** Writes a section with its length, which is 0 when there are no properties. */
export function writeProperties<Context extends PropertyContext>(
  writer: PacketWriter,
  context: Context,
  properties: PropertiesOf[Context],
): void {
  writer.variableByteInteger(propertyListLength(context, properties)); // [MQTT-2.2.2-1]
  writePropertyList(writer, context, properties);
}

/** Writes properties without the section's length. */
export function writePropertyList<Context extends PropertyContext>(
  writer: PacketWriter,
  context: Context,
  properties: PropertiesOf[Context],
): void {
  for (const [name, value] of Object.entries(properties)) {
    const row = propertyByName(context, name);
    if (row === undefined || value === undefined) continue;
    for (const each of row.repeats ? (value as readonly unknown[]) : [value]) {
      writer.variableByteInteger(row.id);
      writeValue(writer, row, each);
    }
  }
}

function writeValue(writer: PacketWriter, row: PropertyRow, value: unknown): void {
  switch (row.type) {
    case 'Boolean':
      writer.byte(value === true ? 1 : 0);
      return;
    case 'Bit':
      writer.byte(value as number);
      return;
    case 'Two Byte Integer':
      writer.twoByteInteger(value as number);
      return;
    case 'Four Byte Integer':
      writer.fourByteInteger(value as number);
      return;
    case 'Variable Byte Integer':
      writer.variableByteInteger(value as number);
      return;
    case 'Binary Data':
      writer.binary(value as Uint8Array);
      return;
    case 'UTF-8 Encoded String':
      writer.string(value as string);
      return;
    case 'UTF-8 String Pair':
      for (const text of value as UserProperty) writer.string(text);
  }
}
