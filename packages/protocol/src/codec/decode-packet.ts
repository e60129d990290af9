import type { Packet } from '../packet.ts';
import type { PacketType } from '../packet-type.ts';
import { PACKET_TYPES } from '../packet-type.ts';
import { MalformedPacketError, ProtocolError } from '../protocol-error.ts';
import { ProtocolVersion } from '../version.ts';
import { decodeAcknowledgement } from './acknowledgement.ts';
import { decodeAuth } from './auth.ts';
import { decodeConnack } from './connack.ts';
import { decodeConnect } from './connect.ts';
import { decodeDisconnect } from './disconnect.ts';
import { mayBeSentBy, reservedFlags } from './fixed-header.ts';
import { PacketReader } from './packet-reader.ts';
import { decodePublish } from './publish.ts';
import { decodeSuback } from './suback.ts';
import { decodeSubscribe } from './subscribe.ts';
import { decodeUnsuback } from './unsuback.ts';
import { decodeUnsubscribe } from './unsubscribe.ts';

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
  const first = bytes[start]!;
  const type = PACKET_TYPES[first >> 4];
  if (type === undefined || (type === 'auth' && version !== ProtocolVersion.V5)) {
    throw new MalformedPacketError(`expected a packet type of this version, got ${first >> 4}`);
  }
  if (options.from !== undefined && !mayBeSentBy(type, options.from)) {
    throw new ProtocolError(`expected a packet that a ${options.from} sends, got ${type}`);
  }
  const flags = first & 0x0f;
  const reader = new PacketReader(bytes, body, end);
  const packet = decodeBody(reader, type, flags, version, options.from);
  checkReservedFlags(type, flags, packet.type === 'connect' ? packet.protocolVersion : version);
  if (reader.remaining > 0) {
    throw new MalformedPacketError(`expected the end of ${type}, got ${reader.remaining} more bytes`);
  }
  return packet;
}

function checkReservedFlags(type: PacketType, flags: number, version: ProtocolVersion): void {
  if (type === 'publish' || version === ProtocolVersion.V31) return; // MQTT 3.1 gives the others' flags no meaning
  const expected = reservedFlags(type);
  if (flags !== expected) {
    // [MQTT-2.1.3-1] [MQTT-3.6.1-1] [MQTT-3.8.1-1] [MQTT-3.10.1-1] [MQTT-3.14.1-1] [MQTT-3.15.1-1]
    // [MQTT-2.2.2-2] 3.1.1 [MQTT-3.6.1-1] 3.1.1 [MQTT-3.8.1-1] 3.1.1 [MQTT-3.10.1-1] 3.1.1 [MQTT-3.14.1-1] 3.1.1
    throw new MalformedPacketError(`expected flags ${expected} in the fixed header of ${type}, got ${flags}`);
  }
}

function decodeBody(
  reader: PacketReader,
  type: PacketType,
  flags: number,
  version: ProtocolVersion,
  from: 'client' | 'server' | undefined,
): Packet {
  switch (type) {
    case 'connect':
      return decodeConnect(reader);
    case 'connack':
      return decodeConnack(reader, version);
    case 'publish':
      return decodePublish(reader, flags, version, from);
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return decodeAcknowledgement(reader, type, version);
    case 'subscribe':
      return decodeSubscribe(reader, version);
    case 'suback':
      return decodeSuback(reader, version);
    case 'unsubscribe':
      return decodeUnsubscribe(reader, version);
    case 'unsuback':
      return decodeUnsuback(reader, version);
    case 'pingreq':
    case 'pingresp':
      return { type };
    case 'disconnect':
      return decodeDisconnect(reader, version, from);
    case 'auth':
      return decodeAuth(reader);
  }
}
