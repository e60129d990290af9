/** A client that only remembers, for typed topics: what was published, and subscriptions that a test brings messages to. */
import { ReasonCode } from '@martlet/protocol';
import type { PublishOptions } from '../../src/client/publish-options.ts';
import type { SubscribeOptions } from '../../src/client/subscribe-options.ts';
import type { MessageHandler, PendingSubscription, Subscription } from '../../src/client/subscription.ts';
import { Delivery, DeliveryProgress } from '../../src/core/incoming/delivery.ts';
import { Message } from '../../src/core/incoming/message.ts';
import type { TopicsClient, TypedPublication } from '../../src/topics/topics-client.ts';

export interface Published {
  readonly topicName: string;
  readonly payload: string;
  readonly options: PublishOptions;
}

/** What became of a message of QoS 1: a reason code, `left`, or `held`. */
export type Outcome = () => ReasonCode | 'left' | 'held';

export class DoubleSubscription {
  readonly topicFilter: string;
  readonly options: SubscribeOptions;
  readonly qos = 1;
  /** What the handler returned, and what it threw. */
  readonly returned: unknown[] = [];
  readonly errors: unknown[] = [];
  isUnsubscribed = false;
  readonly #handler: MessageHandler | undefined;
  readonly #waiting: Message[] = [];
  readonly #readers: ((result: IteratorResult<Message, undefined>) => void)[] = [];

  constructor(topicFilter: string, options: SubscribeOptions, handler: MessageHandler | undefined) {
    this.topicFilter = topicFilter;
    this.options = options;
    this.#handler = handler;
  }

  /** Brings a message of QoS 1, as the client does it: acknowledged before, unless that was asked for otherwise. */
  async deliver(topicName: string, payload: string | Uint8Array): Promise<Outcome> {
    const bytes = typeof payload === 'string' ? new TextEncoder().encode(payload) : payload;
    const delivery = new Delivery(1, 1, 0, () => {});
    const message = new Message(topicName, bytes, 1, false, false, {}, delivery);
    const mode = this.options.acknowledge ?? 'received';
    if (mode === 'received') message.acknowledge();
    if (this.#handler === undefined) {
      const reader = this.#readers.shift();
      if (reader === undefined) this.#waiting.push(message);
      else reader({ done: false, value: message });
    } else {
      try {
        this.returned.push(await this.#handler(message));
        if (mode === 'handled') message.acknowledge();
      } catch (error) {
        this.errors.push(error);
        if (mode === 'handled') message.reject();
      }
    }
    return () => {
      if (delivery.progress === DeliveryProgress.Held) return 'held';
      return delivery.progress === DeliveryProgress.Left ? 'left' : delivery.reasonCode;
    };
  }

  async unsubscribe(): Promise<void> {
    this.isUnsubscribed = true;
    for (const reader of this.#readers.splice(0)) reader({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return {
      next: () => {
        const message = this.#waiting.shift();
        if (message !== undefined) return Promise.resolve({ done: false, value: message });
        if (this.isUnsubscribed) return Promise.resolve({ done: true, value: undefined });
        return new Promise((fulfil) => this.#readers.push(fulfil));
      },
      return: async () => {
        await this.unsubscribe();
        return { done: true, value: undefined };
      },
    };
  }
}

export class DoubleClient implements TopicsClient {
  readonly published: Published[] = [];
  readonly subscriptions: DoubleSubscription[] = [];

  publish(topicName: string, payload: Uint8Array, options: PublishOptions): TypedPublication {
    this.published.push({ topicName, payload: new TextDecoder().decode(payload), options });
    const result = { reasonCode: ReasonCode.Success, reasonString: topicName, userProperties: [] };
    const acknowledged = Promise.resolve(result);
    const done = Promise.resolve();
    return {
      stored: done,
      sent: done,
      acknowledged,
      // biome-ignore lint/suspicious/noThenProperty: a publication is awaited as a whole.
      then: (...args) => acknowledged.then(...args),
      catch: (onRejected) => acknowledged.catch(onRejected),
      finally: (onFinally) => acknowledged.finally(onFinally),
    };
  }

  subscribe(topicFilter: string, options: SubscribeOptions, handler?: MessageHandler): PendingSubscription {
    const subscription = new DoubleSubscription(topicFilter, options, handler);
    this.subscriptions.push(subscription);
    const granted = Promise.resolve(subscription as unknown as Subscription);
    const pending: PromiseLike<Subscription> & AsyncIterable<Message> = {
      // biome-ignore lint/suspicious/noThenProperty: a request is awaited.
      then: (...args) => granted.then(...args),
      [Symbol.asyncIterator]: () => subscription[Symbol.asyncIterator](),
    };
    return pending as PendingSubscription;
  }

  /** The latest subscription. */
  get subscription(): DoubleSubscription {
    return this.subscriptions.at(-1)!;
  }
}
