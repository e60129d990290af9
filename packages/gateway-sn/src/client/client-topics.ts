/** The topics that a client knows by identifiers of the gateway, and those that both sides know beforehand. */
import type { TopicReference } from '../core/codec/message.ts';

export class ClientTopics {
  readonly #predefined: ReadonlyMap<number, string>;
  /** A name has the last identifier that the gateway has given it; an identifier means the last name. */
  readonly #idByName = new Map<string, number>();
  readonly #nameById = new Map<number, string>();

  constructor(predefined: ReadonlyMap<number, string>) {
    this.#predefined = predefined;
  }

  idOf(topicName: string): number | undefined {
    return this.#idByName.get(topicName);
  }

  /** The topic that a message names; undefined if nobody told. */
  nameOf(topic: TopicReference): string | undefined {
    switch (topic.kind) {
      case 'normal':
        return this.#nameById.get(topic.topicId);
      case 'predefined':
        return this.#predefined.get(topic.topicId) ?? `predefined:${topic.topicId}`;
      case 'short':
      case 'name':
        return topic.topicName;
    }
  }

  know(topicName: string, topicId: number): void {
    this.forgetId(topicId);
    // Not more identifiers than names: a gateway may give one topic a new one time and again.
    this.forget(topicName);
    this.#idByName.set(topicName, topicId);
    this.#nameById.set(topicId, topicName);
  }

  forget(topicName: string): void {
    const topicId = this.#idByName.get(topicName);
    this.#idByName.delete(topicName);
    if (topicId !== undefined) this.#nameById.delete(topicId);
  }

  forgetId(topicId: number): void {
    const topicName = this.#nameById.get(topicId);
    if (topicName !== undefined) this.forget(topicName);
  }

  clear(): void {
    this.#idByName.clear();
    this.#nameById.clear();
  }
}
