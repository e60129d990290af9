/**
 * The topic names of messages that arrive, known by their bytes: for a name seen before no string is made, nothing is
 * checked again, and who gets its messages is remembered until a subscription changes.
 */
import { checkTopicName, decodeUtf8, ProtocolError, ReasonCode } from '@martlet/protocol';
import type { ServerSubscription } from '../subscriptions/server-subscription.ts';

/** Names remembered; then all are forgotten, so that names that come once do not stay. */
const MAXIMUM_TOPICS = 4096;
/** Bytes; longer names are not remembered. */
const MAXIMUM_NAME_BYTES = 1024;

export class KnownTopic {
  readonly topicName: string;
  readonly bytes: Uint8Array;
  /** Of the subscriptions when `matching` was looked up; -1 when it has not been. */
  generation: number;
  matching: readonly ServerSubscription[];

  constructor(topicName: string, bytes: Uint8Array) {
    this.topicName = topicName;
    this.bytes = bytes;
    this.generation = -1;
    this.matching = [];
  }
}

export class TopicCache {
  /** One name per hash: another one with the same hash takes its place. */
  readonly #byHash: Map<number, KnownTopic> = new Map();

  /**
   * The topic whose name is in `bytes[start, end)`.
   * @throws {RemoteError} when it is no topic name.
   */
  find(bytes: Uint8Array, start: number, end: number): KnownTopic {
    let hash = 0;
    for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    const known = this.#byHash.get(hash);
    if (known !== undefined && isEqual(known.bytes, bytes, start, end)) return known;
    const topicName = decodeUtf8(bytes, start, end);
    const problem = checkTopicName(topicName, Number.POSITIVE_INFINITY);
    if (problem !== null) {
      // [MQTT-3.3.2-2] [MQTT-3.3.2-2] 3.1.1
      throw new ProtocolError(
        `expected a topic name as Topic Name, got one that is ${problem}`,
        ReasonCode.TopicNameInvalid,
      );
    }
    const topic = new KnownTopic(topicName, bytes.slice(start, end));
    if (end - start > MAXIMUM_NAME_BYTES) return topic;
    if (this.#byHash.size >= MAXIMUM_TOPICS) this.#byHash.clear();
    this.#byHash.set(hash, topic);
    return topic;
  }
}

function isEqual(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false;
  return true;
}
