/** UNSUBSCRIBE (section 3.10): Packet Identifier, [Properties], then Topic Filters. MQTT 3.1 allows none. */
import type { UnsubscribePacket } from '../packet.ts';
import { NO_PROPERTIES } from '../packet.ts';
import { ProtocolError } from '../protocol-error.ts';
import { ProtocolVersion } from '../version.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';
import { readProperties, writeProperties } from './properties.ts';
import { readTopicFilter, writeTopicFilter } from './topic-filter-field.ts';

export function decodeUnsubscribe(reader: PacketReader, version: ProtocolVersion): UnsubscribePacket {
  const packetId = reader.packetId();
  const properties = version === ProtocolVersion.V5 ? readProperties(reader, 'unsubscribe') : NO_PROPERTIES;
  const topicFilters: string[] = [];
  while (reader.remaining > 0) topicFilters.push(readTopicFilter(reader));
  if (topicFilters.length === 0 && version !== ProtocolVersion.V31) {
    throw new ProtocolError('expected at least one Topic Filter in UNSUBSCRIBE'); // [MQTT-3.10.3-2] [MQTT-3.10.3-2] 3.1.1
  }
  return { type: 'unsubscribe', packetId, topicFilters, properties };
}

export function writeUnsubscribe(
  writer: PacketWriter,
  packet: UnsubscribePacket,
  version: ProtocolVersion,
): void {
  if (packet.topicFilters.length === 0 && version !== ProtocolVersion.V31) {
    throw new RangeError('expected at least one topicFilter'); // [MQTT-3.10.3-2] [MQTT-3.10.3-2] 3.1.1
  }
  writer.packetId(packet.packetId);
  if (version === ProtocolVersion.V5) writeProperties(writer, 'unsubscribe', packet.properties);
  for (const each of packet.topicFilters) writeTopicFilter(writer, each);
}
