/**
 * What stands in a data area for each message, to be read when it is delivered: the length of the topic name (two bytes,
 * the lower first), the topic name in UTF-8, the length of the properties as a varint, the properties, and the payload,
 * which is the rest. Its place, its checksum, QoS, RETAIN flag and expiry are in the message's record.
 */
import type { StoredMessage } from '../../../core/ports/store.ts';
import type { Message, QoS } from '../../../core/publish/message.ts';
import { NO_BYTES } from '../../../core/publish/message.ts';
import type { ByteSink } from '../bytes/byte-sink.ts';
import { ByteSource, ByteSourceError } from '../bytes/byte-source.ts';
import type { TopicNames } from '../reading/topic-names.ts';
import { RecordError } from './record-error.ts';

/** From here on a view of bytes that are its own is better than a copy. */
const LARGE_PAYLOAD_BYTES = 4096;

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

/** Where the bytes of a message are: `bytes[from, to)`. */
export interface MessageBytes {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  /** Nobody else uses `bytes`, so that what comes of them need not copy a large payload. */
  readonly isOwn: boolean;
}

/**
 * The message again. Payload and properties are copies, unless its bytes are its own.
 *
 * @param names where topic names are looked up
 * @throws {RecordError} when the lengths in it do not fit
 */
export function readMessageData(
  { bytes, from, to, isOwn }: MessageBytes,
  qos: QoS,
  retain: boolean,
  expiresAtWallMs: number,
  names: TopicNames,
): StoredMessage {
  const topicStart = from + 2;
  const topicEnd = topicStart + (bytes[from]! | (bytes[from + 1]! << 8));
  // Fewer than three bytes make this a comparison with what is behind them, or with NaN.
  if (!(topicEnd < to)) throw tooShort('topic name', topicEnd - from, to - from);
  let propertiesStart = topicEnd + 1;
  let propertiesLength = bytes[topicEnd]!;
  if (propertiesLength > 0x7f) {
    const source = new ByteSource(bytes.subarray(topicEnd, to));
    propertiesLength = readLength(source);
    propertiesStart = topicEnd + source.at;
  }
  const payloadStart = propertiesStart + propertiesLength;
  if (payloadStart > to) throw tooShort('properties', payloadStart - from, to - from);
  const keepsBytes = isOwn && to - payloadStart > LARGE_PAYLOAD_BYTES;
  return {
    topicName: names.nameOf(bytes, topicStart, topicEnd),
    payload: keepsBytes ? bytes.subarray(payloadStart, to) : bytes.slice(payloadStart, to),
    qos,
    retain,
    properties: propertiesLength === 0 ? NO_BYTES : bytes.slice(propertiesStart, payloadStart),
    expiresAtWallMs,
  };
}

function readLength(source: ByteSource): number {
  try {
    return source.readVarint();
  } catch (error) {
    if (!(error instanceof ByteSourceError)) throw error;
    throw new RecordError(`stored message: ${error.message}`, { offset: source.at, cause: error });
  }
}

function tooShort(what: string, bytes: number, got: number): RecordError {
  const text = `stored message: expected ${what} to end behind byte ${bytes}, got ${got} bytes`;
  return new RecordError(text, { offset: got });
}
