import type { Packet } from '../packet.ts';
import type { ProtocolVersion } from '../version.ts';
import { writeConnack } from './connack.ts';
import { writeClientBody } from './encode-client-packet.ts';
import { reservedFlags, writeFixedHeader } from './fixed-header.ts';
import { PacketWriter } from './packet-writer.ts';
import { publishFlags, writePublish } from './publish.ts';
import { writeSuback } from './suback.ts';
import { writeUnsuback } from './unsuback.ts';

/**
 * The bytes that the packet takes on the wire, its fixed header included: what a peer's Maximum Packet Size counts.
 *
 * @throws as {@link encodePacket}
 */
export function packetLength(packet: Packet, version: ProtocolVersion): number {
  const counter = countBody(packet, version);
  writeFixedHeader(counter, packet.type, flagsOf(packet), counter.position);
  return counter.position;
}

/**
 * Encodes a packet in as many bytes as it needs. Before MQTT 5.0, properties are left out, and so are the reason codes
 * of PUBACK, PUBREC, PUBREL, PUBCOMP and UNSUBACK; those of CONNACK and SUBACK become return codes. CONNECT is encoded
 * in its own `protocolVersion`.
 *
 * @throws {TypeError | RangeError} for a packet that this version forbids: what {@link decodePacket} refuses is not written.
 */
export function encodePacket(packet: Packet, version: ProtocolVersion): Uint8Array {
  const counter = countBody(packet, version);
  const remainingLength = counter.position;
  writeFixedHeader(counter, packet.type, flagsOf(packet), remainingLength);
  const bytes = new Uint8Array(counter.position);
  writePacket(packet, version, remainingLength, bytes, 0);
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
  const counter = countBody(packet, version);
  const remainingLength = counter.position;
  writeFixedHeader(counter, packet.type, flagsOf(packet), remainingLength);
  if (counter.position > bytes.length - offset) {
    throw new RangeError(`expected room for ${counter.position} bytes, got ${bytes.length - offset}`);
  }
  return writePacket(packet, version, remainingLength, bytes, offset);
}

function countBody(packet: Packet, version: ProtocolVersion): PacketWriter {
  const counter = new PacketWriter();
  writeBody(counter, packet, version);
  return counter;
}

function writePacket(
  packet: Packet,
  version: ProtocolVersion,
  remainingLength: number,
  bytes: Uint8Array,
  offset: number,
): number {
  const writer = new PacketWriter(bytes, offset);
  writeFixedHeader(writer, packet.type, flagsOf(packet), remainingLength);
  writeBody(writer, packet, version);
  return writer.position;
}

function flagsOf(packet: Packet): number {
  return packet.type === 'publish' ? publishFlags(packet) : reservedFlags(packet.type);
}

function writeBody(writer: PacketWriter, packet: Packet, version: ProtocolVersion): void {
  switch (packet.type) {
    case 'publish':
      writePublish(writer, packet, version);
      return;
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
