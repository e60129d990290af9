/**
 * AUTH (section 3.15), MQTT 5.0 only: Reason Code, Properties. Empty it means Success and no properties.
 *
 * The standard contradicts itself on an AUTH without Authentication Method: a Protocol Error by 3.15.2.2.2, and what the
 * empty form stands for by 3.15.2.1. Whoever handles AUTH compares the method with that of CONNECT (MQTT-4.12.0-5) and
 * finds it missing, so it can be read and written here.
 */
import type { AuthPacket } from '../packet.ts';
import { NO_PROPERTIES } from '../packet.ts';
import { ReasonCode } from '../reason-code.ts';
import { ProtocolVersion } from '../version.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';
import { readProperties } from './properties.ts';
import { checkReasonCode, readReasonCode, writeReason } from './reason-code-field.ts';

export function decodeAuth(reader: PacketReader): AuthPacket {
  if (reader.remaining === 0)
    return { type: 'auth', reasonCode: ReasonCode.Success, properties: NO_PROPERTIES };
  const reasonCode = readReasonCode(reader, 'auth');
  return { type: 'auth', reasonCode, properties: readProperties(reader, 'auth') };
}

export function writeAuth(writer: PacketWriter, packet: AuthPacket, version: ProtocolVersion): void {
  if (version !== ProtocolVersion.V5) throw new RangeError('expected AUTH only in MQTT 5.0');
  checkReasonCode('auth', packet.reasonCode); // [MQTT-3.15.2-1]
  writeReason(writer, packet);
}
