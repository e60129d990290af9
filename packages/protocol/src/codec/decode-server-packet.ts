import type { PublishPacket, ServerPacket } from '../packet.ts';
import { CONNECT, PINGREQ, PUBLISH, SUBSCRIBE, setOf, UNSUBSCRIBE } from '../packet-set.ts';
import { ProtocolError } from '../protocol-error.ts';
import type { ProtocolVersion } from '../version.ts';
import { decodeConnack } from './connack.ts';
import { checkReservedFlags, packetTypeOf } from './fixed-header.ts';
import { PacketReader } from './packet-reader.ts';
import { decodePublish } from './publish.ts';
import { decodeReasoned } from './reasoned-packet.ts';
import { decodeSuback } from './suback.ts';

export type ServerPacketExceptPublish = Exclude<ServerPacket, PublishPacket>;

/** What no server sends, and PUBLISH. */
const NOT_OURS = CONNECT | PUBLISH | SUBSCRIBE | UNSUBSCRIBE | PINGREQ;

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
  return packetTypeOf(first, version) === 'publish'
    ? decodePublish(new PacketReader(bytes, body, end), first & 0x0f, version)
    : decodeServerPacketExceptPublish(bytes, start, body, end, version);
}

/**
 * The same for a client that reads PUBLISH by itself and never shows one to this function: its bundle needs no second way
 * to do that.
 *
 * @throws {RemoteError} as {@link decodeServerPacket}, and for PUBLISH
 */
export function decodeServerPacketExceptPublish(
  bytes: Uint8Array,
  start: number,
  body: number,
  end: number,
  version: ProtocolVersion,
): ServerPacketExceptPublish {
  const type = packetTypeOf(bytes[start]!, version);
  if ((setOf(type) & NOT_OURS) !== 0) {
    throw new ProtocolError(`expected a packet that a server sends, got ${type}`);
  }
  const reader = new PacketReader(bytes, body, end);
  const packet = decodeServerBody(reader, type as ServerPacketExceptPublish['type'], version);
  checkReservedFlags(type, bytes[start]! & 0x0f, version);
  reader.finish(type);
  if (packet.type === 'disconnect' && packet.properties.sessionExpiryInterval !== undefined) {
    throw new ProtocolError('expected no sessionExpiryInterval in a DISCONNECT of a server'); // [MQTT-3.14.2-2]
  }
  return packet;
}

/** What follows the fixed header of a packet that a server may send, other than PUBLISH. */
export function decodeServerBody(
  reader: PacketReader,
  type: ServerPacketExceptPublish['type'],
  version: ProtocolVersion,
): ServerPacketExceptPublish {
  switch (type) {
    case 'connack':
      return decodeConnack(reader, version);
    case 'suback':
    case 'unsuback':
      return decodeSuback(reader, type, version);
    case 'pingresp':
      return { type };
    default:
      return decodeReasoned(reader, type, version);
  }
}
