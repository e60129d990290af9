/**
 * SUBACK (section 3.9): Packet Identifier, [Properties], then a Reason Code for each Topic Filter. Before MQTT 5.0
 * every refusal is the one return code 0x80.
 */
import type { SubackPacket } from '../packet.ts';
import { NO_PROPERTIES } from '../packet.ts';
import { MalformedPacketError } from '../protocol-error.ts';
import { ReasonCode } from '../reason-code.ts';
import { ProtocolVersion } from '../version.ts';
import { packetIdLength } from './field-length.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';
import { propertiesLength, readProperties, writeProperties } from './properties.ts';
import { checkReasonCode, readReasonCode } from './reason-code-field.ts';

export function decodeSuback(reader: PacketReader, version: ProtocolVersion): SubackPacket {
  const packetId = reader.packetId();
  const properties = version === ProtocolVersion.V5 ? readProperties(reader, 'suback') : NO_PROPERTIES;
  const reasonCodes: ReasonCode[] = [];
  while (reader.remaining > 0) reasonCodes.push(readCode(reader, version));
  return { type: 'suback', packetId, reasonCodes, properties };
}

function readCode(reader: PacketReader, version: ProtocolVersion): ReasonCode {
  const reasonCode = readReasonCode(reader, 'suback');
  if (version !== ProtocolVersion.V5 && reasonCode > ReasonCode.UnspecifiedError) {
    // [MQTT-3.9.3-2] 3.1.1
    throw new MalformedPacketError(`expected a SUBACK return code, got 0x${reasonCode.toString(16)}`);
  }
  return reasonCode;
}

export function subackLength(packet: SubackPacket, version: ProtocolVersion): number {
  for (const each of packet.reasonCodes) checkReasonCode('suback', each); // [MQTT-3.9.3-2]
  const length = packetIdLength(packet.packetId) + packet.reasonCodes.length;
  return version === ProtocolVersion.V5 ? length + propertiesLength('suback', packet.properties) : length;
}

export function writeSuback(writer: PacketWriter, packet: SubackPacket, version: ProtocolVersion): void {
  writer.twoByteInteger(packet.packetId);
  if (version === ProtocolVersion.V5) writeProperties(writer, 'suback', packet.properties);
  for (const each of packet.reasonCodes) {
    writer.byte(version === ProtocolVersion.V5 ? each : Math.min(each, ReasonCode.UnspecifiedError)); // [MQTT-3.9.3-2] 3.1.1
  }
}
