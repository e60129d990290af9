import type { ClientPacket } from '../packet.ts';
import type { ProtocolVersion } from '../version.ts';
import { writeAcknowledgement } from './acknowledgement.ts';
import { writeAuth } from './auth.ts';
import { writeConnect } from './connect.ts';
import { writeDisconnect } from './disconnect.ts';
import { writeFixedHeader } from './fixed-header.ts';
import { PacketWriter } from './packet-writer.ts';
import { writePublish } from './publish.ts';
import { writeSubscribe } from './subscribe.ts';
import { writeUnsubscribe } from './unsubscribe.ts';

/**
 * Encodes a packet that a client sends: as `encodePacket`, without the code for what only servers send, which a client's
 * bundle then does without.
 *
 * @throws {TypeError | RangeError} for a packet that this version forbids
 */
export function encodeClientPacket(packet: ClientPacket, version: ProtocolVersion): Uint8Array {
  const counter = new PacketWriter();
  writeClientBody(counter, packet, version);
  const remainingLength = counter.position;
  writeFixedHeader(counter, packet, remainingLength);
  const bytes = new Uint8Array(counter.position);
  const writer = new PacketWriter(bytes);
  writeFixedHeader(writer, packet, remainingLength);
  writeClientBody(writer, packet, version);
  return bytes;
}

/** What follows the fixed header. */
export function writeClientBody(writer: PacketWriter, packet: ClientPacket, version: ProtocolVersion): void {
  switch (packet.type) {
    case 'connect':
      writeConnect(writer, packet);
      return;
    case 'publish':
      writePublish(writer, packet, version);
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
