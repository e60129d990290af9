/** Packets for tests, with what most tests leave as it is filled in. */
import type {
  AcknowledgementProperties,
  ConnectPacket,
  Packet,
  PubackPacket,
  PubcompPacket,
  PublishPacket,
  PubrecPacket,
  PubrelPacket,
  ReasonCode,
} from '@martlet/protocol';
import { encodePacket, ProtocolVersion } from '@martlet/protocol';
import { bytesOf } from './world.ts';

export function connectPacket(options: Partial<ConnectPacket> = {}): ConnectPacket {
  return {
    type: 'connect',
    protocolVersion: ProtocolVersion.V5,
    clientId: 'c',
    cleanStart: true,
    keepAlive: 0,
    properties: {},
    ...options,
  };
}

export function publishPacket(
  topicName: string,
  payload: string | Uint8Array,
  options: Partial<PublishPacket> = {},
): PublishPacket {
  return {
    type: 'publish',
    topicName,
    payload: typeof payload === 'string' ? bytesOf(payload) : payload,
    qos: 0,
    retain: false,
    dup: false,
    packetId: 0,
    properties: {},
    ...options,
  };
}

type Acknowledgement = PubackPacket | PubrecPacket | PubrelPacket | PubcompPacket;

export function acknowledgement<Type extends Acknowledgement['type']>(
  type: Type,
  packetId: number,
  reasonCode: ReasonCode = 0,
  properties: AcknowledgementProperties = {},
): Extract<Acknowledgement, { readonly type: Type }> {
  return { type, packetId, reasonCode, properties } as Extract<Acknowledgement, { readonly type: Type }>;
}

/** Packets as one chunk of bytes. */
export function encodedPackets(version: ProtocolVersion, packets: readonly Packet[]): Uint8Array {
  const encoded = packets.map((packet) => encodePacket(packet, version));
  const bytes = new Uint8Array(encoded.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const each of encoded) {
    bytes.set(each, at);
    at += each.length;
  }
  return bytes;
}
