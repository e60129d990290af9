/**
 * The records of a session in its store, by key:
 *
 *     0         the session: version of this format (1 byte), then the client identifier (UTF-8)
 *     n > 0     a message to the server, in the order of n: packet identifier (2 bytes, 0: queued), expiry (8 bytes, wall
 *               clock in ms as a float, Infinity: never), transmitted (1 byte), then flags (1 byte: QoS, RETAIN), topic name
 *               (2 bytes of length, UTF-8), properties as in PUBLISH of MQTT 5.0, payload to the end;
 *               or, when PUBREC has come, packet identifier only: its PUBREL is to be sent
 *     -n        a message of QoS 2 from the server with packet identifier n that was received: empty
 *
 * Integers are big-endian. A record that cannot be read is damage and is refused; nothing is guessed.
 */
import type { Qos } from '@martlet/protocol';
import {
  decodeUtf8,
  publishPropertiesLength,
  readPublishProperties,
  readVariableByteInteger,
  utf8ByteLength,
  variableByteIntegerLength,
  writePublishProperties,
  writeUtf8,
} from '@martlet/protocol';
import type { OutgoingMessage } from './outgoing/outgoing-message.ts';

const FORMAT_VERSION = 1;
const HEAD_BYTES = 14;
/** The length of a record whose PUBREL is to be sent. */
export const RELEASED_BYTES = 2;

export function messageRecord(message: OutgoingMessage): Uint8Array {
  const topicBytes = utf8ByteLength(message.topicName);
  const propertiesBytes = publishPropertiesLength(message.properties);
  const record = new Uint8Array(HEAD_BYTES + topicBytes + propertiesBytes + message.payload.length);
  const view = new DataView(record.buffer);
  view.setUint16(0, message.packetId);
  view.setFloat64(2, message.expiresMs);
  record[10] = message.transmissions > 0 ? 1 : 0;
  record[11] = (message.qos << 1) | (message.retain ? 1 : 0);
  view.setUint16(12, topicBytes);
  let at = writeUtf8(message.topicName, record, HEAD_BYTES);
  at = writePublishProperties(message.properties, record, at);
  record.set(message.payload, at);
  return record;
}

export function releasedRecord(packetId: number): Uint8Array {
  return new Uint8Array([packetId >> 8, packetId & 0xff]);
}

export function recordPacketId(record: Uint8Array): number {
  return (record[0]! << 8) | record[1]!;
}

/** Makes a message of the host's kind, with the arguments of {@link OutgoingMessage}. */
export type MakeMessage = (...of: ConstructorParameters<typeof OutgoingMessage>) => OutgoingMessage;

/** @throws {RangeError | RemoteError} when the record is damaged. */
export function messageOfRecord(record: Uint8Array, create: MakeMessage): OutgoingMessage {
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  const flags = view.getUint8(11);
  const topicEnd = HEAD_BYTES + view.getUint16(12);
  const topicName = decodeUtf8(record, HEAD_BYTES, topicEnd);
  const length = readVariableByteInteger(record, topicEnd, record.length);
  const propertiesStart = topicEnd + variableByteIntegerLength(length);
  const end = propertiesStart + length;
  const properties = readPublishProperties(record, propertiesStart, end);
  const message = create(
    topicName,
    record.subarray(end),
    (flags >> 1) as Qos,
    (flags & 1) !== 0,
    properties,
    view.getFloat64(2),
  );
  message.packetId = view.getUint16(0);
  message.transmissions = record[10]!;
  return message;
}

export function sessionRecord(clientId: string): Uint8Array {
  const record = new Uint8Array(1 + utf8ByteLength(clientId));
  record[0] = FORMAT_VERSION;
  writeUtf8(clientId, record, 1);
  return record;
}

/** @throws {RangeError} when another version of this format wrote it. */
export function clientIdOfRecord(record: Uint8Array): string {
  if (record[0] !== FORMAT_VERSION) {
    throw new RangeError(`expected session records of format ${FORMAT_VERSION}, got ${record[0]}`);
  }
  return decodeUtf8(record, 1, record.length);
}
