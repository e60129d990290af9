/**
 * SUBACK (section 3.9) and UNSUBACK (3.11): Packet Identifier, [Properties], then a Reason Code for each Topic Filter.
 * Before MQTT 5.0 every refusal of SUBACK is the one return code 0x80, and UNSUBACK is only the Packet Identifier.
 */
import type { SubackPacket, UnsubackPacket } from '../packet.ts';
import { NO_PROPERTIES } from '../packet.ts';
import { MalformedPacketError } from '../protocol-error.ts';
import { ReasonCode } from '../reason-code.ts';
import { ProtocolVersion } from '../version.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';
import { readProperties, writeProperties } from './properties.ts';
import { checkReasonCode, readReasonCode } from './reason-code-field.ts';

export function decodeSuback(
  reader: PacketReader,
  type: 'suback' | 'unsuback',
  version: ProtocolVersion,
): SubackPacket | UnsubackPacket {
  const packetId = reader.packetId();
  const isV5 = version === ProtocolVersion.V5;
  const properties = isV5 ? readProperties(reader, type) : NO_PROPERTIES;
  const reasonCodes: ReasonCode[] = [];
  while (reader.remaining > 0 && (isV5 || type === 'suback')) {
    const reasonCode = readReasonCode(reader, type);
    if (!isV5 && reasonCode > ReasonCode.UnspecifiedError) {
      throw new MalformedPacketError(`expected a return code of ${type}, got 0x${reasonCode.toString(16)}`); // [MQTT-3.9.3-2] 3.1.1
    }
    reasonCodes.push(reasonCode);
  }
  return { type, packetId, reasonCodes, properties };
}

export function writeSuback(
  writer: PacketWriter,
  { type, packetId, reasonCodes, properties }: SubackPacket | UnsubackPacket,
  version: ProtocolVersion,
): void {
  const isV5 = version === ProtocolVersion.V5;
  writer.packetId(packetId);
  if (isV5) writeProperties(writer, type, properties);
  for (const each of reasonCodes) {
    checkReasonCode(type, each); // [MQTT-3.9.3-2] [MQTT-3.11.3-2]
    if (isV5) writer.byte(each);
    else if (type === 'suback') writer.byte(Math.min(each, ReasonCode.UnspecifiedError)); // [MQTT-3.9.3-2] 3.1.1
  }
}
