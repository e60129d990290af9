/**
 * The bytes that a field takes on the wire, each checked on the way: what MQTT cannot carry is the caller's mistake
 * and is thrown here, before a byte is written.
 */
import { checkTopicName, TOPIC_PROBLEMS } from '../topic-name.ts';
import { isUtf8Encodable, MAXIMUM_FIELD_BYTES, utf8ByteLength } from '../utf8.ts';

/** @throws {RangeError} when the value is no integer from `minimum` to `maximum`. */
export function checkInteger(value: unknown, minimum: number, maximum: number, field: string): void {
  if (!Number.isInteger(value) || (value as number) < minimum || (value as number) > maximum) {
    throw new RangeError(
      `expected an integer from ${minimum} to ${maximum} as ${field}, got ${String(value)}`,
    );
  }
}

export function checkQos(value: unknown, field: string): void {
  checkInteger(value, 0, 2, field); // [MQTT-3.3.1-4] [MQTT-3.3.1-4] 3.1.1
}

/** Of a Packet Identifier, which is never 0. */
export function packetIdLength(packetId: unknown): 2 {
  checkInteger(packetId, 1, 0xffff, 'packetId'); // [MQTT-2.2.1-3] [MQTT-2.2.1-4] [MQTT-2.3.1-1] 3.1.1
  return 2;
}

/** Of a UTF-8 Encoded String with its length. */
export function stringLength(text: unknown, field: string): number {
  if (typeof text !== 'string') throw new TypeError(`expected a string as ${field}, got ${typeof text}`);
  if (!isUtf8Encodable(text)) {
    // [MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT-1.5.3-1] 3.1.1 [MQTT-1.5.3-2] 3.1.1
    throw new RangeError(`expected no U+0000 and no lone surrogate in ${field}`);
  }
  const length = utf8ByteLength(text);
  if (length > MAXIMUM_FIELD_BYTES) {
    // [MQTT-4.7.3-3] [MQTT-4.7.3-3] 3.1.1
    throw new RangeError(`expected at most ${MAXIMUM_FIELD_BYTES} bytes of UTF-8 in ${field}, got ${length}`);
  }
  return 2 + length;
}

/** Of a Topic Name with its length. */
export function topicNameLength(topicName: unknown, field: string): number {
  const length = stringLength(topicName, field);
  const problem = checkTopicName(topicName as string, Number.POSITIVE_INFINITY);
  if (problem !== null) throw new RangeError(`${field} ${TOPIC_PROBLEMS[problem]}`); // [MQTT-3.3.2-2] [MQTT-4.7.3-1]
  return length;
}

/** Of a Topic Filter with its length. Its syntax is not the codec's business. */
export function topicFilterLength(topicFilter: unknown): number {
  const length = stringLength(topicFilter, 'topicFilter');
  if (topicFilter === '') throw new RangeError('expected at least one character in topicFilter'); // [MQTT-4.7.3-1]
  return length;
}

/** Of Binary Data with its length. */
export function binaryLength(data: unknown, field: string): number {
  const length = bytesLength(data, field);
  if (length > MAXIMUM_FIELD_BYTES) {
    throw new RangeError(`expected at most ${MAXIMUM_FIELD_BYTES} bytes in ${field}, got ${length}`);
  }
  return 2 + length;
}

/** Of bytes that stand alone, such as a payload. */
export function bytesLength(data: unknown, field: string): number {
  if (!(data instanceof Uint8Array))
    throw new TypeError(`expected a Uint8Array as ${field}, got ${typeof data}`);
  return data.length;
}
