import { MalformedPacketError } from '../protocol-error.ts';
import type { PacketReader } from './packet-reader.ts';

/** A Topic Filter of SUBSCRIBE or UNSUBSCRIBE; the codec asks only that it is a string and not empty. */
export function readTopicFilter(reader: PacketReader): string {
  const topicFilter = reader.string('Topic Filter');
  if (topicFilter === '') {
    throw new MalformedPacketError('expected at least one character in the Topic Filter'); // [MQTT-4.7.3-1] [MQTT-4.7.3-1] 3.1.1
  }
  return topicFilter;
}
