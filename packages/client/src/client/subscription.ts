import type { Qos, ReasonCode } from '@martlet/protocol';
import type { ClientError } from '../client-error.ts';
import type { Message } from '../core/incoming/message.ts';
import type { Grant, SubscriberOptions, SubscriberOwner } from '../core/subscriptions/subscriber.ts';
import { Subscriber } from '../core/subscriptions/subscriber.ts';
import type { MessageSource, Reader } from './message-iterator.ts';
import { DONE, MessageIterator } from './message-iterator.ts';
import type { WaitOptions, WaitPlace } from './settle.ts';
import { endedWhile, watchWait, within } from './settle.ts';

/** How long a server may take to answer UNSUBSCRIBE, in milliseconds, where the application does not say. */
const ANSWER_MS = 30_000;

/** What an application does with a message. When it returns a promise, the next one waits for it (see `concurrency`). */
export type MessageHandler = (message: Message) => unknown;

export interface SubscriptionOptions extends SubscriberOptions {
  /** How many calls of the handler may be at work at once. */
  readonly concurrency: number;
  /** What a message is refused with when its handler fails; undefined leaves it unacknowledged. */
  readonly rejectWith: ReasonCode | undefined;
}

/** What a subscription needs of its client. */
export interface SubscriptionOwner extends WaitPlace {
  onHandlerError(error: unknown, message: Message, topicFilter: string): void;
  unsubscribe(subscription: Subscription): Promise<void>;
  /** It has ended by an error, which somebody knows of (`isErrorKnown`) or is to be told. */
  onSubscriptionOver(subscription: Subscription, error: ClientError): void;
}

/** That of a handler, which may have thrown anything. */
interface Failure {
  readonly error: unknown;
}

interface Waiter {
  readonly fulfil: (subscription: Subscription) => void;
  readonly reject: (error: ClientError) => void;
}

/**
 * A subscription that the server has granted. Messages go to its handler, or to whoever iterates over it.
 *
 *     await using subscription = await client.subscribe('home/#', { qos: 1 });
 *     for await (const message of subscription) console.log(message.topicName, message.text());
 */
