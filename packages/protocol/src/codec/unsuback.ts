/**
 * UNSUBACK (section 3.11): Packet Identifier, [Properties], then a Reason Code for each Topic Filter. Before MQTT 5.0
 * there is only the Packet Identifier.
 */
import type { UnsubackPacket } from '../packet.ts';
import { NO_PROPERTIES } from '../packet.ts';
import { ProtocolVersion } from '../version.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';
import { readProperties, writeProperties } from './properties.ts';
import { checkReasonCode, readReasonCodes } from './reason-code-field.ts';

export function decodeUnsuback(reader: PacketReader, version: ProtocolVersion): UnsubackPacket {
  const packetId = reader.packetId();
  if (version !== ProtocolVersion.V5) {
    return { type: 'unsuback', packetId, reasonCodes: [], properties: NO_PROPERTIES };
  }
  const properties = readProperties(reader, 'unsuback');
  return { type: 'unsuback', packetId, reasonCodes: readReasonCodes(reader, 'unsuback'), properties };
}

export function writeUnsuback(writer: PacketWriter, packet: UnsubackPacket, version: ProtocolVersion): void {
  writer.packetId(packet.packetId);
  for (const each of packet.reasonCodes) checkReasonCode('unsuback', each); // [MQTT-3.11.3-2]
  if (version !== ProtocolVersion.V5) return;
  writeProperties(writer, 'unsuback', packet.properties);
  for (const each of packet.reasonCodes) writer.byte(each);
}
