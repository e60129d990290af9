import type { Payload } from '../client/client-options.ts';
import type { PublishOptions } from '../client/publish-options.ts';
import type { WaitOptions } from '../client/settle.ts';
import type { SubscribeOptions } from '../client/subscribe-options.ts';

/** @typeParam Connect the options of `connect` on this platform */
export interface OneShotOptions<Connect> extends WaitOptions {
  /**
   * Those of `connect`: user name, certificates and so on. Unlike there, a connection that fails or is lost is not tried
   * again, unless `reconnect` says so.
   */
  readonly client?: Connect;
}

export interface PublishOnceOptions<Connect> extends PublishOptions, OneShotOptions<Connect> {
  /** Milliseconds from the call to the acknowledgement. @default 30000 */
  readonly timeoutMs?: number | undefined;
}

/** One of the messages of `publishMany`; what it leaves out is as the options of the call say. */
export interface MessageToPublish<Value = Payload> extends PublishOptions {
  readonly topicName: string;
  readonly payload: Value;
}

/** One after the other, as an array has them or as they come. */
export type MessagesToPublish<Value = Payload> =
  | Iterable<MessageToPublish<Value>>
  | AsyncIterable<MessageToPublish<Value>>;

export interface PublishManyOptions<Connect> extends PublishOptions, OneShotOptions<Connect> {
  /** Milliseconds for connecting, and then for each message from when it was given. @default 30000 */
  readonly timeoutMs?: number | undefined;
}

export interface ReceiveOnceOptions<Connect>
  extends OneShotOptions<Connect>,
    Pick<SubscribeOptions, 'qos' | 'noLocal' | 'retainAsPublished'> {
  /** `only`: messages that were there before. `skip`: only new ones. @default both */
  readonly retained?: 'only' | 'skip';
}

/** In the options of `receiveOnce`: it gives an array of so many. */
export interface WithCount {
  readonly count: number;
}
