/**
 * DISCONNECT (section 3.14): [Reason Code, [Properties]]. What is left out at the end means Normal disconnection and no
 * properties. Before MQTT 5.0 it is empty.
 */
import type { DisconnectPacket, DisconnectProperties } from '../packet.ts';
import { NO_PROPERTIES } from '../packet.ts';
import { ProtocolError } from '../protocol-error.ts';
import { ReasonCode } from '../reason-code.ts';
import { ProtocolVersion } from '../version.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';
import { propertiesLength, propertyListLength, readProperties, writeProperties } from './properties.ts';
import { checkReasonCode, readReasonCode } from './reason-code-field.ts';

export function decodeDisconnect(
  reader: PacketReader,
  version: ProtocolVersion,
  from: 'client' | 'server' | undefined,
): DisconnectPacket {
  if (version !== ProtocolVersion.V5 || reader.remaining === 0) {
    return { type: 'disconnect', reasonCode: ReasonCode.NormalDisconnection, properties: NO_PROPERTIES };
  }
  const reasonCode = readReasonCode(reader, 'disconnect');
  const properties: DisconnectProperties =
    reader.remaining === 0 ? NO_PROPERTIES : readProperties(reader, 'disconnect');
  if (from === 'server' && properties.sessionExpiryInterval !== undefined) {
    throw new ProtocolError('expected no Session Expiry Interval in a DISCONNECT from the server'); // [MQTT-3.14.2-2]
  }
  return { type: 'disconnect', reasonCode, properties };
}

export function disconnectLength(packet: DisconnectPacket, version: ProtocolVersion): number {
  checkReasonCode('disconnect', packet.reasonCode); // [MQTT-3.14.2-1]
  if (version !== ProtocolVersion.V5) {
    if (packet.reasonCode !== ReasonCode.NormalDisconnection) {
      throw new RangeError(
        'expected reasonCode NormalDisconnection, the only one that DISCONNECT means before MQTT 5.0',
      );
    }
    return 0;
  }
  if (propertyListLength('disconnect', packet.properties) > 0) {
    return 1 + propertiesLength('disconnect', packet.properties);
  }
  return packet.reasonCode === ReasonCode.NormalDisconnection ? 0 : 1;
}

export function writeDisconnect(
  writer: PacketWriter,
  packet: DisconnectPacket,
  version: ProtocolVersion,
): void {
  if (version !== ProtocolVersion.V5) return;
  const hasProperties = propertyListLength('disconnect', packet.properties) > 0;
  if (packet.reasonCode !== ReasonCode.NormalDisconnection || hasProperties) writer.byte(packet.reasonCode);
  if (hasProperties) writeProperties(writer, 'disconnect', packet.properties);
}
