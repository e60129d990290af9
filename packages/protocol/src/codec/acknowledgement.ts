/**
 * PUBACK, PUBREC, PUBREL and PUBCOMP (sections 3.4 to 3.7): Packet Identifier, [Reason Code, [Properties]]. What is
 * left out at the end means Success and no properties. Before MQTT 5.0 there is only the Packet Identifier.
 */
import type { PubackPacket, PubcompPacket, PubrecPacket, PubrelPacket } from '../packet.ts';
import { NO_PROPERTIES } from '../packet.ts';
import { ReasonCode } from '../reason-code.ts';
import { ProtocolVersion } from '../version.ts';
import { packetIdLength } from './field-length.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';
import { propertiesLength, propertyListLength, readProperties, writeProperties } from './properties.ts';
import { checkReasonCode, readReasonCode } from './reason-code-field.ts';

export type AcknowledgementPacket = PubackPacket | PubrecPacket | PubrelPacket | PubcompPacket;

export function decodeAcknowledgement(
  reader: PacketReader,
  type: AcknowledgementPacket['type'],
  version: ProtocolVersion,
): AcknowledgementPacket {
  const packetId = reader.packetId();
  if (version !== ProtocolVersion.V5 || reader.remaining === 0) {
    return { type, packetId, reasonCode: ReasonCode.Success, properties: NO_PROPERTIES };
  }
  const reasonCode = readReasonCode(reader, type);
  const properties = reader.remaining === 0 ? NO_PROPERTIES : readProperties(reader, type);
  return { type, packetId, reasonCode, properties };
}

/** How much of it goes on the wire: nothing behind the Packet Identifier, the Reason Code, or all. */
function form(packet: AcknowledgementPacket, version: ProtocolVersion): 'short' | 'reason' | 'full' {
  if (version !== ProtocolVersion.V5) return 'short';
  if (propertyListLength(packet.type, packet.properties) > 0) return 'full';
  return packet.reasonCode === ReasonCode.Success ? 'short' : 'reason';
}

export function acknowledgementLength(packet: AcknowledgementPacket, version: ProtocolVersion): number {
  checkReasonCode(packet.type, packet.reasonCode); // [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1]
  const length = packetIdLength(packet.packetId);
  switch (form(packet, version)) {
    case 'short':
      return length;
    case 'reason':
      return length + 1;
    case 'full':
      return length + 1 + propertiesLength(packet.type, packet.properties);
  }
}

export function writeAcknowledgement(
  writer: PacketWriter,
  packet: AcknowledgementPacket,
  version: ProtocolVersion,
): void {
  writer.twoByteInteger(packet.packetId);
  const extent = form(packet, version);
  if (extent === 'short') return;
  writer.byte(packet.reasonCode);
  if (extent === 'full') writeProperties(writer, packet.type, packet.properties);
}
