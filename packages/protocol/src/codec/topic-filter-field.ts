import { MalformedPacketError } from '../protocol-error.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';

/**
 * A Topic Filter of SUBSCRIBE or UNSUBSCRIBE; the codec asks only that it is a string and not empty. Its syntax is
 * for the topic rules to say.
 */
export function readTopicFilter(reader: PacketReader): string {
  const topicFilter = reader.string('Topic Filter');
  if (topicFilter === '') {
    throw new MalformedPacketError('expected at least one character in the Topic Filter'); // [MQTT-4.7.3-1] [MQTT-4.7.3-1] 3.1.1
  }
  return topicFilter;
}

/** @throws {TypeError | RangeError} for what cannot be read again. */
export function writeTopicFilter(writer: PacketWriter, topicFilter: string): void {
  writer.string(topicFilter, 'topicFilter');
  if (topicFilter === '') throw new RangeError('expected at least one character in topicFilter'); // [MQTT-4.7.3-1]
}
