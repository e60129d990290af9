/**
 * The functions of the entry `@martlet/client/once`, as every platform has them: one thing done with a client of its own.
 */
import type { ClientOptions, Payload } from '../client/client-options.ts';
import type { WithCodec } from '../client/encode-payload.ts';
import type { PublishResult } from '../client/publication.ts';
import type { Message } from '../core/incoming/message.ts';
import type { OneShotPlatform } from './one-shot.ts';
import { publishManyBy, publishOnceBy, receiveOnceBy } from './one-shot.ts';
import type {
  MessagesToPublish,
  PublishManyOptions,
  PublishOnceOptions,
  ReceiveOnceOptions,
  WithCount,
} from './one-shot-options.ts';

export interface PublishOnce<Connect> {
  (
    url: string | URL,
    topicName: string,
    payload: Payload,
    options?: PublishOnceOptions<Connect>,
  ): Promise<PublishResult>;
  <T>(
    url: string | URL,
    topicName: string,
    value: T,
    options: PublishOnceOptions<Connect> & WithCodec<T>,
  ): Promise<PublishResult>;
}

export interface PublishMany<Connect> {
  (url: string | URL, messages: MessagesToPublish, options?: PublishManyOptions<Connect>): Promise<number>;
  <T>(
    url: string | URL,
    messages: MessagesToPublish<T>,
    options: PublishManyOptions<Connect> & WithCodec<T>,
  ): Promise<number>;
}

export interface ReceiveOnce<Connect> {
  (
    url: string | URL,
    topicFilter: string,
    options: ReceiveOnceOptions<Connect> & WithCount,
  ): Promise<Message[]>;
  (url: string | URL, topicFilter: string, options?: ReceiveOnceOptions<Connect>): Promise<Message>;
}

/** @typeParam Connect the options of `connect` on this platform */
export interface OneShotFunctions<Connect> {
  readonly publishOnce: PublishOnce<Connect>;
  readonly publishMany: PublishMany<Connect>;
  readonly receiveOnce: ReceiveOnce<Connect>;
}

export function oneShotFunctions<Connect extends ClientOptions>(
  platform: OneShotPlatform<Connect>,
): OneShotFunctions<Connect> {
  return {
    publishOnce: (
      url: string | URL,
      topicName: string,
      payload: unknown,
      options: PublishOnceOptions<Connect> = {},
    ) => publishOnceBy(platform, url, topicName, payload, options),
    publishMany: (
      url: string | URL,
      messages: MessagesToPublish<unknown>,
      options: PublishManyOptions<Connect> = {},
    ) => publishManyBy(platform, url, messages, options),
    receiveOnce: ((
      url: string | URL,
      topicFilter: string,
      options: ReceiveOnceOptions<Connect> & Partial<WithCount> = {},
    ) => receiveOnceBy(platform, url, topicFilter, options)) as ReceiveOnce<Connect>,
  };
}
