import type {
  AcknowledgementPacket,
  AcknowledgementProperties,
  AuthPacket,
  ConnackPacket,
  DisconnectPacket,
  Packet,
  SubackPacket,
  UnsubackPacket,
} from '../packet.ts';
import type { ProtocolVersion } from '../version.ts';
import { packetLength } from './encode-packet.ts';

/** The packets that may carry a Reason String and User Properties about themselves. */
export type AnswerPacket =
  | ConnackPacket
  | AcknowledgementPacket
  | SubackPacket
  | UnsubackPacket
  | DisconnectPacket
  | AuthPacket;

/**
 * The packet with as much of what only explains it as the peer's Maximum Packet Size has room for: all of it, or without
 * User Properties, or without a Reason String, or without both. `undefined` when even that is too large, and the packet must
 * not be sent.
 */
export function fitPacket<Kind extends AnswerPacket>(
  packet: Kind,
  version: ProtocolVersion,
  maximumPacketSize: number,
): Kind | undefined {
  const fits = (candidate: Packet): boolean => packetLength(candidate, version) <= maximumPacketSize;
  if (fits(packet)) return packet;
  const { userProperties, ...withReasonString } = packet.properties as AcknowledgementProperties;
  const { reasonString, ...withUserProperties } = packet.properties as AcknowledgementProperties;
  const { reasonString: _, ...bare } = withReasonString;
  // User Properties: [MQTT-3.2.2-20] [MQTT-3.4.2-3] [MQTT-3.5.2-3] [MQTT-3.6.2-3] [MQTT-3.7.2-3] [MQTT-3.9.2-2]
  // [MQTT-3.11.2-2] [MQTT-3.14.2-4] [MQTT-3.15.2-3]
  // Reason String: [MQTT-3.2.2-19] [MQTT-3.4.2-2] [MQTT-3.5.2-2] [MQTT-3.6.2-2] [MQTT-3.7.2-2] [MQTT-3.9.2-1]
  // [MQTT-3.11.2-1] [MQTT-3.14.2-3] [MQTT-3.15.2-2]
  return [withReasonString, withUserProperties, bare]
    .map((properties) => ({ ...packet, properties }))
    .find(fits);
}
