/**
 * DISCONNECT (section 3.14): [Reason Code, [Properties]]. What is left out at the end means Normal disconnection and no
 * properties. Before MQTT 5.0 it is empty.
 */
import type { DisconnectPacket } from '../packet.ts';
import { NO_PROPERTIES } from '../packet.ts';
import { ReasonCode } from '../reason-code.ts';
import { ProtocolVersion } from '../version.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';
import { readProperties } from './properties.ts';
import { checkReasonCode, readReasonCode, writeReason } from './reason-code-field.ts';

export function decodeDisconnect(reader: PacketReader, version: ProtocolVersion): DisconnectPacket {
  if (version !== ProtocolVersion.V5 || reader.remaining === 0) {
    return { type: 'disconnect', reasonCode: ReasonCode.NormalDisconnection, properties: NO_PROPERTIES };
  }
  const reasonCode = readReasonCode(reader, 'disconnect');
  const properties = reader.remaining === 0 ? NO_PROPERTIES : readProperties(reader, 'disconnect');
  return { type: 'disconnect', reasonCode, properties };
}

export function writeDisconnect(
  writer: PacketWriter,
  packet: DisconnectPacket,
  version: ProtocolVersion,
): void {
  checkReasonCode('disconnect', packet.reasonCode); // [MQTT-3.14.2-1]
  if (version === ProtocolVersion.V5) {
    writeReason(writer, packet);
  } else if (packet.reasonCode !== ReasonCode.NormalDisconnection) {
    throw new RangeError('expected reasonCode NormalDisconnection before MQTT 5.0');
  }
}
