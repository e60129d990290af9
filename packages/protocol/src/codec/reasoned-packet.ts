/**
 * PUBACK, PUBREC, PUBREL and PUBCOMP (sections 3.4 to 3.7), DISCONNECT (3.14) and AUTH (3.15): a Packet Identifier, which the
 * last two lack, then [Reason Code, [Properties]]. What is left out at the end means 0x00 and no properties; AUTH leaves out
 * both or nothing. Before MQTT 5.0 there is only the Packet Identifier, and no AUTH.
 *
 * The standard contradicts itself on an AUTH without Authentication Method: a Protocol Error by 3.15.2.2.2, and what the
 * empty form stands for by 3.15.2.1. Whoever handles AUTH compares the method with that of CONNECT (MQTT-4.12.0-5) and
 * finds it missing, so it can be read and written here.
 */
import type { AcknowledgementPacket, AuthPacket, DisconnectPacket } from '../packet.ts';
import { NO_PROPERTIES } from '../packet.ts';
import { ReasonCode } from '../reason-code.ts';
import { ProtocolVersion } from '../version.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';
import { readProperties, writeProperties } from './properties.ts';
import { checkReasonCode, readReasonCode } from './reason-code-field.ts';

type ReasonedPacket = AcknowledgementPacket | AuthPacket | DisconnectPacket;

export function decodeReasoned(
  reader: PacketReader,
  type: ReasonedPacket['type'],
  version: ProtocolVersion,
): ReasonedPacket {
  const packetId = type === 'disconnect' || type === 'auth' ? 0 : reader.packetId();
  let reasonCode: ReasonCode = ReasonCode.Success;
  let properties = NO_PROPERTIES;
  if (version === ProtocolVersion.V5 && reader.remaining > 0) {
    reasonCode = readReasonCode(reader, type);
    if (reader.remaining > 0 || type === 'auth') properties = readProperties(reader, type);
  }
  return type === 'disconnect' || type === 'auth'
    ? { type, reasonCode, properties }
    : { type, packetId, reasonCode, properties };
}

export function writeReasoned(writer: PacketWriter, packet: ReasonedPacket, version: ProtocolVersion): void {
  const { type, reasonCode, properties } = packet;
  checkReasonCode(type, reasonCode); // [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1] [MQTT-3.14.2-1] [MQTT-3.15.2-1]
  const isAcknowledgement = 'packetId' in packet;
  if (isAcknowledgement) writer.packetId(packet.packetId);
  if (version !== ProtocolVersion.V5) {
    if (isAcknowledgement || (type === 'disconnect' && reasonCode === ReasonCode.NormalDisconnection)) return;
    throw new RangeError(`expected reason codes of ${type} only in MQTT 5.0`);
  }
  const start = writer.position;
  writer.byte(reasonCode);
  writeProperties(writer, type, properties);
  const hasProperties = writer.position > start + 2;
  if (reasonCode === ReasonCode.Success && !hasProperties) writer.position = start;
  else if (!hasProperties && type !== 'auth') writer.position--;
}
