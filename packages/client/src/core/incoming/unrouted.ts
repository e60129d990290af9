/**
 * Messages that no subscription of the application asked for: after a restart, the server's session may deliver before
 * the application has subscribed again. They wait for it, unacknowledged, a bounded number of them.
 */
import { matches } from '@martlet/protocol';
import type { Subscriber } from '../subscriptions/subscriber.ts';
import type { Message } from './message.ts';

export class Unrouted {
  #listener: ((message: Message) => void) | null;
  readonly #limit: number;
  readonly #onDropped: (message: Message) => void;
  #waiting: Message[];

  constructor(limit: number, onDropped: (message: Message) => void) {
    this.#listener = null;
    this.#limit = limit;
    this.#onDropped = onDropped;
    this.#waiting = [];
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** @param listener takes what no subscription asked for, in place of waiting, and settles the message; or null. */
  listen(listener: ((message: Message) => void) | null): void {
    this.#listener = listener;
    if (listener !== null) for (const message of this.#waiting.splice(0)) listener(message);
  }

  add(message: Message): void {
    if (this.#listener !== null) {
      this.#listener(message);
      return;
    }
    // At QoS 0 nobody promised anything, and the filter is most likely one that was just given up.
    if (message.isPending) {
      message.detach();
      this.#waiting.push(message);
      if (this.#waiting.length <= this.#limit) return;
    }
    const dropped = message.isPending ? this.#waiting.shift()! : message;
    this.#onDropped(dropped);
    dropped.acknowledge();
  }

  /** A new subscription takes what it matches. */
  claim(subscriber: Subscriber, matchFilter: string): void {
    const mine = this.#waiting.filter((message) => matches(matchFilter, message.topicName));
    if (mine.length === 0) return;
    this.#waiting = this.#waiting.filter((message) => !mine.includes(message));
    for (const message of mine) subscriber.offer(message);
  }

  /** The connection is gone: the server sends again what it saw no acknowledgement of. */
  forget(): void {
    for (const message of this.#waiting.splice(0)) message.reject();
  }
}
