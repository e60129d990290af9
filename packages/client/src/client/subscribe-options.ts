import type { Qos, ReasonCode, RetainHandling } from '@martlet/protocol';
import { checkTopicFilter, isSharedFilter, parseSharedFilter } from '@martlet/protocol';
import { checkRefusal } from '../core/incoming/message.ts';
import type { Acknowledge, WhenSlow } from '../core/subscriptions/subscriber.ts';
import type { Rules } from './check-options.ts';
import { integer, invalid, ofType, oneOf, resolve, WAIT } from './check-options.ts';
import { invalidTopic } from './resolve-options.ts';
import type { WaitOptions } from './settle.ts';
import type { SubscriptionOptions } from './subscription.ts';

export interface SubscribeOptions extends WaitOptions {
  /** The highest QoS at which messages are wanted. @default 2 */
  readonly qos?: Qos;
  /** Not what this client publishes itself; MQTT 5.0. @default false */
  readonly noLocal?: boolean;
  /** Keep the RETAIN flag as it was published; MQTT 5.0. @default false */
  readonly retainAsPublished?: boolean;
  /** Retained messages: 0 always, 1 only for a new subscription, 2 never; MQTT 5.0. @default 0 */
  readonly retainHandling?: RetainHandling;
  /** When messages of QoS 1 and 2 are acknowledged. @default 'received': when the application takes them */
  readonly acknowledge?: Acknowledge;
  /**
   * What happens when the buffer is full. `block` drops nothing, except in browsers, where a WebSocket cannot be paused:
   * there what is of QoS 0 and beyond `bufferBytes` is, and what is of QoS 1 and 2 is not acknowledged, so that the server
   * sends it again on the next connection. @default 'block'
   */
  readonly whenSlow?: WhenSlow;
  /**
   * Messages that may wait for the application. With `block` those of QoS 1 and 2 are not counted: the server itself stops
   * when `receiveMaximum` of the client are unacknowledged; and those of QoS 0 may be more while reading must go on, as in a
   * browser and until an answer of the server has come. @default 1000
   */
  readonly bufferMessages?: number;
  /**
   * Bytes that may wait: payloads, topic names, properties, 200 for each message and 128 for each user property. A single
   * message may be larger. @default 16 MiB
   */
  readonly bufferBytes?: number;
  /** Calls of the handler at once: with 1, messages are handled in order, one after the other. @default 1 */
  readonly concurrency?: number;
  /**
   * With `acknowledge: 'handled'`: what a message is refused with whose handler fails, so that the server does not send it
   * again; see `Message.reject`. @default leave it unacknowledged
   */
  readonly rejectWith?: ReasonCode;
}

/** The options of `subscribe`. */
export const SUBSCRIBE: Readonly<Rules<SubscriptionOptions & WaitOptions>> = {
  bufferMessages: integer(1000, 1, Number.POSITIVE_INFINITY),
  bufferBytes: integer(16 * 1_048_576, 1, Number.POSITIVE_INFINITY),
  concurrency: integer(1, 1, Number.POSITIVE_INFINITY),
  qos: oneOf<Qos>(2, 1, 0),
  noLocal: ofType('boolean', false),
  retainAsPublished: ofType('boolean', false),
  retainHandling: oneOf<RetainHandling>(0, 1, 2),
  acknowledge: oneOf<Acknowledge>('received', 'handled', 'manual'),
  whenSlow: oneOf<WhenSlow>('block', 'dropOldest', 'dropNewest', 'latestPerTopic'),
  rejectWith: (name, given) => {
    if (given !== undefined) checkRefusal(name, given as ReasonCode);
    return given as ReasonCode | undefined;
  },
  ...WAIT,
};

/** @throws {ClientError} INVALID_OPTION */
export function resolveSubscribeOptions(topicFilter: string, options: SubscribeOptions): SubscriptionOptions {
  const resolved = resolve('subscribe', options, SUBSCRIBE);
  if (resolved.noLocal && isSharedFilter(topicFilter)) {
    throw invalid('noLocal: expected it only without $share/, got both'); // [MQTT-3.8.3-4]
  }
  return resolved;
}

/** [MQTT-3.8.3-1] [MQTT-4.7.1-1] [MQTT-4.8.2-1] [MQTT-4.8.2-2] [MQTT-3.8.3-1] 3.1.1 @throws {ClientError} INVALID_TOPIC */
export function refuseTopicFilter(topicFilter: unknown): void {
  const problem =
    typeof topicFilter !== 'string'
      ? 'notString'
      : isSharedFilter(topicFilter)
        ? parseSharedFilter(topicFilter, Number.POSITIVE_INFINITY)
        : checkTopicFilter(topicFilter, Number.POSITIVE_INFINITY);
  if (typeof problem === 'string') throw invalidTopic('filter', topicFilter, problem);
}
