/**
 * Messages that no subscription of the application asked for. After a restart the server's session may deliver before the
 * application has subscribed again: what comes in the first minute of the first connection, out of a session that was there
 * before, waits for it, unacknowledged and within limits. Later nobody will come for it: it is dropped and acknowledged,
 * because it would hold up what the application did ask for.
 */
import type { ServerSubscription } from '../subscriptions/server-subscription.ts';
import type { Subscriber } from '../subscriptions/subscriber.ts';
import type { Message } from './message.ts';

const WAIT_MS = 60_000;
/** Bytes of payload. */
const MAXIMUM_BYTES = 16 * 1_048_576;

export class Unrouted {
  /** Until when messages wait: Infinity before the first connection, and when nothing waits any more. */
  untilMs: number;
  #isOpen: boolean;
  #listener: ((message: Message) => void) | null;
  readonly #limit: number;
  readonly #onDropped: (message: Message) => void;
  readonly #waiting: Message[];
  #bytes: number;

  constructor(limit: number, onDropped: (message: Message) => void) {
    this.untilMs = Number.POSITIVE_INFINITY;
    this.#isOpen = true;
    this.#listener = null;
    this.#limit = limit;
    this.#onDropped = onDropped;
    this.#waiting = [];
    this.#bytes = 0;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /**
   * @param listener takes what no subscription asked for, in place of waiting, and settles it; or null
   */
  listen(listener: ((message: Message) => void) | null): void {
    this.#listener = listener;
    for (const message of listener === null ? [] : this.#takeAll()) this.add(message);
  }

  online(sessionPresent: boolean, nowMs: number): void {
    if (!this.#isOpen || this.untilMs !== Number.POSITIVE_INFINITY) return;
    this.#isOpen = sessionPresent;
    if (sessionPresent) this.untilMs = nowMs + WAIT_MS;
  }

  tick(nowMs: number): void {
    if (nowMs < this.untilMs) return;
    this.#isOpen = false;
    this.untilMs = Number.POSITIVE_INFINITY;
    for (const message of this.#takeAll()) this.#drop(message);
  }

  add(message: Message): void {
    if (this.#listener !== null) {
      this.#listener(message);
      return;
    }
    // At QoS 0 nobody promised anything, and the filter is most likely one that was just given up.
    if (!message.isPending || !this.#isOpen) {
      this.#drop(message);
      return;
    }
    message.detach();
    this.#waiting.push(message);
    this.#bytes += message.payload.length;
    while (this.#waiting.length > this.#limit || this.#bytes > MAXIMUM_BYTES) {
      const oldest = this.#waiting.shift()!;
      this.#bytes -= oldest.payload.length;
      this.#drop(oldest);
    }
  }

  /** A new subscription takes what it matches. */
  claim(subscriber: Subscriber, subscription: ServerSubscription): void {
    for (const message of this.#takeAll()) {
      if (subscription.matches(message.topicName.split('/'))) subscriber.offer(message);
      else this.add(message);
    }
  }

  /** The connection is gone: the server sends again what it saw no acknowledgement of. */
  forget(): void {
    for (const message of this.#takeAll()) message.reject();
  }

  #takeAll(): Message[] {
    this.#bytes = 0;
    return this.#waiting.splice(0);
  }

  #drop(message: Message): void {
    this.#onDropped(message);
    message.acknowledge(); // [MQTT-4.5.0-2] [MQTT-4.5.0-2] 3.1.1
  }
}
