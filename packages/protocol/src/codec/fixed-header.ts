/** What the first byte of a packet says: its type, and flags that only PUBLISH is free in. */

import type { PacketType } from '../packet-type.ts';
import { PACKET_TYPES } from '../packet-type.ts';
import { MalformedPacketError } from '../protocol-error.ts';
import { ProtocolVersion } from '../version.ts';

/** The type of a packet by its first byte. */
export function packetTypeOf(first: number, version: ProtocolVersion): PacketType {
  const type = PACKET_TYPES[first >> 4];
  if (type === undefined || (type === 'auth' && version !== ProtocolVersion.V5)) {
    throw new MalformedPacketError(`expected a packet type of this version, got ${first >> 4}`);
  }
  return type;
}

/** The reserved flags: 0 but for three packets, which MQTT 3.1 sent with QoS 1. */
export function reservedFlags(type: Exclude<PacketType, 'publish'>): number {
  return type === 'pubrel' || type === 'subscribe' || type === 'unsubscribe' ? 0b0010 : 0; // [MQTT-2.1.3-1] [MQTT-2.2.2-1] 3.1.1
}

export function checkReservedFlags(type: PacketType, flags: number, version: ProtocolVersion): void {
  if (type === 'publish' || version === ProtocolVersion.V31) return; // MQTT 3.1 gives the others' flags no meaning
  const expected = reservedFlags(type);
  if (flags !== expected) {
    // [MQTT-2.1.3-1] [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] [MQTT-3.14.1-1] [MQTT-3.15.1-1]
    // [MQTT-2.2.2-2] 3.1.1 [MQTT-3.6.1-1] 3.1.1 [MQTT-3.8.1-1] 3.1.1 [MQTT-3.10.1-1] 3.1.1 [MQTT-3.14.1-1] 3.1.1
    throw new MalformedPacketError(`expected flags ${expected} in the fixed header of ${type}, got ${flags}`);
  }
}

/** The first byte of a packet. */
export function firstByte(type: PacketType, flags: number): number {
  return (PACKET_TYPES.indexOf(type) << 4) | flags;
}
