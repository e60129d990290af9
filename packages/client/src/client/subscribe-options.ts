import type { Qos, ReasonCode, RetainHandling } from '@martlet/protocol';
import { checkTopicFilter, isSharedFilter, parseSharedFilter } from '@martlet/protocol';
import { checkRefusal } from '../core/incoming/message.ts';
import type { Acknowledge, WhenSlow } from '../core/subscriptions/subscriber.ts';
import { checkCall, WAIT_NAMES } from './check-call.ts';
import { invalid, invalidTopic, oneOf, resolveNumbers } from './resolve-options.ts';
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

const BUFFER = {
  bufferMessages: [1000, 1, Number.POSITIVE_INFINITY],
  bufferBytes: [16 * 1_048_576, 1, Number.POSITIVE_INFINITY],
  concurrency: [1, 1, Number.POSITIVE_INFINITY],
} as const;

const NAMES: readonly string[] = [
  ...Object.keys(BUFFER),
  ...['qos', 'noLocal', 'retainAsPublished', 'retainHandling', 'acknowledge', 'whenSlow', 'rejectWith'],
  ...WAIT_NAMES,
];

/** @throws {ClientError} INVALID_OPTION */
export function resolveSubscribeOptions(topicFilter: string, options: SubscribeOptions): SubscriptionOptions {
  checkCall('subscribe', options, NAMES);
  const { noLocal = false, retainAsPublished = false, rejectWith } = options;
  if (rejectWith !== undefined) checkRefusal('rejectWith', rejectWith);
  if (noLocal && isSharedFilter(topicFilter)) {
    throw invalid('noLocal: expected it only without $share/, got both'); // [MQTT-3.8.3-4]
  }
  return {
    ...resolveNumbers('', BUFFER, options),
    qos: oneOf('qos', [2, 1, 0], options.qos),
    noLocal,
    retainAsPublished,
    rejectWith,
    retainHandling: oneOf('retainHandling', [0, 1, 2], options.retainHandling),
    acknowledge: oneOf('acknowledge', ['received', 'handled', 'manual'], options.acknowledge),
    whenSlow: oneOf('whenSlow', ['block', 'dropOldest', 'dropNewest', 'latestPerTopic'], options.whenSlow),
  };
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
