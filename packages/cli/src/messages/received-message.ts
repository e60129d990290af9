/** A message as the outputs see it, from a server or from a file. */
import type { PublishProperties, Qos } from '@martlet/protocol';

export interface ReceivedMessage {
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly qos: Qos;
  readonly retain: boolean;
  /** Undefined at QoS 0. */
  readonly packetId?: number | undefined;
  /** In the order in which they came; empty before MQTT 5.0. */
  readonly properties: PublishProperties;
}
