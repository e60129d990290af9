/** What typed topics need of a client, which one of `connect` has: two of its methods. */

import type { PublishResult } from '../client/publication.ts';
import type { PublishOptions } from '../client/publish-options.ts';
import type { SubscribeOptions } from '../client/subscribe-options.ts';
import type { MessageHandler, PendingSubscription } from '../client/subscription.ts';
import type { Thenable } from './thenable.ts';
import type { InvalidOptions } from './typed-reader.ts';

export interface TopicsClient {
  publish(topicName: string, payload: Uint8Array, options: PublishOptions): TypedPublication;
  subscribe(topicFilter: string, options: SubscribeOptions, handler?: MessageHandler): PendingSubscription;
}

/** A `Publication`, or what becomes one when an asynchronous schema has passed the value. */
export interface TypedPublication extends Thenable<PublishResult> {
  readonly stored: Promise<void>;
  readonly sent: Promise<void>;
  readonly acknowledged: Promise<PublishResult>;
}

/** The options of the client's `subscribe`, and what becomes of messages that do not fit. */
export interface TypedSubscribeOptions extends SubscribeOptions, InvalidOptions {
  /** Shares the subscription with others of this name: each message goes to one of them. */
  readonly shareName?: string;
}
