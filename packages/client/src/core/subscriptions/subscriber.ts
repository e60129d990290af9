/**
 * One subscription of the application, between the messages that arrive and the speed at which it takes them. What it
 * cannot take at once waits in a bounded buffer; when that is full, its policy decides.
 *
 * The host derives its own from this one: `accept` takes a message at once, `onGranted` and `onRefused` end the request.
 */
import type { Qos, RetainHandling } from '@martlet/protocol';
import type { Message } from '../incoming/message.ts';
import type { ClientError } from '../ports/client-error.ts';
import { MessageBuffer } from './message-buffer.ts';

/**
 * What happens when the buffer is full. `block` holds the server back: at QoS 1 and 2 by what is not acknowledged, so that
 * no more than `receiveMaximum` messages wait and other subscriptions go on until then; at QoS 0, and for bytes, by not
 * reading from the connection, so that all subscriptions wait for the slow one. While that cannot be, in a browser and as
 * long as somebody waits for the server, more messages wait, up to the limit of bytes; beyond that the newest of QoS 0 is
 * dropped, and in a browser the newest of QoS 1 and 2 is left unacknowledged, so that the server sends it again on the next
 * connection. The other policies drop a message and hold up nobody: the oldest, the one that came, or the one before of the
 * same topic, then the oldest.
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

/** Why a message from the server reached nobody. */
export type DropReason = 'slow' | 'replaced' | 'left' | 'unrouted' | 'unsubscribed';

/** What the server granted last to a filter that it has. */
export interface Grant {
  readonly granted: Qos;
}

/** What a subscriber tells the session. */
export interface SubscriberOwner {
  /** Its buffer is full and nothing may be dropped, or no longer so. Nothing arrives before it returns. */
  onBlocked(isBlocked: boolean): void;
  /** Whether nothing more is read. */
  readonly isHeldBack: boolean;
  /** Whether reading goes on and more may come than the server has promised. */
  readonly mustLeave: boolean;
  onDropped(message: Message, reason: DropReason, topicFilter: string): void;
}

export abstract class Subscriber {
  readonly topicFilter: string;
  /** @internal */
  readonly options: SubscriberOptions;
  #grant: Grant | undefined;
  readonly #owner: SubscriberOwner;
  readonly #waiting: MessageBuffer;
  #isBlocked: boolean;
  /** Nobody is held back for it any more. */
  #isOver: boolean;

  /** @internal */
  constructor(topicFilter: string, options: SubscriberOptions, owner: SubscriberOwner) {
    this.topicFilter = topicFilter;
    this.options = options;
    this.#grant = undefined;
    this.#owner = owner;
    this.#waiting = new MessageBuffer(options.whenSlow === 'latestPerTopic');
    this.#isBlocked = false;
    this.#isOver = false;
  }

  /** What the server granted last; undefined before. @internal */
  get granted(): Qos | undefined {
    return this.#grant?.granted;
  }

  /** @internal */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** @internal */
  get waitingBytes(): number {
    return this.#waiting.bytes;
  }

  /** Takes a message at once if the application is ready for one: then it calls `taken` and hands it over. @internal */
  protected abstract accept(message: Message): boolean;
  /** The server has granted the subscription, for the first time. @param grant what it has granted, at any time @internal */
  onGranted(grant: Grant): void {
    this.#grant = grant;
  }

  /** There is no such subscription (any more). @internal */
  abstract onRefused(error: ClientError): void;

  /** @internal */
  offer(message: Message): void {
    const waiting = this.#waiting;
    if (waiting.size === 0 && this.accept(message)) return;
    message.detach();
    const replaced = waiting.push(message);
    if (replaced !== undefined) this.#drop(replaced, 'replaced');
    this.#tellBlocked();
    this.#shed(message);
  }

  /** The next message that waits, for the application: undefined when there is none. @internal */
  protected take(): Message | undefined {
    const message = this.#waiting.shift();
    if (message === undefined) return undefined;
    this.#tellBlocked();
    this.taken(message);
    return message;
  }

  /** The application gets the message now. @internal */
  protected taken(message: Message): void {
    if (this.options.acknowledge === 'received') message.acknowledge();
  }

  /** Nobody is held back any more for what waits here. @internal */
  protected unblock(): void {
    this.#isOver = true;
    this.#tellBlocked();
  }

  /** The application does not want what waits: the server need not send it again, which would only hold up the rest. @internal */
  protected dropAll(): void {
    this.#release((each) => this.#drop(each, 'unsubscribed'));
  }

  /**
   * The server has the session, and sends again what is not acknowledged at QoS 1: that must not wait here as well, or more
   * of it would gather with every connection. (At QoS 2 it is known by its packet identifier, and not routed again.)
   * @internal
   */
  leaveRepeated(): void {
    this.#release((each) => {
      if (each.qos === 1 && each.isPending) each.reject();
      else this.#waiting.push(each);
    });
    this.#tellBlocked();
  }

  /** The client has ended: what waits stays unacknowledged, and a server that keeps the session sends it again. @internal */
  protected leaveAll(): void {
    this.#release((each) => each.reject());
  }

  /** Takes out each message that waits now. */
  #release(settle: (message: Message) => void): void {
    for (let count = this.#waiting.size; count > 0; count--) settle(this.#waiting.shift()!);
  }

  /** One message that is larger than the buffer may wait in it alone. */
  get #hasExcessBytes(): boolean {
    const { size, bytes } = this.#waiting;
    return size > 1 && bytes > this.options.bufferBytes;
  }

  /** Drops what is too much, now that the newest has been added. */
  #shed(newest: Message): void {
    const waiting = this.#waiting;
    const { whenSlow, bufferMessages } = this.options;
    if (whenSlow === 'block') {
      if (!this.#hasExcessBytes || this.#owner.isHeldBack) return;
      if (!newest.isPending) this.#drop(waiting.pop(), 'slow');
      else if (this.#owner.mustLeave) {
        // Nothing else keeps the server from sending as much as it may: what is not acknowledged comes again.
        this.#owner.onDropped(waiting.pop(), 'left', this.topicFilter);
        newest.reject();
      }
      return;
    }
    while (waiting.size > bufferMessages || this.#hasExcessBytes) {
      this.#drop(whenSlow === 'dropNewest' ? waiting.pop() : waiting.shift()!, 'slow');
    }
  }

  #drop(message: Message, reason: DropReason): void {
    this.#owner.onDropped(message, reason, this.topicFilter);
    message.acknowledge();
  }

  #tellBlocked(): void {
    const { whenSlow, bufferMessages, bufferBytes } = this.options;
    if (whenSlow !== 'block') return;
    const { unpromised, bytes } = this.#waiting;
    // Once it is full, half of it must be free before more is read: reading stops and goes on less often.
    const isBlocked =
      !this.#isOver &&
      (this.#isBlocked
        ? unpromised > bufferMessages / 2 || bytes > bufferBytes / 2
        : unpromised >= bufferMessages || bytes >= bufferBytes);
    if (isBlocked === this.#isBlocked) return;
    this.#isBlocked = isBlocked;
    this.#owner.onBlocked(isBlocked);
  }
}
