/**
 * The records of a session in its store, by key:
 *
 *     0         the session: version of this format (1 byte), whether a server has had it (1 byte), then the client
 *               identifier (UTF-8)
 *     n > 0     a message to the server, in the order of n: kind (1 byte: QoS, RETAIN), packet identifier (2 bytes, 0:
 *               queued), expiry (8 bytes, wall clock in ms as a float, Infinity: never), topic name (2 bytes of length,
 *               UTF-8), properties as in PUBLISH of MQTT 5.0, payload to the end; or only kind and packet identifier
 *     -n        a message of QoS 2 from the server with packet identifier n that was received: empty
 *
 * Integers are big-endian. A record that cannot be read is damage and is refused; nothing is guessed.
 */
import type { Qos } from '@martlet/protocol';
import {
  checkTopicName,
  decodeUtf8,
  encodePublishProperties,
  readPublishProperties,
  readVariableByteInteger,
  utf8ByteLength,
  variableByteIntegerLength,
  writeUtf8,
} from '@martlet/protocol';
import type { OutgoingMessage } from './outgoing/outgoing-message.ts';

const FORMAT_VERSION = 1;
const HEAD_BYTES = 13;

/** The first byte of a record that is not a whole message; that of a message is below 8. */
export const RecordKind = {
  /** PUBREC has come: its PUBREL is to be sent. */
  Released: 8,
  /** The message was given up, and the server may still hold its packet identifier. */
  Reserved: 9,
} as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

/** @param aheadMs what the wall clock is ahead of the one that only grows */
export function messageRecord(message: OutgoingMessage, aheadMs: number): Uint8Array {
  const { topicName, properties, payload } = message;
  const topicBytes = utf8ByteLength(topicName);
  const section = encodePublishProperties(properties);
  const record = new Uint8Array(HEAD_BYTES + topicBytes + section.length + payload.length);
  const view = new DataView(record.buffer);
  record[0] = (message.qos << 1) | (message.retain ? 1 : 0);
  view.setUint16(1, message.packetId);
  view.setFloat64(3, message.expiresMs + aheadMs);
  view.setUint16(11, topicBytes);
  const at = writeUtf8(topicName, record, HEAD_BYTES);
  record.set(section, at);
  record.set(payload, at + section.length);
  return record;
}

export function packetIdRecord(packetId: number, kind: RecordKind): Uint8Array {
  return new Uint8Array([kind, packetId >> 8, packetId & 0xff]);
}

/** The kind and the packet identifier of a record that holds nothing else; undefined for a whole message. */
export function readPacketIdRecord(
  record: Uint8Array,
): { readonly kind: number; readonly packetId: number } | undefined {
  const kind = record[0]!;
  if (kind < RecordKind.Released) return undefined;
  const packetId = (record[1]! << 8) | record[2]!;
  if (record.length !== 3 || kind > RecordKind.Reserved || packetId === 0) throw damaged();
  return { kind, packetId };
}

/** Makes a message of the host's kind, with the arguments of {@link OutgoingMessage}. */
export type MakeMessage = (...of: ConstructorParameters<typeof OutgoingMessage>) => OutgoingMessage;

/** @throws {RangeError | RemoteError} when the record is damaged. */
export function readMessageRecord(record: Uint8Array, aheadMs: number, make: MakeMessage): OutgoingMessage {
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  const kind = view.getUint8(0);
  const topicEnd = HEAD_BYTES + view.getUint16(11);
  if (kind < 2 || kind > 5 || topicEnd > record.length) throw damaged();
  const topicName = decodeUtf8(record, HEAD_BYTES, topicEnd);
  if (checkTopicName(topicName, Number.POSITIVE_INFINITY) !== null) throw damaged();
  const length = readVariableByteInteger(record, topicEnd, record.length);
  const propertiesStart = topicEnd + variableByteIntegerLength(length);
  const end = propertiesStart + length;
  if (end > record.length) throw damaged();
  const message = make(
    topicName,
    record.subarray(end),
    (kind >> 1) as Qos,
    (kind & 1) !== 0,
    readPublishProperties(record, propertiesStart, end),
    view.getFloat64(3) - aheadMs,
  );
  message.packetId = view.getUint16(1);
  return message;
}

export interface KeptSession {
  readonly clientId: string;
  /** Whether a server has had this session, and may have it still. */
  readonly isEstablished: boolean;
}

export function sessionRecord({ clientId, isEstablished }: KeptSession): Uint8Array {
  const record = new Uint8Array(2 + utf8ByteLength(clientId));
  record[0] = FORMAT_VERSION;
  record[1] = isEstablished ? 1 : 0;
  writeUtf8(clientId, record, 2);
  return record;
}

/** @throws {RangeError | RemoteError} when it is damaged, or another version of this format wrote it. */
export function readSessionRecord(record: Uint8Array): KeptSession {
  if (record[0] !== FORMAT_VERSION) {
    throw new RangeError(`expected format ${FORMAT_VERSION}, got ${record[0]}`);
  }
  return { clientId: decodeUtf8(record, 2, record.length), isEstablished: record[1] === 1 };
}

function damaged(): RangeError {
  return new RangeError('expected a whole record, got a damaged one');
}
