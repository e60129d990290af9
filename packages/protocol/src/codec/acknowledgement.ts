/**
 * PUBACK, PUBREC, PUBREL and PUBCOMP (sections 3.4 to 3.7): Packet Identifier, [Reason Code, [Properties]]. What is
 * left out at the end means Success and no properties. Before MQTT 5.0 there is only the Packet Identifier.
 */
import type { AcknowledgementPacket } from '../packet.ts';
import { NO_PROPERTIES } from '../packet.ts';
import { ReasonCode } from '../reason-code.ts';
import { ProtocolVersion } from '../version.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';
import { readProperties } from './properties.ts';
import { checkReasonCode, readReasonCode, writeReason } from './reason-code-field.ts';

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

export function writeAcknowledgement(
  writer: PacketWriter,
  packet: AcknowledgementPacket,
  version: ProtocolVersion,
): void {
  checkReasonCode(packet.type, packet.reasonCode); // [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1]
  writer.packetId(packet.packetId);
  if (version === ProtocolVersion.V5) writeReason(writer, packet);
}
