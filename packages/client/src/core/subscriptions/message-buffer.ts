/**
 * Messages that wait for the application, in the order in which they came; where only the latest of each topic counts, a
 * newer one takes the place of the older, so that a busy topic does not starve the others.
 */
import { Fifo } from '../fifo.ts';
import type { Message } from '../incoming/message.ts';

export class MessageBuffer extends Fifo<Message> {
  /** What the messages count. */
  bytes: number;
  /** Messages that no acknowledgement holds back: the server sends more of them however many wait. */
  unpromised: number;
  /** By topic name: the place, counted from the first message there ever was; null where all messages count. */
  readonly #places: Map<string, number> | null;

  constructor(latestPerTopic: boolean) {
    super();
    this.bytes = 0;
    this.unpromised = 0;
    this.#places = latestPerTopic ? new Map() : null;
  }

  /** Returns the message whose place it takes. */
  push(message: Message): Message | undefined {
    this.#count(message, 1);
    const place = this.#places?.get(message.topicName);
    if (place !== undefined) {
      const replaced = this.items[place - this.gone]!;
      this.items[place - this.gone] = message;
      this.#count(replaced, -1);
      return replaced;
    }
    this.#places?.set(message.topicName, this.gone + this.items.length);
    this.items.push(message);
    return undefined;
  }

  /** Takes the oldest. */
  override shift(): Message | undefined {
    const message = super.shift();
    return message && this.#taken(message);
  }

  /** Takes the newest, of at least one. */
  pop(): Message {
    return this.#taken(this.items.pop()!);
  }

  #taken(message: Message): Message {
    this.#places?.delete(message.topicName);
    this.#count(message, -1);
    return message;
  }

  #count(message: Message, sign: 1 | -1): void {
    this.bytes += sign * message.bytes;
    if (!message.isPending) this.unpromised += sign;
  }
}
