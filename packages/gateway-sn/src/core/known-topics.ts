/** By what a client knows topics, and by what the gateway may name them to it. */
import { checkTopicName, utf8ByteLength } from '@martlet/protocol';
import type { TopicReference } from './codec/message.ts';
import type { SubscribedAs } from './ports/memory.ts';
import type { PredefinedTopics } from './predefined-topics.ts';
import type { TopicIds } from './topic-ids.ts';

/** Topics that a client has rejected are remembered up to here: then it is asked again. */
const MOST_REJECTED = 1000;

export class KnownTopics {
  readonly ids: TopicIds;
  readonly #clientId: string;
  readonly #predefined: PredefinedTopics;
  /** Topics that the client subscribed to by a predefined identifier or a short name: it is given them as such. */
  readonly #subscribedAs = new Map<string, SubscribedAs>();
  readonly #rejected = new Set<string>();

  constructor(clientId: string, predefined: PredefinedTopics, ids: TopicIds) {
    this.#clientId = clientId;
    this.#predefined = predefined;
    this.ids = ids;
  }

  /** Topics that the client subscribed to by a predefined identifier or a short name. */
  get subscribedAs(): readonly (readonly [topicName: string, topic: SubscribedAs])[] {
    return [...this.#subscribedAs];
  }

  /** What was remembered of a session. A predefined topic may have become another one since. */
  restoreSubscribedAs(entries: readonly (readonly [topicName: string, topic: SubscribedAs])[]): void {
    for (const [topicName, topic] of entries) {
      if (this.nameOf(topic) === topicName) this.#subscribedAs.set(topicName, topic);
    }
  }

  /** The topic to which a client publishes; undefined if it is unknown, or none that one can publish to. */
  topicNameOf(topic: TopicReference): string | undefined {
    const topicName = this.nameOf(topic);
    return topicName === undefined || checkTopicName(topicName) !== null ? undefined : topicName;
  }

  /** The topic or filter that a client names; undefined if it is unknown. */
  nameOf(topic: TopicReference): string | undefined {
    switch (topic.kind) {
      case 'normal':
        return this.ids.topicName(topic.topicId);
      case 'predefined':
        return this.#predefined.topicName(topic.topicId, this.#clientId);
      case 'short':
      case 'name':
        return topic.topicName;
    }
  }

  /** How the client is told of a topic; null if it has to be registered first. */
  referenceFor(topicName: string): TopicReference | null {
    const subscribed = this.#subscribedAs.get(topicName);
    if (subscribed !== undefined) return subscribed;
    // Two octets that a wildcard matched need no identifier; who named them in full was given one.
    if (utf8ByteLength(topicName) === 2 && !this.ids.has(topicName)) return { kind: 'short', topicName };
    return this.ids.isConfirmed(topicName) ? { kind: 'normal', topicId: this.ids.idOf(topicName) } : null;
  }

  idOf(topicName: string): number {
    return this.ids.idOf(topicName);
  }

  confirm(topicName: string): void {
    this.ids.confirm(topicName);
  }

  doubt(topicName: string): void {
    this.ids.doubt(topicName);
  }

  /** Whether registering it (again) could help. */
  canRegister(topicName: string): boolean {
    return this.ids.has(topicName) && !this.#subscribedAs.has(topicName);
  }

  reject(topicName: string): void {
    if (this.#rejected.size >= MOST_REJECTED) this.#rejected.clear();
    this.#rejected.add(topicName);
  }

  isRejected(topicName: string): boolean {
    return this.#rejected.has(topicName);
  }

  subscribed(topicName: string, topic: TopicReference): void {
    this.#rejected.clear();
    if (topic.kind === 'predefined') this.#subscribedAs.set(topicName, { ...topic, kind: 'predefined' });
    else if (topic.kind === 'short') this.#subscribedAs.set(topicName, { ...topic, kind: 'short' });
    else this.#subscribedAs.delete(topicName);
  }

  unsubscribed(topicName: string): void {
    this.#subscribedAs.delete(topicName);
  }

  /** It has connected anew: it is asked again, and told again of what it knew before (section 6.10). */
  onConnect(): void {
    this.#rejected.clear();
    this.ids.doubtAll();
  }

  clearSubscriptions(): void {
    this.#subscribedAs.clear();
    this.#rejected.clear();
  }

  /** Another session: nothing of the old one is known. */
  clear(): void {
    this.ids.clear();
    this.clearSubscriptions();
  }
}
