import type { ClientPacket, PublishPacket } from '../packet.ts';
import type { ProtocolVersion } from '../version.ts';
import { writeAcknowledgement } from './acknowledgement.ts';
import { writeAuth } from './auth.ts';
import { writeConnect } from './connect.ts';
import { writeDisconnect } from './disconnect.ts';
import { firstByte, reservedFlags } from './fixed-header.ts';
import { PacketWriter } from './packet-writer.ts';
import { publishFlags, writePublish } from './publish.ts';
import { writeSubscribe } from './subscribe.ts';
import { writeUnsubscribe } from './unsubscribe.ts';

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
  if (payload.length === 0) return writer.copy();
  const bytes = new Uint8Array(writer.position + payload.length);
  bytes.set(writer.bytes);
  bytes.set(payload, writer.position);
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
  return writer.bytes;
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
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      writeAcknowledgement(writer, packet, version);
      return;
    case 'subscribe':
      writeSubscribe(writer, packet, version);
      return;
    case 'unsubscribe':
      writeUnsubscribe(writer, packet, version);
      return;
    case 'pingreq':
      return;
    case 'disconnect':
      writeDisconnect(writer, packet, version);
      return;
    case 'auth':
      writeAuth(writer, packet, version);
  }
}
