/**
 * SUBACK (section 3.9): Packet Identifier, [Properties], then a Reason Code for each Topic Filter. Before MQTT 5.0
 * every refusal is the one return code 0x80.
 */
import type { SubackPacket } from '../packet.ts';
import { NO_PROPERTIES } from '../packet.ts';
import { MalformedPacketError } from '../protocol-error.ts';
import { ReasonCode } from '../reason-code.ts';
import { ProtocolVersion } from '../version.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';
import { readProperties, writeProperties } from './properties.ts';
import { checkReasonCode, readReasonCodes } from './reason-code-field.ts';

export function decodeSuback(reader: PacketReader, version: ProtocolVersion): SubackPacket {
  const packetId = reader.packetId();
  const properties = version === ProtocolVersion.V5 ? readProperties(reader, 'suback') : NO_PROPERTIES;
  const reasonCodes = readReasonCodes(reader, 'suback');
  for (const each of version === ProtocolVersion.V5 ? [] : reasonCodes) {
    if (each > ReasonCode.UnspecifiedError) {
      // [MQTT-3.9.3-2] 3.1.1
      throw new MalformedPacketError(`expected a SUBACK return code, got 0x${each.toString(16)}`);
    }
  }
  return { type: 'suback', packetId, reasonCodes, properties };
}

export function writeSuback(writer: PacketWriter, packet: SubackPacket, version: ProtocolVersion): void {
  writer.packetId(packet.packetId);
  if (version === ProtocolVersion.V5) writeProperties(writer, 'suback', packet.properties);
  for (const each of packet.reasonCodes) {
    checkReasonCode('suback', each); // [MQTT-3.9.3-2]
    writer.byte(version === ProtocolVersion.V5 ? each : Math.min(each, ReasonCode.UnspecifiedError)); // [MQTT-3.9.3-2] 3.1.1
  }
}
