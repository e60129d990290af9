/** What a client has subscribed to: it is asked for anew at another gateway, which does not know of it. */
import type { ClientContext } from './client-context.ts';
import { askLater } from './client-context.ts';
import type { Request } from './one-request.ts';
import { subscribeRequest, unsubscribeRequest } from './requests.ts';
import type { Settle, SnTopic } from './sn-client-options.ts';
import { filterReference } from './topic-reference.ts';

export interface SnSubscription {
  readonly topic: SnTopic;
  /** As it was asked for. */
  readonly qos: 0 | 1 | 2;
}

export class ClientSubscriptions {
  readonly #context: ClientContext;
  readonly #granted = new Map<string, SnSubscription>();

  constructor(context: ClientContext) {
    this.#context = context;
  }

  /** Those that the gateway has granted. */
  get all(): readonly SnSubscription[] {
    return [...this.#granted.values()];
  }

  add(topic: SnTopic, qos: 0 | 1 | 2, settle: Settle<0 | 1 | 2>): void {
    const reference = filterReference(topic);
    const subscribed: Settle<{ readonly qos: 0 | 1 | 2; readonly topicId: number }> = (error, granted) => {
      const topicId = granted?.topicId ?? 0;
      // Of a filter with wildcards it is 0: each topic is told by REGISTER before its first message.
      if (reference.kind === 'name' && topicId !== 0) this.#context.topics.know(reference.topicName, topicId);
      if (error === null) this.#granted.set(keyOf(topic), { topic, qos });
      settle(error, granted?.qos);
    };
    const begin = (): Request | null => {
      const { congestion, packetIds, nowMs } = this.#context;
      const refusal = congestion.refusal('SUBSCRIBE', nowMs);
      if (refusal === null) {
        const packetId = packetIds.next();
        return subscribeRequest(packetId, reference, qos, subscribed, congestion, () => this.#context.nowMs);
      }
      settle(refusal);
      return null;
    };
    askLater(this.#context, begin, settle);
  }

  remove(topic: SnTopic, settle: Settle<void>): void {
    const unsubscribed: Settle<void> = (error) => {
      if (error === null) this.#granted.delete(keyOf(topic));
      settle(error);
    };
    const begin = (): Request =>
      unsubscribeRequest(this.#context.packetIds.next(), filterReference(topic), unsubscribed);
    askLater(this.#context, begin, settle);
  }

  /** The gateway has forgotten them, as it was told to. */
  clear(): void {
    this.#granted.clear();
  }
}

function keyOf(topic: SnTopic): string {
  if (typeof topic === 'string') return `name ${topic}`;
  return 'short' in topic ? `short ${topic.short}` : `predefined ${topic.predefined}`;
}
