import type { Qos } from '@martlet/protocol';
import type { WaitOptions } from '../client/settle.ts';
import type { PendingSubscription, Subscription } from '../client/subscription.ts';
import type { Thenable } from './thenable.ts';
import { thenable } from './thenable.ts';
import type { TypedMessage, TypedReader } from './typed-reader.ts';
import { readAll } from './typed-reader.ts';

/** A subscription to a typed topic that the server has granted. */
export interface TypedSubscription<Parameters, Value>
  extends AsyncIterable<TypedMessage<Parameters, Value>>,
    AsyncDisposable {
  /** The client's own, whose messages are as they came. */
  readonly subscription: Subscription;
  readonly topicFilter: string;
  /** The QoS that the server granted. */
  readonly qos: Qos | undefined;
  /** Ends it. Fulfilled when the server has answered; see `Subscription.unsubscribe`. */
  unsubscribe(wait?: WaitOptions): Promise<void>;
}

/**
 * A subscription to a typed topic that has been asked for. Awaiting it gives the subscription, once the server has
 * granted it; iterating over it begins at once, and ends the subscription when the loop is left.
 */
export interface PendingTypedSubscription<Parameters, Value>
  extends Thenable<TypedSubscription<Parameters, Value>>,
    AsyncIterable<TypedMessage<Parameters, Value>> {}

export function pendingTypedSubscription<Parameters, Value>(
  pending: PendingSubscription,
  read: TypedReader<Parameters, Value>,
): PendingTypedSubscription<Parameters, Value> {
  return {
    ...thenable(() => pending.then((subscription) => typedSubscription(subscription, read))),
    [Symbol.asyncIterator]: () => readAll(pending, read),
  };
}

function typedSubscription<Parameters, Value>(
  subscription: Subscription,
  read: TypedReader<Parameters, Value>,
): TypedSubscription<Parameters, Value> {
  const unsubscribe = (wait?: WaitOptions): Promise<void> => subscription.unsubscribe(wait);
  return {
    subscription,
    topicFilter: subscription.topicFilter,
    get qos() {
      return subscription.qos;
    },
    unsubscribe,
    [Symbol.asyncDispose]: () => unsubscribe(),
    [Symbol.asyncIterator]: () => readAll(subscription, read),
  };
}
