import type { Message } from '../../core/incoming/message.ts';
import type { SubscribeOptions } from '../subscribe-options.ts';

/** What a handler of requests is told beside the request. */
export interface RequestContext {
  /** Aborted when nobody wants the response to `requestMany` any more, and when the client has ended. */
  readonly signal: AbortSignal;
}

/**
 * Answers a request by what it returns: a payload, or what the codec makes one of; nothing, for an empty response; or an
 * async iterable, as an async generator gives it, for a stream. What it throws fails the request, with its text.
 */
export type RequestHandler<T> = (
  request: Message,
  context: RequestContext,
) => ResponseValue<T> | PromiseLike<ResponseValue<T>>;

export type ResponseValue<T> = T | AsyncIterable<T> | undefined;

/** As for `subscribe`, where `concurrency` is how many requests may be at work at once, by default 64. */
export interface RespondOptions extends SubscribeOptions {
  /** @default 'dropNewest': a request that finds the buffer full is not answered */
  readonly whenSlow?: NonNullable<SubscribeOptions['whenSlow']>;
}
