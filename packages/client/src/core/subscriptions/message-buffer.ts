/**
 * Messages that wait for the application, in the order in which they came; where only the latest of each topic counts, a
 * newer one takes the place of the older, so that a busy topic does not starve the others.
 */
import type { Message } from '../incoming/message.ts';

/** So many places at the front may be empty before the others move up. */
const SLACK = 1024;
/** In the place of a message that has left: nothing else of it stays. */
const GONE = undefined as unknown as Message;

export class MessageBuffer {
  /** What the messages count. */
  bytes: number;
  /** Messages that no acknowledgement holds back: the server sends more of them however many wait. */
  unpromised: number;
  readonly #messages: Message[];
  /** Where the first one is; what is before has left. */
  #first: number;
  /** By topic name: the place, counted from the first message there ever was; null where all messages count. */
  readonly #places: Map<string, number> | null;
  /** So many messages are not in `#messages` any more. */
  #gone: number;

  constructor(latestPerTopic: boolean) {
    this.bytes = 0;
    this.unpromised = 0;
    this.#messages = [];
    this.#first = 0;
    this.#places = latestPerTopic ? new Map() : null;
    this.#gone = 0;
  }

  get size(): number {
    return this.#messages.length - this.#first;
  }

  /** Returns the message whose place it takes. */
  push(message: Message): Message | undefined {
    this.#count(message, 1);
    const place = this.#places?.get(message.topicName);
    if (place !== undefined) {
      const replaced = this.#messages[place - this.#gone]!;
      this.#messages[place - this.#gone] = message;
      this.#count(replaced, -1);
      return replaced;
    }
    this.#places?.set(message.topicName, this.#gone + this.#messages.length);
    this.#messages.push(message);
    return undefined;
  }

  /** Takes the oldest. */
  shift(): Message | undefined {
    const messages = this.#messages;
    if (this.#first === messages.length) return undefined;
    const message = messages[this.#first]!;
    messages[this.#first] = GONE;
    this.#first++;
    if (this.#first === messages.length || (this.#first > SLACK && this.#first * 2 > messages.length)) {
      messages.splice(0, this.#first);
      this.#gone += this.#first;
      this.#first = 0;
    }
    return this.#taken(message);
  }

  /** Takes the newest, of at least one. */
  pop(): Message {
    return this.#taken(this.#messages.pop()!);
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
