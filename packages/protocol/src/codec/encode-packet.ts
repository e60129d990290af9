import type { Packet } from '../packet.ts';
import type { ProtocolVersion } from '../version.ts';
import { writeConnack } from './connack.ts';
import { withPayload, writeClientBody } from './encode-client-packet.ts';
import { firstByte, reservedFlags } from './fixed-header.ts';
import { PacketWriter } from './packet-writer.ts';
import { publishFlags, writePublish } from './publish.ts';
import { writeSuback } from './suback.ts';

const NO_PAYLOAD: Uint8Array = /* @__PURE__ */ new Uint8Array(0);

/**
 * The bytes that the packet takes on the wire, its fixed header included: what a peer's Maximum Packet Size counts.
 *
 * @throws as {@link encodePacket}
 */
export function packetLength(packet: Packet, version: ProtocolVersion): number {
  const writer = writeHead(packet, version);
  const { length } = payloadOf(packet);
  writer.endLength(1, 'Remaining Length', length);
  return writer.position + length;
}

/**
 * Encodes a packet in as many bytes as it needs. Before MQTT 5.0, properties are left out, and so are the reason codes
 * of PUBACK, PUBREC, PUBREL, PUBCOMP and UNSUBACK; those of CONNACK and SUBACK become return codes. CONNECT is encoded
 * in its own `protocolVersion`.
 *
 * @throws {TypeError | RangeError} for a packet that this version forbids: what {@link decodePacket} refuses is not written.
 */
export function encodePacket(packet: Packet, version: ProtocolVersion): Uint8Array {
  return withPayload(writeHead(packet, version), payloadOf(packet));
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
  const encoded = encodePacket(packet, version);
  if (encoded.length > bytes.length - offset) {
    throw new RangeError(`expected room for ${encoded.length} bytes, got ${bytes.length - offset}`);
  }
  bytes.set(encoded, offset);
  return offset + encoded.length;
}

/** Everything but the payload, and the length behind the first byte. */
function writeHead(packet: Packet, version: ProtocolVersion): PacketWriter {
  const { type } = packet;
  const writer = new PacketWriter();
  writer.byte(firstByte(type, type === 'publish' ? publishFlags(packet) : reservedFlags(type)));
  writer.beginLength();
  writeBody(writer, packet, version);
  return writer;
}

function payloadOf(packet: Packet): Uint8Array {
  return packet.type === 'publish' ? packet.payload : NO_PAYLOAD;
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
    case 'unsuback':
      writeSuback(writer, packet, version);
      return;
    case 'pingresp':
      return;
    default:
      writeClientBody(writer, packet, version);
  }
}
