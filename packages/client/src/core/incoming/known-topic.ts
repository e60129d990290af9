/** A topic name that messages come with, and who gets them, which is remembered until a subscription changes. */
import { decodeUtf8, refuseInvalidTopicName } from '@martlet/protocol';
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
    refuseInvalidTopicName(topicName, 'Topic Name'); // [MQTT-3.3.2-2] [MQTT-3.3.2-2] 3.1.1
    this.topicName = topicName;
    this.bytes = bytes;
    this.generation = -1;
    this.matching = [];
  }
}
