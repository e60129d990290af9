/**
 * The topics that clients publish to, found by the bytes of their names or by alias.
 */
import { MalformedPacketError, ProtocolError, ReasonCode, TOPIC_PROBLEMS } from '@martlet/protocol';
import type { ConnectionInput } from '../connection/connection-input.ts';
import type { Limits } from '../options/limits.ts';
import type { Topic, TopicTable } from '../topics/topic-table.ts';

export class IncomingTopics {
  readonly #topics: TopicTable;
  readonly #limits: Limits;

  constructor(topics: TopicTable, limits: Limits) {
    this.#topics = topics;
    this.#limits = limits;
  }

  /** The topic that a PUBLISH names, by its name or by an alias that it introduced before. */
  of(client: ConnectionInput, bytes: Uint8Array, start: number, end: number, alias: number): Topic {
    if (alias > client.topicAliasMaximum) {
      throw new ProtocolError(
        `PUBLISH has Topic Alias ${alias}, expected at most ${client.topicAliasMaximum}`,
        ReasonCode.TopicAliasInvalid, // [MQTT-3.3.2-9] [MQTT-3.2.2-17] [MQTT-3.2.2-18]
      );
    }
    if (end > start) {
      const { mount } = client.output;
      if (mount !== null) {
        const under = mount.under(bytes, start, end);
        return this.intern(under, 0, under.length);
      }
      const last = client.lastTopic;
      return last?.equals(bytes, start, end) ? last : this.intern(bytes, start, end);
    }
    if (alias === 0) {
      throw new ProtocolError('PUBLISH has an empty topic name and no Topic Alias'); // [MQTT-4.7.3-1]
    }
    const topic = client.topicOfAlias(alias);
    if (topic === undefined) {
      throw new ProtocolError(
        `PUBLISH has Topic Alias ${alias}, which was not introduced on this connection`,
      ); // [MQTT-3.3.2-7]
    }
    return topic;
  }

  /** The topic of a name, which must be a valid one. */
  intern(bytes: Uint8Array, start: number, end: number): Topic {
    const topic = this.#topics.intern(bytes, start, end);
    if (topic !== null && end - start <= this.#limits.topicBytes) return topic;
    const problem = this.#topics.problemOf(bytes, start, end) ?? 'tooLong';
    const text = `PUBLISH has an invalid topic name: ${TOPIC_PROBLEMS[problem]}`;
    if (problem === 'illFormed' || problem === 'nullCharacter') throw new MalformedPacketError(text); // [MQTT-1.5.4-1] [MQTT-1.5.4-2] [MQTT-3.3.2-1]
    throw new ProtocolError(text, ReasonCode.TopicNameInvalid); // [MQTT-3.3.2-2] [MQTT-3.3.2-2] 3.1.1
  }
}
