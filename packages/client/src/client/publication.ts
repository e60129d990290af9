import type { AcknowledgementProperties, ReasonCode, UserProperty } from '@martlet/protocol';
import type { ClientError } from '../client-error.ts';
import { OutgoingMessage } from '../core/outgoing/outgoing-message.ts';

/** What the server said to a message. */
export interface PublishResult {
  /** 0x00, or 0x10 when nobody had subscribed to it and the server says so; 0x00 at QoS 0. */
  readonly reasonCode: ReasonCode;
  readonly reasonString: string | undefined;
  readonly userProperties: readonly UserProperty[];
}

const STORED = 1;
const SENT = 2;
const ACKNOWLEDGED = 4;

interface Waiter {
  readonly stage: number;
  readonly fulfil: (value: never) => void;
  readonly reject: (error: ClientError) => void;
}

/**
 * A message on its way to the server. Awaiting it waits for the last stage; no promise exists that nobody asked for, and
 * each one settles: at the latest when the client is closed.
 *
 *     const publication = client.publish('home/kitchen/light', 'on', { qos: 1 });
 *     await publication.stored;   // it survives a crash of this process, where the client has a store
 *     await publication.sent;     // it has been handed to the network
 *     await publication;          // the server has acknowledged it
 *
 * When the message fails and nobody has asked for its end, the client's `error` event tells.
 */
export class Publication extends OutgoingMessage implements PromiseLike<PublishResult> {
  #reached = 0;
  #error: ClientError | undefined;
  #result: PublishResult | undefined;
  #waiters: Waiter[] | undefined;
  #isObserved = false;
  /** Takes back what watches for a timeout or an AbortSignal. */
  #unwatch: (() => void) | undefined;

  /** Kept as safely as the client's session is; at once at QoS 0 and without a store. */
  get stored(): Promise<void> {
    if (this.key === 0 && this.#error === undefined) this.#reached |= STORED;
    return this.#stage(STORED);
  }

  /** Handed to the network for the first time. */
  get sent(): Promise<void> {
    return this.#stage(SENT);
  }

  /** Acknowledged by the server, as its QoS demands; at QoS 0 the same as sent. Rejected when the server refuses it. */
  get acknowledged(): Promise<PublishResult> {
    this.#isObserved = true;
    return this.#stage(ACKNOWLEDGED);
  }

  // biome-ignore lint/suspicious/noThenProperty: a publication is awaited as a whole.
  then<A = PublishResult, B = never>(
    onFulfilled?: ((result: PublishResult) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.acknowledged.then(onFulfilled, onRejected);
  }

  catch<B = never>(onRejected?: ((error: unknown) => B | PromiseLike<B>) | null): Promise<PublishResult | B> {
    return this.acknowledged.catch(onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<PublishResult> {
    return this.acknowledged.finally(onFinally);
  }

  /** Whether somebody is told how it ends. @internal */
  get isObserved(): boolean {
    return this.#isObserved;
  }

  /** Whether it has come to its end. @internal */
  get isSettled(): boolean {
    return this.#error !== undefined || (this.#reached & ACKNOWLEDGED) !== 0;
  }

  /** @param unwatch called once when it has come to its end. @internal */
  watch(unwatch: () => void): void {
    this.#unwatch = unwatch;
  }

  override onStored(): void {
    this.#reach(STORED);
  }

  override onSent(): void {
    this.#reach(STORED | SENT);
  }

  override onReceived(reasonCode: ReasonCode, properties: AcknowledgementProperties): void {
    if (reasonCode === 0 && !('reasonString' in properties || 'userProperties' in properties)) return;
    // To read the User Properties would decode them, which nobody may ask for.
    this.#result = Object.defineProperties(
      { reasonCode, reasonString: undefined, userProperties: [] },
      Object.getOwnPropertyDescriptors(properties),
    );
  }

  override onAcknowledged(reasonCode: ReasonCode, properties: AcknowledgementProperties): void {
    this.onReceived(reasonCode, properties);
    this.#reach(STORED | SENT | ACKNOWLEDGED);
    this.#end();
  }

  /** It will not be delivered, or nobody waits for it any more. False when it had come to its end before. @internal */
  fail(error: ClientError): boolean {
    if (this.isSettled) return false;
    this.#error = error;
    const waiters = this.#waiters;
    this.#waiters = undefined;
    if (waiters !== undefined) {
      this.#isObserved = true;
      for (const waiter of waiters) waiter.reject(error);
    }
    this.#end();
    return true;
  }

  #stage<T>(stage: number): Promise<T> {
    if ((this.#reached & stage) !== 0) return Promise.resolve(this.#valueOf(stage) as T);
    if (this.#error !== undefined) {
      this.#isObserved = true;
      return Promise.reject(this.#error);
    }
    return new Promise((fulfil, reject) => {
      (this.#waiters ??= []).push({ stage, fulfil: fulfil as (value: never) => void, reject });
    });
  }

  #reach(stages: number): void {
    if (this.#error !== undefined) return;
    this.#reached |= stages;
    const waiters = this.#waiters;
    if (waiters === undefined) return;
    this.#waiters = undefined;
    for (const waiter of waiters) {
      if ((stages & waiter.stage) !== 0) waiter.fulfil(this.#valueOf(waiter.stage) as never);
      else (this.#waiters ??= []).push(waiter);
    }
  }

  #valueOf(stage: number): PublishResult | undefined {
    if (stage !== ACKNOWLEDGED) return undefined;
    this.#result ??= { reasonCode: 0, reasonString: undefined, userProperties: [] };
    return this.#result;
  }

  #end(): void {
    const unwatch = this.#unwatch;
    this.#unwatch = undefined;
    unwatch?.();
  }
}
