import type { ClientPacket, Packet } from '../packet.ts';
import { MAXIMUM_VARIABLE_BYTE_INTEGER, variableByteIntegerLength } from '../variable-byte-integer.ts';
import type { ProtocolVersion } from '../version.ts';
import { acknowledgementLength, writeAcknowledgement } from './acknowledgement.ts';
import { authLength, writeAuth } from './auth.ts';
import { connectLength, writeConnect } from './connect.ts';
import { disconnectLength, writeDisconnect } from './disconnect.ts';
import { controlPacketTypeOf, reservedFlags } from './fixed-header.ts';
import { PacketWriter } from './packet-writer.ts';
import { publishFlags, publishLength, writePublish } from './publish.ts';
import { subscribeLength, writeSubscribe } from './subscribe.ts';
import { unsubscribeLength, writeUnsubscribe } from './unsubscribe.ts';

/**
 * Encodes a packet that a client sends: as `encodePacket`, without the code for what only servers send, which a client's
 * bundle then does without.
 *
 * @throws {TypeError | RangeError} for a packet that this version forbids
 */
export function encodeClientPacket(packet: ClientPacket, version: ProtocolVersion): Uint8Array {
  const length = remainingLengthOf(clientBodyLength(packet, version));
  const bytes = new Uint8Array(1 + variableByteIntegerLength(length) + length);
  const writer = new PacketWriter(bytes, 0);
  writeFixedHeader(writer, packet, length);
  writeClientBody(writer, packet, version);
  return bytes;
}

/** The length of a packet's body as Remaining Length. @throws {RangeError} when that cannot say it. */
export function remainingLengthOf(bodyLength: number): number {
  if (bodyLength > MAXIMUM_VARIABLE_BYTE_INTEGER) {
    throw new RangeError(
      `expected a packet of at most ${MAXIMUM_VARIABLE_BYTE_INTEGER} bytes, got ${bodyLength}`,
    );
  }
  return bodyLength;
}

export function writeFixedHeader(writer: PacketWriter, packet: Packet, length: number): void {
  const flags = packet.type === 'publish' ? publishFlags(packet) : reservedFlags(packet.type);
  writer.byte((controlPacketTypeOf(packet.type) << 4) | flags);
  writer.variableByteInteger(length);
}

/** The bytes behind the fixed header, every value checked. */
export function clientBodyLength(packet: ClientPacket, version: ProtocolVersion): number {
  switch (packet.type) {
    case 'connect':
      return connectLength(packet);
    case 'publish':
      return publishLength(packet, version);
    case 'puback':
    case 'pubrec':
    case 'pubrel':
    case 'pubcomp':
      return acknowledgementLength(packet, version);
    case 'subscribe':
      return subscribeLength(packet, version);
    case 'unsubscribe':
      return unsubscribeLength(packet, version);
    case 'pingreq':
      return 0;
    case 'disconnect':
      return disconnectLength(packet, version);
    case 'auth':
      return authLength(packet, version);
  }
}

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
      writeAuth(writer, packet);
  }
}
