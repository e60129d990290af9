/** A message as the application gets it. */

import type { PublishProperties } from '@martlet/protocol';
import { decodeForwardableProperties } from '@martlet/protocol';
import type { Message, QoS } from '../core/publish/message.ts';

export interface ReceivedMessage {
  readonly topicName: string;
  /** Shared with other recipients: not to be changed. */
  readonly payload: Uint8Array;
  /** As published. */
  readonly qos: QoS;
  /** It was retained before the subscription was made. */
  readonly retained: boolean;
  readonly properties: PublishProperties;
  /** The payload as UTF-8. */
  text(): string;
  /** The payload as JSON. @throws {SyntaxError} */
  json(): unknown;
}

const decoder = new TextDecoder();

export function receivedMessage(message: Message, retained: boolean): ReceivedMessage {
  const { topic, payload, qos, properties } = message;
  return {
    topicName: topic.name,
    payload,
    qos,
    retained,
    get properties() {
      return decodeForwardableProperties(properties);
    },
    text: () => decoder.decode(payload),
    json: () => JSON.parse(decoder.decode(payload)),
  };
}
