import type { DecodeOptions, Packet, ProtocolVersion } from '@martlet/protocol';
import {
  decodePacket,
  MalformedPacketError,
  readVariableByteInteger,
  variableByteIntegerLength,
} from '@martlet/protocol';

/** Decodes bytes that are one whole packet, its fixed header included. */
export function decodeWhole(bytes: Uint8Array, version: ProtocolVersion, options?: DecodeOptions): Packet {
  const length = readVariableByteInteger(bytes, 1, bytes.length);
  const body = 1 + variableByteIntegerLength(length);
  if (body + length !== bytes.length) throw new MalformedPacketError('not one whole packet');
  return decodePacket(bytes, 0, body, bytes.length, version, options);
}
