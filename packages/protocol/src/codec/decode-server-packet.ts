import type { ServerPacket } from '../packet.ts';
import { ProtocolError } from '../protocol-error.ts';
import type { ProtocolVersion } from '../version.ts';
import { decodeAcknowledgement } from './acknowledgement.ts';
import { decodeAuth } from './auth.ts';
import { decodeConnack } from './connack.ts';
import { decodeDisconnect } from './disconnect.ts';
import { checkReservedFlags, packetTypeOf } from './fixed-header.ts';
import { PacketReader } from './packet-reader.ts';
import { decodePublish } from './publish.ts';
import { decodeSuback } from './suback.ts';
import { decodeUnsuback } from './unsuback.ts';

/** The types that a server may send. */
export type ServerPacketType = ServerPacket['type'];

/**
 * Decodes one whole packet that a server sent: as `decodePacket` with `from: 'server'`, without the code for what only
 * clients send, which a client's bundle then does without.
 *
 * @param start where its fixed header begins
 * @param body where its variable header begins
 * @param end where it ends (exclusive)
 * @param version of the connection
 * @throws {RemoteError} for everything that this version forbids, and for a packet that only clients send. Nothing else is
 * thrown, whatever the bytes.
 */
export function decodeServerPacket(
  bytes: Uint8Array,
  start: number,
  body: number,
  end: number,
  version: ProtocolVersion,
): ServerPacket {
  const first = bytes[start]!;
  const type = packetTypeOf(first, version);
  const flags = first & 0x0f;
  if (type === 'connect' || type === 'subscribe' || type === 'unsubscribe' || type === 'pingreq') {
    throw new ProtocolError(`expected a packet that a server sends, got ${type}`);
  }
  const reader = new PacketReader(bytes, body, end);
  const packet = decodeServerBody(reader, type, flags, version);
  checkReservedFlags(type, flags, version);
  reader.finish(type);
  if (packet.type === 'disconnect' && packet.properties.sessionExpiryInterval !== undefined) {
    throw new ProtocolError('expected no sessionExpiryInterval in a DISCONNECT of a server'); // [MQTT-3.14.2-2]
  }
  return packet;
}

/** What follows the fixed header of a packet that a server may send. */
export function decodeServerBody(
  reader: PacketReader,
  type: ServerPacketType,
  flags: number,
  version: ProtocolVersion,
): ServerPacket {
  switch (type) {
    case 'connack':
      return decodeConnack(reader, version);
    case 'publish':
      return decodePublish(reader, flags, version);
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return decodeAcknowledgement(reader, type, version);
    case 'suback':
      return decodeSuback(reader, version);
    case 'unsuback':
      return decodeUnsuback(reader, version);
    case 'pingresp':
      return { type };
    case 'disconnect':
      return decodeDisconnect(reader, version);
    case 'auth':
      return decodeAuth(reader);
  }
}
