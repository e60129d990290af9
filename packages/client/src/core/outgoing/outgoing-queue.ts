/**
 * Messages that wait to be sent, in order: a linked list, so that one can be taken out of the middle. It is bounded, and
 * decides what gives way when it is full.
 */
import { ClientError } from '../ports/client-error.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import { Place } from './outgoing-message.ts';

/** What happens to a message for which the queue has no room. */
export type WhenFull = 'reject' | 'dropOldest' | 'dropNewest';

export interface QueueLimits {
  readonly messages: number;
  /** Payloads, topic names and an allowance for each message; those under way count. */
  readonly bytes: number;
  readonly whenFull: WhenFull;
  /** A message replaces the one with its topic name that still waits. */
  readonly latestPerTopic: boolean;
}

export class OutgoingQueue {
  readonly limits: QueueLimits;
  /** The message that waits, by topic name, where only the latest counts. */
  readonly #latest: Map<string, OutgoingMessage> = new Map();
  #first: OutgoingMessage | null = null;
  #last: OutgoingMessage | null = null;
  #size = 0;
  #bytes = 0;

  constructor(limits: QueueLimits) {
    this.limits = limits;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get first(): OutgoingMessage | null {
    return this.#first;
  }

  /**
   * Makes room for a message by the policy. False when it is the one to be dropped, and has been.
   * @param otherBytes of messages elsewhere that count against the limit
   * @param onDropped told of each that gives way, when it is out of the queue
   * @throws {ClientError} QUEUE_FULL
   */
  makeRoom(
    message: OutgoingMessage,
    otherBytes: number,
    onDropped: (message: OutgoingMessage, text: string) => void,
  ): boolean {
    const { messages, bytes, whenFull, latestPerTopic } = this.limits;
    const older = latestPerTopic ? this.#latest.get(message.topicName) : undefined;
    if (older !== undefined) {
      this.remove(older);
      onDropped(older, 'a newer message with its topic name took its place');
    }
    const isFull = (): boolean => this.#size >= messages || otherBytes + this.#bytes + message.bytes > bytes;
    const text = `expected at most ${messages} messages and ${bytes} bytes to wait, got more`;
    for (let oldest = this.#first; isFull(); oldest = this.#first) {
      if (whenFull === 'reject') throw new ClientError('QUEUE_FULL', text);
      if (whenFull === 'dropNewest' || oldest === null) {
        onDropped(message, text);
        return false;
      }
      this.remove(oldest);
      onDropped(oldest, text);
    }
    return true;
  }

  push(message: OutgoingMessage): void {
    this.#insert(message, this.#last, null);
  }

  /** Puts a message before all others: it was here before and comes back. */
  unshift(message: OutgoingMessage): void {
    this.#insert(message, null, this.#first);
  }

  remove(message: OutgoingMessage): void {
    const { previous, next } = message;
    if (previous === null) this.#first = next;
    else previous.next = next;
    if (next === null) this.#last = previous;
    else next.previous = previous;
    message.previous = null;
    message.next = null;
    message.place = Place.None;
    this.#size--;
    this.#bytes -= message.bytes;
    if (this.#latest.get(message.topicName) === message) this.#latest.delete(message.topicName);
  }

  #insert(message: OutgoingMessage, previous: OutgoingMessage | null, next: OutgoingMessage | null): void {
    message.previous = previous;
    message.next = next;
    message.place = Place.Queued;
    if (previous === null) this.#first = message;
    else previous.next = message;
    if (next === null) this.#last = message;
    else next.previous = message;
    this.#size++;
    this.#bytes += message.bytes;
    if (this.limits.latestPerTopic && next === null) this.#latest.set(message.topicName, message);
  }
}
