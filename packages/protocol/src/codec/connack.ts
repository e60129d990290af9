/**
 * CONNACK (section 3.2): Connect Acknowledge Flags, Reason Code, Properties. MQTT 3.1.1 has a return code instead and
 * no properties; MQTT 3.1 has no flags either, its first byte means nothing.
 */
import { connectReturnCodeFor, reasonCodeForConnectReturnCode } from '../connect-return-code.ts';
import type { ConnackPacket } from '../packet.ts';
import { NO_PROPERTIES } from '../packet.ts';
import { MalformedPacketError, ProtocolError } from '../protocol-error.ts';
import { ReasonCode } from '../reason-code.ts';
import { reasonCodeText } from '../reason-code-table.ts';
import { ProtocolVersion } from '../version.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';
import { readProperties, writeProperties } from './properties.ts';
import { checkReasonCode, readReasonCode } from './reason-code-field.ts';

const SESSION_PRESENT = 0x01;

export function decodeConnack(reader: PacketReader, version: ProtocolVersion): ConnackPacket {
  // Two bytes are no CONNACK of 5.0, but what a server that knows only older versions refuses a 5.0 client with.
  const isV5 = version === ProtocolVersion.V5 && reader.remaining !== 2;
  const flags = reader.byte('Connect Acknowledge Flags');
  if ((flags & ~SESSION_PRESENT) !== 0 && version !== ProtocolVersion.V31) {
    throw new MalformedPacketError('expected 0 as reserved Connect Acknowledge Flags'); // [MQTT-3.2.2-1]
  }
  const reasonCode = isV5 ? readReasonCode(reader, 'connack') : readReturnCode(reader, version);
  const sessionPresent = version !== ProtocolVersion.V31 && (flags & SESSION_PRESENT) !== 0;
  if (sessionPresent && reasonCode !== ReasonCode.Success) {
    // [MQTT-3.2.2-6] [MQTT-3.2.2-4] 3.1.1
    throw new ProtocolError('expected Session Present 0 in a CONNACK that refuses, got 1');
  }
  const properties = isV5 ? readProperties(reader, 'connack') : NO_PROPERTIES;
  return { type: 'connack', sessionPresent, reasonCode, properties };
}

function readReturnCode(reader: PacketReader, version: ProtocolVersion): ReasonCode {
  const returnCode = reader.byte('Connect Return code');
  const reasonCode = reasonCodeForConnectReturnCode(returnCode);
  // Nothing but a refusal is as short in answer to a 5.0 client.
  if (reasonCode === undefined || (version === ProtocolVersion.V5 && reasonCode === ReasonCode.Success))
    throw new MalformedPacketError(`expected a Connect Return code, got ${returnCode}`);
  return reasonCode;
}

export function writeConnack(writer: PacketWriter, packet: ConnackPacket, version: ProtocolVersion): void {
  const { sessionPresent, reasonCode } = packet;
  if (sessionPresent && reasonCode !== ReasonCode.Success) {
    // [MQTT-3.2.2-6] [MQTT-3.2.2-4] 3.1.1
    throw new RangeError('expected sessionPresent only with reasonCode Success');
  }
  writer.byte(sessionPresent && version !== ProtocolVersion.V31 ? SESSION_PRESENT : 0); // [MQTT-3.2.2-1]
  if (version !== ProtocolVersion.V5) {
    writer.byte(returnCodeOf(reasonCode));
    return;
  }
  checkReasonCode('connack', reasonCode); // [MQTT-3.2.2-8]
  writer.byte(reasonCode);
  writeProperties(writer, 'connack', packet.properties);
}

function returnCodeOf(reasonCode: ReasonCode): number {
  const returnCode = connectReturnCodeFor(reasonCode);
  if (returnCode === undefined) {
    // [MQTT-3.2.2-6] 3.1.1
    throw new RangeError(
      `expected a reasonCode that 3.1.1 can say, got ${reasonCodeText(reasonCode, 'connack')}`,
    );
  }
  return returnCode;
}
