import type { ServerCapabilities } from '../../core/connection/server-capabilities.ts';
import type { PublishResult } from '../publication.ts';
import type { PublishOptions } from '../publish-options.ts';
import type { SubscribeOptions } from '../subscribe-options.ts';
import type { MessageHandler, PendingSubscription } from '../subscription.ts';

/** What requests and responses need of a client. */
export interface RequestsClient {
  connected(): Promise<ServerCapabilities>;
  publish(topicName: string, payload: Uint8Array, options: PublishOptions): PromiseLike<PublishResult>;
  subscribe(topicFilter: string, options: SubscribeOptions, handler: MessageHandler): PendingSubscription;
}
