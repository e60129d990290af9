/** A topic name that messages come with, and who gets them, which is remembered until a subscription changes. */
import { checkTopicName, decodeUtf8, ProtocolError, ReasonCode } from '@martlet/protocol';
import type { ServerSubscription } from '../subscriptions/server-subscription.ts';

export class KnownTopic {
  readonly topicName: string;
  readonly bytes: Uint8Array;
  /** Of the subscriptions when `matching` was looked up; -1 when it has not been. */
  generation: number;
  matching: readonly ServerSubscription[];

  /** @throws {RemoteError} when the bytes are no topic name */
  constructor(bytes: Uint8Array) {
    const topicName = decodeUtf8(bytes, 0, bytes.length);
    const problem = checkTopicName(topicName, Number.POSITIVE_INFINITY);
    if (problem !== null) {
      // [MQTT-3.3.2-2] [MQTT-3.3.2-2] 3.1.1
      throw new ProtocolError(
        `expected a topic name as Topic Name, got one that is ${problem}`,
        ReasonCode.TopicNameInvalid,
      );
    }
    this.topicName = topicName;
    this.bytes = bytes;
    this.generation = -1;
    this.matching = [];
  }
}