export class Subscription extends Subscriber implements AsyncIterable<Message>, MessageSource {
  /** @internal */
  declare readonly options: SubscriptionOptions;
  /** Somebody has been told of the error with which it ended. @internal */
  isErrorKnown = false;
  readonly #owner: SubscriptionOwner;
  readonly #handler: MessageHandler | undefined;
  /** Calls of the handler whose promises have not settled. */
  #active = 0;
  readonly #readers: Reader[] = [];
  #isEnded = false;
  #error: ClientError | undefined;
  /** Who waits for the grant. */
  readonly #waiters: Waiter[] = [];
  #stopWatching: (() => void) | undefined;
  /** A loop over it ends it, and ends with its signal. */
  #isOwned = false;
  #left: Promise<void> | undefined;

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
  }

  /** The QoS that the server granted, which may be lower than what was asked for; undefined before. */
  get qos(): Qos | undefined {
    return this.granted;
  }

  /** Whether it brings no more messages, besides those that wait. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /**
   * Ends it, at once: a loop over it ends, and messages that still wait are dropped and acknowledged. Fulfilled when the
   * server has answered, or cannot be told. Nobody has to await it.
   *
   * @param wait for the answer, after which it is rejected with TIMEOUT or ABORTED. @default 30 seconds
   */
  unsubscribe({ signal, timeoutMs = ANSWER_MS }: WaitOptions = {}): Promise<void> {
    const answered = within(this.#end(), { signal, timeoutMs }, this.#owner);
    answered.catch(() => {});
    return answered;
  }

  #end(): Promise<void> {
    this.#left ??= this.#isEnded ? Promise.resolve() : this.#leave(undefined);
    return this.#left;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.unsubscribe();
  }

  /** A loop over it that may be left and taken up again. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message, undefined> {
    return this.messages(false);
  }

  /** @param isOwned whether whoever stops to iterate ends the subscription. @internal */
  messages(isOwned: boolean): AsyncIterableIterator<Message, undefined> {
    if (isOwned) this.#isOwned = true;
    return new MessageIterator(this, isOwned);
  }

  /** Ends it when the wait for the grant is over; a loop that owns it, whenever the signal says so. @internal */
  watch(wait: WaitOptions): void {
    if (wait.signal === undefined && wait.timeoutMs === undefined) return;
    this.#stopWatching = watchWait(wait, this.#owner, (error) => {
      const isAborted = error.code === 'ABORTED';
      if (this.#isEnded || (this.granted !== undefined && !(this.#isOwned && isAborted))) return;
      // Whoever aborts knows it.
      if (isAborted) this.isErrorKnown = true;
      this.#left = this.#leave(error);
      this.#owner.onSubscriptionOver(this, error);
    });
  }

  /** Fulfilled when the server has granted it. @internal */
  whenGranted(): Promise<Subscription> {
    if (this.granted !== undefined) return Promise.resolve(this);
    if (this.#isEnded) {
      this.isErrorKnown = true;
      return Promise.reject(this.#error ?? this.#unsubscribed());
    }
    return new Promise((fulfil, reject) => this.#waiters.push({ fulfil, reject }));
  }

  override onGranted(grant: Grant): void {
    super.onGranted(grant);
    if (!this.#isOwned) this.#stopWatching?.();
    for (const { fulfil } of this.#waiters.splice(0)) fulfil(this);
  }

  override onRefused(error: ClientError): void {
    this.end(error);
    this.#owner.onSubscriptionOver(this, error);
  }

  /** No more messages come. What waits can still be read where there is an error at its end. @internal */
  end(error: ClientError | undefined): void {
    this.#finish(error);
    if (this.#handler !== undefined || error === undefined) this.leaveAll();
  }

  #leave(error: ClientError | undefined): Promise<void> {
    this.#finish(error);
    this.dropAll();
    return this.#owner.unsubscribe(this);
  }

  #finish(error: ClientError | undefined): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#error = error;
    if (this.#waiters.length + this.#readers.length > 0) this.isErrorKnown = true;
    this.#stopWatching?.();
    this.unblock();
    for (const { reject } of this.#waiters.splice(0)) reject(error ?? this.#unsubscribed());
    for (const { fulfil, reject } of this.#readers.splice(0)) {
      if (error === undefined) fulfil(DONE);
      else reject(error);
    }
  }

  protected override accept(message: Message): boolean {
    if (this.#isEnded) {
      // It has been ended by another handler of this very message.
      message.acknowledge();
      return true;
    }
    if (this.#handler !== undefined) {
      if (this.#active >= this.options.concurrency) return false;
      this.taken(message);
      this.#handle(this.#handler, message);
      return true;
    }
    const reader = this.#readers.shift();
    if (reader === undefined) return false;
    this.taken(message);
    reader.iterator.current = message;
    reader.fulfil({ done: false, value: message });
    return true;
  }

  #handle(handler: MessageHandler, message: Message): void {
    let failure: Failure | undefined;
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
      failure = { error };
    }
    this.#settle(message, failure);
  }

  #onHandled(message: Message, failure?: Failure): void {
    this.#active--;
    this.#settle(message, failure);
    while (this.#active < this.options.concurrency) {
      const next = this.take();
      if (next === undefined) return;
      this.#handle(this.#handler!, next);
    }
  }

  #settle(message: Message, failure?: Failure): void {
    if (failure === undefined) {
      if (this.isHandled) message.acknowledge();
      return;
    }
    if (this.isHandled) message.reject(this.options.rejectWith);
    this.#owner.onHandlerError(failure.error, message, this.topicFilter);
  }

  /** @internal */
  get isHandled(): boolean {
    return this.options.acknowledge === 'handled';
  }

  /** @internal */
  read(iterator: MessageIterator): Promise<IteratorResult<Message, undefined>> {
    const message = this.take();
    if (message !== undefined) {
      iterator.current = message;
      return Promise.resolve({ done: false, value: message });
    }
    if (this.#error !== undefined) {
      this.isErrorKnown = true;
      return Promise.reject(this.#error);
    }
    if (this.#isEnded) return Promise.resolve(DONE);
    return new Promise((fulfil, reject) => this.#readers.push({ iterator, fulfil, reject }));
  }

  /** @internal */
  leave(iterator: MessageIterator, isOwned: boolean): void {
    for (const reader of this.#readers.filter((each) => each.iterator === iterator)) {
      this.#readers.splice(this.#readers.indexOf(reader), 1);
      reader.fulfil(DONE);
    }
    if (isOwned) void this.#end();
  }

  #unsubscribed(): ClientError {
    const text = 'expected a grant of the server, got unsubscribed or closed before';
    return endedWhile('CLOSED', text, this.#owner);
  }
}

/**
 * A subscription that has been asked for. Awaiting it gives the subscription, once the server has granted it; iterating
 * over it begins at once, and ends the subscription when the loop is left. `timeoutMs` is for the grant; `signal` too, or
 * for the whole loop.
 */
export class PendingSubscription implements PromiseLike<Subscription>, AsyncIterable<Message> {
  readonly subscription: Subscription;

  /** @internal */
  constructor(subscription: Subscription) {
    this.subscription = subscription;
  }

  // biome-ignore lint/suspicious/noThenProperty: a request is awaited.
  then<A = Subscription, B = never>(
    onFulfilled?: ((subscription: Subscription) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.subscription.whenGranted().then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<Subscription | B> {
    return this.then(undefined, onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<Subscription> {
    return this.then().finally(onFinally);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Message, undefined> {
    return this.subscription.messages(true);
  }
}
