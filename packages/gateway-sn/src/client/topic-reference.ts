/** How topics that an application names stand in messages. */
import { shortTopicId } from '../core/codec/encode-message.ts';
import type { TopicReference } from '../core/codec/message.ts';
import type { SnTopic } from './sn-client-options.ts';

export function referenceTo(topic: Exclude<SnTopic, string>): TopicReference {
  if ('predefined' in topic) return { kind: 'predefined', topicId: topic.predefined };
  return { kind: 'short', topicName: topic.short };
}

export function filterReference(topic: SnTopic): TopicReference {
  return typeof topic === 'string' ? { kind: 'name', topicName: topic } : referenceTo(topic);
}

/** What stands in the place of the identifier. */
export function topicIdOf(topic: TopicReference): number {
  if (topic.kind === 'short') return shortTopicId(topic.topicName);
  return topic.kind === 'name' ? 0 : topic.topicId;
}
