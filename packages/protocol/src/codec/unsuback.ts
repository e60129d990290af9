/**
 * UNSUBACK (section 3.11): Packet Identifier, [Properties], then a Reason Code for each Topic Filter. Before MQTT 5.0
 * there is only the Packet Identifier.
 */
import type { UnsubackPacket } from '../packet.ts';
import { NO_PROPERTIES } from '../packet.ts';
import type { ReasonCode } from '../reason-code.ts';
import { ProtocolVersion } from '../version.ts';
import { packetIdLength } from './field-length.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';
import { propertiesLength, readProperties, writeProperties } from './properties.ts';
import { checkReasonCode, readReasonCode } from './reason-code-field.ts';

export function decodeUnsuback(reader: PacketReader, version: ProtocolVersion): UnsubackPacket {
  const packetId = reader.packetId();
  if (version !== ProtocolVersion.V5) {
    return { type: 'unsuback', packetId, reasonCodes: [], properties: NO_PROPERTIES };
  }
  const properties = readProperties(reader, 'unsuback');
  const reasonCodes: ReasonCode[] = [];
  while (reader.remaining > 0) reasonCodes.push(readReasonCode(reader, 'unsuback'));
  return { type: 'unsuback', packetId, reasonCodes, properties };
}

export function unsubackLength(packet: UnsubackPacket, version: ProtocolVersion): number {
  for (const each of packet.reasonCodes) checkReasonCode('unsuback', each); // [MQTT-3.11.3-2]
  const length = packetIdLength(packet.packetId);
  if (version !== ProtocolVersion.V5) return length;
  return length + propertiesLength('unsuback', packet.properties) + packet.reasonCodes.length;
}

export function writeUnsuback(writer: PacketWriter, packet: UnsubackPacket, version: ProtocolVersion): void {
  writer.twoByteInteger(packet.packetId);
  if (version !== ProtocolVersion.V5) return;
  writeProperties(writer, 'unsuback', packet.properties);
  for (const each of packet.reasonCodes) writer.byte(each);
}
