/**
 * Reason Codes, and how PUBACK, PUBREC, PUBREL, PUBCOMP and DISCONNECT end in MQTT 5.0: [Reason Code, [Properties]],
 * where what is left out at the end means 0x00 and no properties. AUTH leaves out both or nothing.
 */
import type { AcknowledgementPacket, AuthPacket, DisconnectPacket } from '../packet.ts';
import type { PacketType } from '../packet-type.ts';
import { MalformedPacketError } from '../protocol-error.ts';
import { ReasonCode } from '../reason-code.ts';
import { isReasonCodeOf } from '../reason-code-packets.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';
import { writeProperties } from './properties.ts';

/** @throws {MalformedPacketError} for a code that this packet does not have. */
export function readReasonCode(reader: PacketReader, packet: PacketType): ReasonCode {
  const value = reader.byte('Reason Code');
  if (!isReasonCodeOf(packet, value)) {
    // [MQTT-3.2.2-8] [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-3.6.2-1] [MQTT-3.7.2-1] [MQTT-3.9.3-2] [MQTT-3.11.3-2]
    // [MQTT-3.14.2-1] [MQTT-3.15.2-1]
    throw new MalformedPacketError(`expected a Reason Code of ${packet}, got 0x${value.toString(16)}`);
  }
  return value;
}

/** Up to the end of the packet. */
export function readReasonCodes(reader: PacketReader, packet: PacketType): ReasonCode[] {
  const reasonCodes: ReasonCode[] = [];
  while (reader.remaining > 0) reasonCodes.push(readReasonCode(reader, packet));
  return reasonCodes;
}

/** @throws {RangeError} for a code that this packet cannot have. */
export function checkReasonCode(packet: PacketType, reasonCode: number): void {
  if (!isReasonCodeOf(packet, reasonCode)) {
    throw new RangeError(`expected a reasonCode of ${packet}, got ${reasonCode}`);
  }
}

/** The code and properties of a packet that leaves out what says nothing. */
export function writeReason(
  writer: PacketWriter,
  packet: AcknowledgementPacket | DisconnectPacket | AuthPacket,
): void {
  const { type, reasonCode, properties } = packet;
  const start = writer.position;
  writer.byte(reasonCode);
  writeProperties(writer, type, properties);
  const hasProperties = writer.position > start + 2;
  if (reasonCode === ReasonCode.Success && !hasProperties) writer.position = start;
  else if (!hasProperties && type !== 'auth') writer.position--;
}
