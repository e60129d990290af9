/** What typed topics need of a client, which a client of `connect` has: two of its methods. */
import type { Qos, RetainHandling } from '@martlet/protocol';
import type { MessageProperties } from '../client/client-options.ts';
import type { PublishResult } from '../client/publication.ts';
import type { PendingSubscription } from '../client/subscription.ts';
import type { PayloadCodec } from '../codecs/payload-codec.ts';
import type { Message } from '../core/incoming/message.ts';
import type { Acknowledge, WhenSlow } from '../core/subscriptions/subscriber.ts';
import type { InvalidOptions } from './typed-reader.ts';

export interface TopicsClient {
  publish(
    topicName: string,
    value: unknown,
    options: TypedPublishOptions & { readonly codec: PayloadCodec<unknown> },
  ): TypedPublication;
  subscribe(
    topicFilter: string,
    options: ClientSubscribeOptions,
    handler?: (message: Message) => unknown,
  ): PendingSubscription;
}

/** A `Publication`, or what becomes one when an asynchronous schema has passed the value. */
export interface TypedPublication extends PromiseLike<PublishResult> {
  readonly stored: Promise<void>;
  readonly sent: Promise<void>;
  readonly acknowledged: Promise<PublishResult>;
}

/** The options of `publish`, without `codec`: the topic has one. */
export interface TypedPublishOptions extends MessageProperties {
  readonly qos?: Qos;
  readonly retain?: boolean;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

interface ClientSubscribeOptions {
  readonly qos?: Qos;
  readonly noLocal?: boolean;
  readonly retainAsPublished?: boolean;
  readonly retainHandling?: RetainHandling;
  readonly acknowledge?: Acknowledge;
  readonly whenSlow?: WhenSlow;
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** The options of `subscribe`, and what becomes of messages that do not fit. */
export interface TypedSubscribeOptions extends ClientSubscribeOptions, InvalidOptions {
  /** Shares the subscription with others of this name: each message goes to one of them. */
  readonly shareName?: string;
}
