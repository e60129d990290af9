/** The entry `@martlet/client/once` for Node.js, Deno and Bun: one thing done with a client of its own. */
import type { Payload } from './client/client-options.ts';
import type { WithCodec } from './client/encode-payload.ts';
import { nodeEnvironment } from './client/node-environment.ts';
import type { PublishResult } from './client/publication.ts';
import type { Message } from './core/incoming/message.ts';
import type { ConnectOptions } from './index.ts';
import { connect } from './index.ts';
import type { OneShotPlatform } from './one-shot/one-shot.ts';
import { publishManyBy, publishOnceBy, receiveOnceBy } from './one-shot/one-shot.ts';
import type {
  MessagesToPublish,
  PublishManyOptions,
  PublishOnceOptions,
  ReceiveOnceOptions,
  WithCount,
} from './one-shot/one-shot-options.ts';

export type {
  MessagesToPublish,
  MessageToPublish,
  OneShotOptions,
  PublishManyOptions,
  PublishOnceOptions,
  ReceiveOnceOptions,
  WithCount,
} from './one-shot/one-shot-options.ts';

const platform: Readonly<OneShotPlatform<ConnectOptions>> = { connect, environment: nodeEnvironment };

/**
 * Connects, publishes one message, and closes. Fulfilled when the server has acknowledged it, as its QoS demands.
 *
 *     await publishOnce('mqtt://raspberrypi.local', 'home/kitchen/light', 'on', { qos: 1, retain: true });
 *
 * Rejected with whatever `connect`, `connected` and `publish` throw or are rejected with; nothing is tried again.
 */
export function publishOnce(
  url: string | URL,
  topicName: string,
  payload: Payload,
  options?: PublishOnceOptions<ConnectOptions>,
): Promise<PublishResult>;
export function publishOnce<T>(
  url: string | URL,
  topicName: string,
  value: T,
  options: PublishOnceOptions<ConnectOptions> & WithCodec<T>,
): Promise<PublishResult>;
export function publishOnce(
  url: string | URL,
  topicName: string,
  payload: unknown,
  options: PublishOnceOptions<ConnectOptions> = {},
): Promise<PublishResult> {
  return publishOnceBy(platform, url, topicName, payload, options);
}

/**
 * Connects, publishes messages one after the other, and closes. A hundred of them may wait for their acknowledgements: then
 * the next one is not taken before there is room, so that a source without end needs no memory.
 *
 *     await publishMany('mqtt://localhost', rows.map((row) => ({ topicName: `log/${row.id}`, payload: row.text })), { qos: 1 });
 *
 * @returns how many; rejected with the first error, after which no more are taken
 */
export function publishMany(
  url: string | URL,
  messages: MessagesToPublish,
  options?: PublishManyOptions<ConnectOptions>,
): Promise<number>;
export function publishMany<T>(
  url: string | URL,
  messages: MessagesToPublish<T>,
  options: PublishManyOptions<ConnectOptions> & WithCodec<T>,
): Promise<number>;
export function publishMany(
  url: string | URL,
  messages: MessagesToPublish<unknown>,
  options: PublishManyOptions<ConnectOptions> = {},
): Promise<number> {
  return publishManyBy(platform, url, messages, options);
}

/**
 * Connects, waits for a message, or for `count` of them, and closes.
 *
 *     const message = await receiveOnce('mqtt://localhost', 'home/kitchen/temperature', { timeoutMs: 5000 });
 *     const ten = await receiveOnce('mqtt://localhost', 'home/#', { count: 10 });
 */
export function receiveOnce(
  url: string | URL,
  topicFilter: string,
  options: ReceiveOnceOptions<ConnectOptions> & WithCount,
): Promise<Message[]>;
export function receiveOnce(
  url: string | URL,
  topicFilter: string,
  options?: ReceiveOnceOptions<ConnectOptions>,
): Promise<Message>;
export function receiveOnce(
  url: string | URL,
  topicFilter: string,
  options: ReceiveOnceOptions<ConnectOptions> & Partial<WithCount> = {},
): Promise<Message | Message[]> {
  return receiveOnceBy(platform, url, topicFilter, options);
}
