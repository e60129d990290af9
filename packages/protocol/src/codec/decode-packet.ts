import type { Packet } from '../packet.ts';
import type { PacketType } from '../packet-type.ts';
import { ProtocolError } from '../protocol-error.ts';
import type { ProtocolVersion } from '../version.ts';
import { decodeConnect } from './connect.ts';
import { decodeServerBody, decodeServerPacket } from './decode-server-packet.ts';
import { checkReservedFlags, packetTypeOf } from './fixed-header.ts';
import { PacketReader } from './packet-reader.ts';
import { decodePublish } from './publish.ts';
import { decodeSubscribe, decodeUnsubscribe } from './subscribe.ts';

export interface DecodeOptions {
  /**
   * Who sent it, if only what that side may send is to be accepted.
   * @default undefined: either
   */
  readonly from?: 'client' | 'server';
}

const EITHER: Readonly<DecodeOptions> = {};

/**
 * Decodes one whole packet.
 *
 * Byte fields of the result (payload, password, correlation data, …) are views of `bytes`: whoever keeps one longer than
 * the bytes stay as they are takes a copy. Strings are copies.
 *
 * @param start where its fixed header begins
 * @param body where its variable header begins
 * @param end where it ends (exclusive)
 * @param version of the connection; CONNECT carries its own
 * @throws {RemoteError} for everything that this version forbids: a {@link MalformedPacketError}, a
 * {@link ProtocolError}, or for CONNECT an {@link UnsupportedProtocolVersionError}. Nothing else is thrown, whatever the bytes.
 */
export function decodePacket(
  bytes: Uint8Array,
  start: number,
  body: number,
  end: number,
  version: ProtocolVersion,
  options: DecodeOptions = EITHER,
): Packet {
  if (options.from === 'server') return decodeServerPacket(bytes, start, body, end, version);
  const first = bytes[start]!;
  const type = packetTypeOf(first, version);
  const flags = first & 0x0f;
  const fromClient = options.from === 'client';
  if (fromClient && (type === 'connack' || type === 'suback' || type === 'unsuback' || type === 'pingresp')) {
    throw new ProtocolError(`expected a packet that a client sends, got ${type}`);
  }
  const reader = new PacketReader(bytes, body, end);
  const packet = decodeBody(reader, type, flags, version);
  checkReservedFlags(type, flags, packet.type === 'connect' ? packet.protocolVersion : version);
  reader.finish(type);
  if (fromClient && packet.type === 'publish' && packet.properties.subscriptionIdentifiers !== undefined) {
    throw new ProtocolError('expected no Subscription Identifier in a PUBLISH from a client'); // [MQTT-3.3.4-6]
  }
  return packet;
}

function decodeBody(reader: PacketReader, type: PacketType, flags: number, version: ProtocolVersion): Packet {
  switch (type) {
    case 'connect':
      return decodeConnect(reader);
    case 'publish':
      return decodePublish(reader, flags, version);
    case 'subscribe':
      return decodeSubscribe(reader, version);
    case 'unsubscribe':
      return decodeUnsubscribe(reader, version);
    case 'pingreq':
      return { type };
    default:
      return decodeServerBody(reader, type, version);
  }
}
