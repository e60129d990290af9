import type { ClientPacket, PublishPacket } from '../packet.ts';
import type { ProtocolVersion } from '../version.ts';
import { writeConnect } from './connect.ts';
import { firstByte, reservedFlags } from './fixed-header.ts';
import { PacketWriter } from './packet-writer.ts';
import { publishFlags, writePublish } from './publish.ts';
import { writeReasoned } from './reasoned-packet.ts';
import { writeSubscribe } from './subscribe.ts';

export type ClientPacketExceptPublish = Exclude<ClientPacket, PublishPacket>;

/**
 * Encodes a packet that a client sends: as `encodePacket`, without the code for what only servers send, which a client's
 * bundle then does without.
 *
 * @throws {TypeError | RangeError} for a packet that this version forbids
 */
export function encodeClientPacket(packet: ClientPacket, version: ProtocolVersion): Uint8Array {
  if (packet.type !== 'publish') return encodeClientPacketExceptPublish(packet, version);
  const writer = new PacketWriter();
  writer.byte(firstByte(packet.type, publishFlags(packet)));
  writer.beginLength();
  writePublish(writer, packet, version);
  return withPayload(writer, packet.payload);
}

/** The bytes of a packet that lacks its length, and its payload. */
export function withPayload(writer: PacketWriter, payload: Uint8Array): Uint8Array {
  writer.endLength(1, 'Remaining Length', payload.length);
  const head = writer.copy();
  if (payload.length === 0) return head;
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}

/**
 * The same for a client that writes PUBLISH by itself: its bundle needs no second way to do that.
 *
 * @throws {TypeError | RangeError} for a packet that this version forbids
 */
export function encodeClientPacketExceptPublish(
  packet: ClientPacketExceptPublish,
  version: ProtocolVersion,
): Uint8Array {
  const { type } = packet;
  const writer = new PacketWriter();
  writer.byte(firstByte(type, reservedFlags(type)));
  writer.beginLength();
  writeClientBody(writer, packet, version);
  writer.endLength(1, 'Remaining Length');
  return writer.copy();
}

/** What follows the fixed header. */
export function writeClientBody(
  writer: PacketWriter,
  packet: ClientPacketExceptPublish,
  version: ProtocolVersion,
): void {
  switch (packet.type) {
    case 'connect':
      writeConnect(writer, packet);
      return;
    case 'subscribe':
    case 'unsubscribe':
      writeSubscribe(writer, packet, version);
      return;
    case 'pingreq':
      return;
    default:
      writeReasoned(writer, packet, version);
  }
}
