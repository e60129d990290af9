import type { Qos, ReasonCode, RetainHandling } from '@martlet/protocol';
import { checkTopicFilter, isSharedFilter, parseSharedFilter, TOPIC_PROBLEMS } from '@martlet/protocol';
import { ClientError } from '../client-error.ts';
import type { Acknowledge, WhenSlow } from '../core/subscriptions/subscriber.ts';
import { checkNumber, invalid, quoted } from './resolve-options.ts';
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
  /** @default 'received' */
  readonly acknowledge?: Acknowledge;
  /** What happens when the buffer is full. @default 'block' */
  readonly whenSlow?: WhenSlow;
  /** Messages that may wait for the application. @default 1000 */
  readonly bufferMessages?: number;
  /** Bytes of payload that may wait. @default 16 MiB */
  readonly bufferBytes?: number;
  /** Calls of the handler at once: with 1, messages are handled in order, one after the other. @default 1 */
  readonly concurrency?: number;
  /** With `acknowledge: 'handled'` in MQTT 5.0: refuse a message whose handler fails. @default leave it unacknowledged */
  readonly rejectWith?: ReasonCode;
}

/** @throws {ClientError} INVALID_OPTION */
export function resolveSubscribeOptions(topicFilter: string, options: SubscribeOptions): SubscriptionOptions {
  const { noLocal = false } = options;
  if (noLocal && isSharedFilter(topicFilter)) {
    throw invalid('noLocal: expected it only without $share/, got both'); // [MQTT-3.8.3-4]
  }
  const most = Number.MAX_SAFE_INTEGER;
  return {
    qos: oneOf('qos', [0, 1, 2], options.qos ?? 2),
    noLocal,
    retainAsPublished: options.retainAsPublished ?? false,
    retainHandling: oneOf('retainHandling', [0, 1, 2], options.retainHandling ?? 0),
    acknowledge: oneOf('acknowledge', ['received', 'handled', 'manual'], options.acknowledge ?? 'received'),
    whenSlow: oneOf(
      'whenSlow',
      ['block', 'dropOldest', 'dropNewest', 'latestPerTopic'],
      options.whenSlow ?? 'block',
    ),
    bufferMessages: checkNumber('bufferMessages', options.bufferMessages ?? 1000, 1, most),
    bufferBytes: checkNumber('bufferBytes', options.bufferBytes ?? 16 * 1_048_576, 1, most),
    concurrency: checkNumber('concurrency', options.concurrency ?? 1, 1, Number.POSITIVE_INFINITY),
    rejectWith: options.rejectWith,
  };
}

/** @throws {ClientError} INVALID_TOPIC */
export function refuseTopicFilter(topicFilter: unknown): void {
  if (typeof topicFilter !== 'string') {
    throw new ClientError('INVALID_TOPIC', `expected a string as topic filter, got ${typeof topicFilter}`);
  }
  const problem = isSharedFilter(topicFilter)
    ? parseSharedFilter(topicFilter, Number.POSITIVE_INFINITY)
    : checkTopicFilter(topicFilter, Number.POSITIVE_INFINITY);
  if (problem === null || typeof problem === 'object') return;
  throw new ClientError(
    'INVALID_TOPIC',
    `expected a topic filter, got ${quoted(topicFilter)}, which ${TOPIC_PROBLEMS[problem]}`,
  );
}

function oneOf<T>(name: string, values: readonly T[], value: T): T {
  if (values.includes(value)) return value;
  throw invalid(`${name}: expected one of ${values.join(', ')}, got ${String(value)}`);
}
