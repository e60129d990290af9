/** Reason Codes, of which each packet has its own. */
import type { PacketType } from '../packet-type.ts';
import { MalformedPacketError } from '../protocol-error.ts';
import type { ReasonCode } from '../reason-code.ts';
import { isReasonCodeOf } from '../reason-code-packets.ts';
import type { PacketReader } from './packet-reader.ts';

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

/** @throws {RangeError} for a code that this packet cannot have. */
export function checkReasonCode(packet: PacketType, reasonCode: number): void {
  if (!isReasonCodeOf(packet, reasonCode)) {
    throw new RangeError(`expected a reasonCode of ${packet}, got ${reasonCode}`);
  }
}
