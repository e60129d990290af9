/**
 * One subscription of the application, between the messages that arrive and the speed at which it takes them. What it
 * cannot take at once waits in a bounded buffer; when that is full, its policy decides.
 *
 * The host derives its own from this one: `accept` takes a message at once, `onGranted` and `onRefused` end the request.
 */
import type { Qos, RetainHandling } from '@martlet/protocol';
import type { Message } from '../incoming/message.ts';
import type { ClientError } from '../ports/client-error.ts';

/**
 * What happens when the buffer is full: the server is held back (by the Receive Maximum at QoS 1 and 2, by not reading at
 * QoS 0), or a message is dropped.
 */
export type WhenSlow = 'block' | 'dropOldest' | 'dropNewest' | 'latestPerTopic';

/**
 * When a message of QoS 1 or 2 is acknowledged: when the application takes it, when the handler's promise is fulfilled, or
 * when the application calls `acknowledge`.
 */
export type Acknowledge = 'received' | 'handled' | 'manual';

export interface SubscriberOptions {
  readonly qos: Qos;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: RetainHandling;
  readonly acknowledge: Acknowledge;
  readonly whenSlow: WhenSlow;
  readonly bufferMessages: number;
  readonly bufferBytes: number;
}

/** What a subscriber tells the session. */
export interface SubscriberOwner {
  /** Its buffer is full and nothing may be dropped, or no longer so. */
  onBlocked(isBlocked: boolean): void;
  /** Whether `onBlocked` really holds back what needs no acknowledgement. */
  readonly canBlock: boolean;
  onDropped(message: Message, subscriber: Subscriber): void;
}

export abstract class Subscriber {
  readonly topicFilter: string;
  readonly options: SubscriberOptions;
  readonly #owner: SubscriberOwner;
  /** In the order of arrival; by topic name where only the latest counts. */
  readonly #waiting: Map<number | string, Message>;
  #waitingBytes: number;
  #arrivals: number;
  #isBlocked: boolean;

  constructor(topicFilter: string, options: SubscriberOptions, owner: SubscriberOwner) {
    this.topicFilter = topicFilter;
    this.options = options;
    this.#owner = owner;
    this.#waiting = new Map();
    this.#waitingBytes = 0;
    this.#arrivals = 0;
    this.#isBlocked = false;
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Takes a message at once if the application is ready for one: then it calls `taken` and hands it over. */
  protected abstract accept(message: Message): boolean;
  /** The server has granted the subscription, at this QoS; again after each renewal. */
  abstract onGranted(qos: Qos): void;
  /** There is no such subscription (any more). */
  abstract onRefused(error: ClientError): void;

  offer(message: Message): void {
    if (this.#waiting.size === 0 && this.accept(message)) return;
    const { whenSlow } = this.options;
    const key = whenSlow === 'latestPerTopic' ? message.topicName : this.#arrivals++;
    const replaced = this.#waiting.get(key);
    if (replaced !== undefined) this.#drop(key, replaced);
    else if (this.#isFull(message)) {
      if (
        whenSlow === 'dropNewest' ||
        (whenSlow === 'block' && !message.isPending && !this.#owner.canBlock)
      ) {
        this.#discard(message);
        return;
      }
      if (whenSlow !== 'block') this.#dropOldest(message);
    }
    message.detach();
    this.#waiting.set(key, message);
    this.#waitingBytes += message.payload.length;
    this.#tellBlocked();
  }

  /** The next message that waits, for the application: undefined when there is none. */
  take(): Message | undefined {
    const entry = this.#waiting.entries().next();
    if (entry.done === true) return undefined;
    const [key, message] = entry.value;
    this.#remove(key, message);
    this.#tellBlocked();
    this.taken(message);
    return message;
  }

  /** Nobody takes messages any more: what waits goes back to the server unacknowledged. */
  abandon(): void {
    for (const message of this.#waiting.values()) message.reject();
    this.#waiting.clear();
    this.#waitingBytes = 0;
    this.#tellBlocked();
  }

  /** The application gets the message now. */
  protected taken(message: Message): void {
    if (this.options.acknowledge === 'received') message.acknowledge();
  }

  #isFull(message: Message): boolean {
    const { bufferMessages, bufferBytes } = this.options;
    return this.#waiting.size >= bufferMessages || this.#waitingBytes + message.payload.length > bufferBytes;
  }

  #dropOldest(newest: Message): void {
    while (this.#waiting.size > 0 && this.#isFull(newest)) {
      const [key, message] = this.#waiting.entries().next().value!;
      this.#drop(key, message);
    }
  }

  #drop(key: number | string, message: Message): void {
    this.#remove(key, message);
    this.#discard(message);
  }

  #discard(message: Message): void {
    this.#owner.onDropped(message, this);
    message.acknowledge();
  }

  #remove(key: number | string, message: Message): void {
    this.#waiting.delete(key);
    this.#waitingBytes -= message.payload.length;
  }

  #tellBlocked(): void {
    const { whenSlow, bufferMessages, bufferBytes } = this.options;
    const isBlocked =
      whenSlow === 'block' && (this.#waiting.size >= bufferMessages || this.#waitingBytes >= bufferBytes);
    if (isBlocked === this.#isBlocked) return;
    this.#isBlocked = isBlocked;
    this.#owner.onBlocked(isBlocked);
  }
}
