/** Reason String and User Properties, by which a server explains a problem. */
import type { ServerPacketExceptPublish } from '@martlet/protocol';
import { ProtocolError } from '@martlet/protocol';

/**
 * Who did not ask for it gets it in PUBLISH, CONNACK and DISCONNECT only. [MQTT-3.1.2-29]
 * @throws {ProtocolError}
 */
export function refuseProblemInformation(packet: ServerPacketExceptPublish): void {
  const { type } = packet;
  if (type === 'connack' || type === 'disconnect' || type === 'pingresp') return;
  const { properties } = packet;
  if (!('reasonString' in properties || 'userProperties' in properties)) return;
  throw new ProtocolError(`expected no problem information in ${type}, got some`);
}
