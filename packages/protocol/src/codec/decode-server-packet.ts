import type { ServerPacket } from '../packet.ts';
import type { PacketType } from '../packet-type.ts';
import { PACKET_TYPES } from '../packet-type.ts';
import { MalformedPacketError, ProtocolError } from '../protocol-error.ts';
import { ProtocolVersion } from '../version.ts';
import { decodeAcknowledgement } from './acknowledgement.ts';
import { decodeAuth } from './auth.ts';
import { decodeConnack } from './connack.ts';
import { decodeDisconnect } from './disconnect.ts';
import { reservedFlags } from './fixed-header.ts';
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
  const reader = new PacketReader(bytes, body, end);
  switch (type) {
    case 'connect':
    case 'subscribe':
    case 'unsubscribe':
    case 'pingreq':
      throw new ProtocolError(`expected a packet that a server sends, got ${type}`);
    default: {
      const packet = decodeServerBody(reader, type, first & 0x0f, version, 'server');
      checkEnd(reader, type, first & 0x0f, version);
      return packet;
    }
  }
}

/** The type of a packet by its first byte. */
export function packetTypeOf(first: number, version: ProtocolVersion): PacketType {
  const type = PACKET_TYPES[first >> 4];
  if (type === undefined || (type === 'auth' && version !== ProtocolVersion.V5)) {
    throw new MalformedPacketError(`expected a packet type of this version, got ${first >> 4}`);
  }
  return type;
}

/** What follows the fixed header of a packet that a server may send, `from` whichever side it came. */
export function decodeServerBody(
  reader: PacketReader,
  type: ServerPacketType,
  flags: number,
  version: ProtocolVersion,
  from: 'client' | 'server' | undefined,
): ServerPacket {
  switch (type) {
    case 'connack':
      return decodeConnack(reader, version);
    case 'publish':
      return decodePublish(reader, flags, version, from);
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
      return decodeDisconnect(reader, version, from);
    case 'auth':
      return decodeAuth(reader);
  }
}

/** What is left to check when a packet's fields are read: the flags of its fixed header, and that nothing follows. */
export function checkEnd(
  reader: PacketReader,
  type: PacketType,
  flags: number,
  version: ProtocolVersion,
): void {
  // MQTT 3.1 gives the others' flags no meaning.
  if (type !== 'publish' && version !== ProtocolVersion.V31 && flags !== reservedFlags(type)) {
    // [MQTT-2.1.3-1] [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] [MQTT-3.14.1-1] [MQTT-3.15.1-1]
    // [MQTT-2.2.2-2] 3.1.1 [MQTT-3.6.1-1] 3.1.1 [MQTT-3.8.1-1] 3.1.1 [MQTT-3.10.1-1] 3.1.1 [MQTT-3.14.1-1] 3.1.1
    throw new MalformedPacketError(
      `expected flags ${reservedFlags(type)} in the fixed header of ${type}, got ${flags}`,
    );
  }
  if (reader.remaining > 0) {
    throw new MalformedPacketError(`expected the end of ${type}, got ${reader.remaining} more bytes`);
  }
}
