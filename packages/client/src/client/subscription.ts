import type { Qos, ReasonCode } from '@martlet/protocol';
import { ClientError } from '../client-error.ts';
import type { Message } from '../core/incoming/message.ts';
import type { SubscriberOptions, SubscriberOwner } from '../core/subscriptions/subscriber.ts';
import { Subscriber } from '../core/subscriptions/subscriber.ts';

/** What an application does with a message. When it returns a promise, the next one waits for it (see `concurrency`). */
export type MessageHandler = (message: Message) => unknown;

export interface SubscriptionOptions extends SubscriberOptions {
  /** How many calls of the handler may be at work at once. */
  readonly concurrency: number;
  /** What a message is refused with when its handler fails; undefined leaves it unacknowledged. */
  readonly rejectWith: ReasonCode | undefined;
}

/** What a subscription needs of its client. */
export interface SubscriptionOwner {
  onHandlerError(error: unknown, message: Message, topicFilter: string): void;
  unsubscribe(subscription: Subscription): Promise<void>;
  onSubscriptionFailed(subscription: Subscription, error: ClientError): void;
}

interface Reader {
  readonly fulfil: (result: IteratorResult<Message, undefined>) => void;
  readonly reject: (error: ClientError) => void;
}

/**
 * A subscription that the server has granted. Messages go to its handler, or to whoever iterates over it.
 *
 *     await using subscription = await client.subscribe('home/#', { qos: 1 });
 *     for await (const message of subscription) console.log(message.topicName, message.text());
 */
export class Subscription extends Subscriber implements AsyncIterable<Message> {
  readonly #owner: SubscriptionOwner;
  readonly #handler: MessageHandler | undefined;
  readonly #concurrency: number;
  readonly #rejectWith: ReasonCode | undefined;
  /** Calls of the handler whose promises have not settled. */
  #active = 0;
  /** Who waits for a message that has not come. */
  readonly #readers: Reader[] = [];
  #granted: Qos | undefined;
  #isEnded = false;
  #error: ClientError | undefined;
  /** Who waits for the grant. */
  readonly #waiters: { readonly fulfil: () => void; readonly reject: (error: ClientError) => void }[] = [];

  constructor(
    topicFilter: string,
    options: SubscriptionOptions,
    handler: MessageHandler | undefined,
    core: SubscriberOwner,
    owner: SubscriptionOwner,
  ) {
    super(topicFilter, options, core);
    this.#owner = owner;
    this.#handler = handler;
    this.#concurrency = options.concurrency;
    this.#rejectWith = options.rejectWith;
  }

  /** The QoS that the server granted, which may be lower than what was asked for; undefined before. */
  get qos(): Qos | undefined {
    return this.#granted;
  }

  /** Whether it brings no more messages. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Ends it. Fulfilled when the server has been told; messages that still wait are not acknowledged. */
  unsubscribe(): Promise<void> {
    if (this.#isEnded) return Promise.resolve();
    this.end(undefined);
    return this.#owner.unsubscribe(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.unsubscribe();
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return this.messages(false);
  }

  /** @param isOwned whether whoever stops to iterate ends the subscription. @internal */
  messages(isOwned: boolean): AsyncIterator<Message, undefined> {
    let handled: Message | undefined;
    const isHandled = this.options.acknowledge === 'handled';
    return {
      next: async () => {
        if (isHandled) handled?.acknowledge();
        const result = await this.#next();
        handled = result.value;
        return result;
      },
      return: async () => {
        if (isHandled) handled?.reject();
        if (isOwned) await this.unsubscribe();
        return { done: true, value: undefined };
      },
    };
  }

  /** Fulfilled when the server has granted it. @internal */
  granted(): Promise<void> {
    if (this.#granted !== undefined) return Promise.resolve();
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#isEnded)
      return Promise.reject(new ClientError('CLOSED', 'unsubscribed before the server answered'));
    return new Promise((fulfil, reject) => this.#waiters.push({ fulfil, reject }));
  }

  override onGranted(qos: Qos): void {
    this.#granted = qos;
    for (const { fulfil } of this.#waiters.splice(0)) fulfil();
  }

  override onRefused(error: ClientError): void {
    const isKnown = this.#waiters.length > 0 || this.#readers.length > 0;
    this.end(error);
    if (!isKnown) this.#owner.onSubscriptionFailed(this, error);
  }

  /** No more messages come. @param error why, where it is one. @internal */
  end(error: ClientError | undefined): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#error = error;
    if (this.#handler !== undefined || error === undefined) this.abandon();
    const gone = error ?? new ClientError('CLOSED', 'unsubscribed before the server answered');
    for (const { reject } of this.#waiters.splice(0)) reject(gone);
    for (const reader of this.#readers.splice(0)) {
      if (error === undefined) reader.fulfil({ done: true, value: undefined });
      else reader.reject(error);
    }
  }

  protected override accept(message: Message): boolean {
    if (this.#isEnded) {
      message.reject();
      return true;
    }
    if (this.#handler !== undefined) {
      if (this.#active >= this.#concurrency) return false;
      this.taken(message);
      this.#handle(this.#handler, message);
      return true;
    }
    const reader = this.#readers.shift();
    if (reader === undefined) return false;
    this.taken(message);
    reader.fulfil({ done: false, value: message });
    return true;
  }

  #handle(handler: MessageHandler, message: Message): void {
    try {
      const result = handler(message);
      if (typeof (result as PromiseLike<unknown> | undefined)?.then === 'function') {
        this.#active++;
        Promise.resolve(result).then(
          () => this.#onHandled(message),
          (error) => this.#onHandled(message, { error }),
        );
        return;
      }
    } catch (error) {
      this.#settle(message, { error });
      return;
    }
    if (this.options.acknowledge === 'handled') message.acknowledge();
  }

  #onHandled(message: Message, failure?: { readonly error: unknown }): void {
    this.#active--;
    this.#settle(message, failure);
    while (this.#active < this.#concurrency) {
      const next = this.take();
      if (next === undefined) return;
      this.#handle(this.#handler!, next);
    }
  }

  #settle(message: Message, failure?: { readonly error: unknown }): void {
    const isHandled = this.options.acknowledge === 'handled';
    if (failure === undefined) {
      if (isHandled) message.acknowledge();
      return;
    }
    if (isHandled) message.reject(this.#rejectWith);
    this.#owner.onHandlerError(failure.error, message, this.topicFilter);
  }

  #next(): Promise<IteratorResult<Message, undefined>> {
    const message = this.take();
    if (message !== undefined) return Promise.resolve({ done: false, value: message });
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((fulfil, reject) => this.#readers.push({ fulfil, reject }));
  }
}

/**
 * A subscription that has been asked for. Awaiting it gives the subscription, once the server has granted it; iterating
 * over it begins at once, and ends the subscription when the loop is left.
 */
export class PendingSubscription implements PromiseLike<Subscription>, AsyncIterable<Message> {
  readonly subscription: Subscription;
  readonly #watch: (granted: Promise<void>) => Promise<void>;

  /** @param watch adds what the caller's signal and timeout say. @internal */
  constructor(subscription: Subscription, watch: (granted: Promise<void>) => Promise<void>) {
    this.subscription = subscription;
    this.#watch = watch;
  }

  // biome-ignore lint/suspicious/noThenProperty: a request is awaited.
  then<A = Subscription, B = never>(
    onFulfilled?: ((subscription: Subscription) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#watch(this.subscription.granted())
      .then(() => this.subscription)
      .then(onFulfilled, onRejected);
  }

  [Symbol.asyncIterator](): AsyncIterator<Message, undefined> {
    return this.subscription.messages(true);
  }
}
