/**
 * What stands in a data area for each message, to be read when it is delivered: the length of the topic name (two bytes,
 * the lower first), the topic name in UTF-8, the length of the properties as a varint, the properties, and the payload,
 * which is the rest. Its place, its checksum, QoS, RETAIN flag and expiry are in the message's record.
 */
import type { StoredMessage } from '../../../core/ports/store.ts';
import type { Message, QoS } from '../../../core/publish/message.ts';
import type { ByteSink } from '../byte-sink.ts';
import { ByteSource, ByteSourceError } from '../byte-source.ts';
import { RecordError } from './record-error.ts';

/** Writes the message at the end of a data area; how long it is there, the sink's length tells before and after. */
export function writeMessageData(data: ByteSink, message: Message): void {
  writeMessageParts(data, message.topic.bytes, message.properties, message.payload);
}

/** The same of a message's parts; `topic` is the topic name in UTF-8. */
export function writeMessageParts(
  data: ByteSink,
  topic: Uint8Array,
  properties: Uint8Array,
  payload: Uint8Array,
): void {
  data.reserve(topic.length + properties.length + payload.length + 16);
  data.writeU16(topic.length);
  data.writeBytes(topic, 0, topic.length);
  data.writeVarint(properties.length);
  data.writeBytes(properties, 0, properties.length);
  data.writeBytes(payload, 0, payload.length);
}

/**
 * The message again. Payload and properties are copies.
 *
 * @throws {RecordError} when the lengths in it do not fit
 */
export function readMessageData(
  bytes: Uint8Array,
  qos: QoS,
  retain: boolean,
  expiresAtWallMs: number,
): StoredMessage {
  const source = new ByteSource(bytes);
  try {
    const topicName = source.readUtf8(source.readU16());
    const properties = source.readBytes(source.readVarint());
    const payload = source.readBytes(source.end - source.at);
    return { topicName, payload, qos, retain, properties, expiresAtWallMs };
  } catch (error) {
    if (!(error instanceof ByteSourceError)) throw error;
    throw new RecordError(`stored message: ${error.message}`, { offset: source.at, cause: error });
  }
}
