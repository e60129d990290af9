/** What the application that embeds the broker publishes: no packet, but checked like one. */
import type { PublishProperties } from '@martlet/protocol';
import { ProtocolVersion, packetLength } from '@martlet/protocol';
import type { QoS } from './message.ts';

/** A message of the application. */
export interface LocalPublish {
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties: PublishProperties;
}

/**
 * To measure it as the packet that it would be checks every field of it.
 * @param maximumPacketSize bytes
 * @throws {TypeError | RangeError} for what no client could publish either
 */
export function checkLocalPublish(message: LocalPublish, maximumPacketSize: number): void {
  const { topicName, payload, qos, retain, properties } = message;
  if (typeof retain !== 'boolean') throw new TypeError(`expected a boolean as retain, got ${typeof retain}`);
  const packetId = qos === 0 ? 0 : 1;
  const length = packetLength(
    { type: 'publish', topicName, payload, qos, retain, dup: false, packetId, properties },
    ProtocolVersion.V5,
  );
  if (length <= maximumPacketSize) return;
  throw new RangeError(
    `expected a message of at most ${maximumPacketSize} bytes (limit maximumPacketSize), got ${length}`,
  );
}
