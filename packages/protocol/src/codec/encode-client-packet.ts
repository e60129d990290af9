import type { ClientPacket, PublishPacket } from '../packet.ts';
import type { ProtocolVersion } from '../version.ts';
import { writeAcknowledgement } from './acknowledgement.ts';
import { writeAuth } from './auth.ts';
import { writeConnect } from './connect.ts';
import { writeDisconnect } from './disconnect.ts';
import { reservedFlags, writeFixedHeader } from './fixed-header.ts';
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
  return encodeWith(packet.type, publishFlags(packet), (writer) => writePublish(writer, packet, version));
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
  return encodeWith(type, reservedFlags(type), (writer) => writeClientBody(writer, packet, version));
}

/** Counts the packet, and then writes it into as many bytes. */
function encodeWith(
  type: ClientPacket['type'],
  flags: number,
  writeBody: (writer: PacketWriter) => void,
): Uint8Array {
  const counter = new PacketWriter();
  writeBody(counter);
  const remainingLength = counter.position;
  writeFixedHeader(counter, type, flags, remainingLength);
  const bytes = new Uint8Array(counter.position);
  const writer = new PacketWriter(bytes);
  writeFixedHeader(writer, type, flags, remainingLength);
  writeBody(writer);
  return bytes;
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
