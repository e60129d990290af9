import type { Qos } from '@martlet/protocol';
import type { PendingSubscription, Subscription } from '../client/subscription.ts';
import type { TypedMessage, TypedReader } from './typed-reader.ts';
import { readAll } from './typed-reader.ts';

/** A subscription to a typed topic that the server has granted. */
export class TypedSubscription<Parameters, Value> implements AsyncIterable<TypedMessage<Parameters, Value>> {
  /** The client's own, whose messages are as they came. */
  readonly subscription: Subscription;
  readonly #read: TypedReader<Parameters, Value>;

  constructor(subscription: Subscription, read: TypedReader<Parameters, Value>) {
    this.subscription = subscription;
    this.#read = read;
  }

  get topicFilter(): string {
    return this.subscription.topicFilter;
  }

  /** The QoS that the server granted. */
  get qos(): Qos | undefined {
    return this.subscription.qos;
  }

  /** Ends it. Fulfilled when the server has been told. */
  unsubscribe(): Promise<void> {
    return this.subscription.unsubscribe();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.unsubscribe();
  }

  [Symbol.asyncIterator](): AsyncGenerator<TypedMessage<Parameters, Value>, void> {
    return readAll(this.subscription, this.#read);
  }
}

/**
 * A subscription to a typed topic that has been asked for. Awaiting it gives the subscription, once the server has
 * granted it; iterating over it begins at once, and ends the subscription when the loop is left.
 */
export class PendingTypedSubscription<Parameters, Value>
  implements PromiseLike<TypedSubscription<Parameters, Value>>, AsyncIterable<TypedMessage<Parameters, Value>>
{
  readonly #pending: PendingSubscription;
  readonly #read: TypedReader<Parameters, Value>;

  constructor(pending: PendingSubscription, read: TypedReader<Parameters, Value>) {
    this.#pending = pending;
    this.#read = read;
  }

  // biome-ignore lint/suspicious/noThenProperty: a request is awaited.
  then<A = TypedSubscription<Parameters, Value>, B = never>(
    onFulfilled?: ((subscription: TypedSubscription<Parameters, Value>) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#pending
      .then((subscription) => new TypedSubscription(subscription, this.#read))
      .then(onFulfilled, onRejected);
  }

  [Symbol.asyncIterator](): AsyncGenerator<TypedMessage<Parameters, Value>, void> {
    return readAll(this.#pending, this.#read);
  }
}
