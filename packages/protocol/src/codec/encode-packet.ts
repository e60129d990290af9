import type { Packet } from '../packet.ts';
import { variableByteIntegerLength } from '../variable-byte-integer.ts';
import type { ProtocolVersion } from '../version.ts';
import { connackLength, writeConnack } from './connack.ts';
import {
  clientBodyLength,
  remainingLengthOf,
  writeClientBody,
  writeFixedHeader,
} from './encode-client-packet.ts';
import { PacketWriter } from './packet-writer.ts';
import { subackLength, writeSuback } from './suback.ts';
import { unsubackLength, writeUnsuback } from './unsuback.ts';

/**
 * The bytes that the packet takes on the wire, its fixed header included: what a peer's Maximum Packet Size counts.
 *
 * @throws as {@link encodePacket}
 */
export function packetLength(packet: Packet, version: ProtocolVersion): number {
  const length = bodyLength(packet, version);
  return 1 + variableByteIntegerLength(length) + length;
}

/**
 * Encodes a packet in as many bytes as it needs. Before MQTT 5.0, properties are left out, and so are the reason codes
 * of PUBACK, PUBREC, PUBREL, PUBCOMP and UNSUBACK; those of CONNACK and SUBACK become return codes. CONNECT is encoded
 * in its own `protocolVersion`.
 *
 * @throws {TypeError | RangeError} for a packet that this version forbids: what {@link decodePacket} refuses is not written.
 */
export function encodePacket(packet: Packet, version: ProtocolVersion): Uint8Array {
  const length = bodyLength(packet, version);
  const bytes = new Uint8Array(1 + variableByteIntegerLength(length) + length);
  writePacket(packet, version, length, bytes, 0);
  return bytes;
}

/**
 * Encodes a packet into bytes that others have allocated, and returns the offset behind it.
 *
 * @throws {RangeError} when it does not fit; nothing is written then. Otherwise as {@link encodePacket}.
 */
export function encodePacketInto(
  packet: Packet,
  version: ProtocolVersion,
  bytes: Uint8Array,
  offset: number,
): number {
  const length = bodyLength(packet, version);
  const needed = 1 + variableByteIntegerLength(length) + length;
  if (needed > bytes.length - offset) {
    throw new RangeError(`expected room for ${needed} bytes, got ${bytes.length - offset}`);
  }
  return writePacket(packet, version, length, bytes, offset);
}

function writePacket(
  packet: Packet,
  version: ProtocolVersion,
  length: number,
  bytes: Uint8Array,
  offset: number,
): number {
  const writer = new PacketWriter(bytes, offset);
  writeFixedHeader(writer, packet, length);
  writeBody(writer, packet, version);
  return writer.position;
}

/** The Remaining Length. */
function bodyLength(packet: Packet, version: ProtocolVersion): number {
  return remainingLengthOf(checkedBodyLength(packet, version));
}

function checkedBodyLength(packet: Packet, version: ProtocolVersion): number {
  switch (packet.type) {
    case 'connack':
      return connackLength(packet, version);
    case 'suback':
      return subackLength(packet, version);
    case 'unsuback':
      return unsubackLength(packet, version);
    case 'pingresp':
      return 0;
    default:
      return clientBodyLength(packet, version);
  }
}

function writeBody(writer: PacketWriter, packet: Packet, version: ProtocolVersion): void {
  switch (packet.type) {
    case 'connack':
      writeConnack(writer, packet, version);
      return;
    case 'suback':
      writeSuback(writer, packet, version);
      return;
    case 'unsuback':
      writeUnsuback(writer, packet, version);
      return;
    case 'pingresp':
      return;
    default:
      writeClientBody(writer, packet, version);
  }
}
