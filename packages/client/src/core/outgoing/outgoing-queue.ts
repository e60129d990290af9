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
  /** Payloads, topic names, properties and an allowance for each message; those under way count. */
  readonly bytes: number;
  readonly whenFull: WhenFull;
  /** A message replaces the one with its topic name that still waits. */
  readonly latestPerTopic: boolean;
}

export class OutgoingQueue {
  readonly limits: QueueLimits;
  first: OutgoingMessage | null = null;
  size = 0;
  bytes = 0;
  /** Nothing expires before this time; Infinity when nothing ever does. */
  nextExpiryMs: number = Number.POSITIVE_INFINITY;
  #last: OutgoingMessage | null = null;
  /** The message that waits, by topic name, where only the latest counts. */
  readonly #latest: Map<string, OutgoingMessage> = new Map();

  constructor(limits: QueueLimits) {
    this.limits = limits;
  }

  /**
   * Makes room for a message by the policy. False when it is the one to be dropped, and has been.
   * @param otherBytes of messages elsewhere that count against the limit
   * @param onDropped told of each that gives way, when it is out of the queue
   * @throws {ClientError} QUEUE_FULL; then nothing has given way
   */
  makeRoom(
    message: OutgoingMessage,
    otherBytes: number,
    onDropped: (message: OutgoingMessage, error: ClientError) => void,
  ): boolean {
    const { messages, whenFull } = this.limits;
    /** For what waits already, beside the new message. */
    const maximumBytes = this.limits.bytes - otherBytes - message.bytes;
    const older = this.#latest.get(message.topicName);
    const fits =
      this.size - (older ? 1 : 0) < messages && this.bytes - (older ? older.bytes : 0) <= maximumBytes;
    const error = (): ClientError =>
      new ClientError(
        'QUEUE_FULL',
        `expected at most ${messages} messages and ${this.limits.bytes} bytes to wait, got more`,
      );
    if (!fits && whenFull === 'reject') throw error();
    if (!fits && (whenFull === 'dropNewest' || messages === 0 || maximumBytes < 0)) {
      onDropped(message, error());
      return false;
    }
    if (older) {
      this.remove(older);
      onDropped(older, new ClientError('QUEUE_FULL', 'a newer message with its topic name took its place'));
    }
    while (this.size >= messages || this.bytes > maximumBytes) {
      const oldest = this.first!;
      this.remove(oldest);
      onDropped(oldest, error());
    }
    return true;
  }

  push(message: OutgoingMessage): void {
    this.#insert(message, this.#last, null);
    if (this.limits.latestPerTopic) this.#latest.set(message.topicName, message);
  }

  /** Puts a message before all others: it was here before and comes back. */
  unshift(message: OutgoingMessage): void {
    this.#insert(message, null, this.first);
    if (this.limits.latestPerTopic && !this.#latest.has(message.topicName)) {
      this.#latest.set(message.topicName, message);
    }
  }

  remove(message: OutgoingMessage): void {
    const { previous, next } = message;
    if (previous === null) this.first = next;
    else previous.next = next;
    if (next === null) this.#last = previous;
    else next.previous = previous;
    message.previous = null;
    message.next = null;
    message.place = Place.None;
    this.size--;
    this.bytes -= message.bytes;
    if (this.#latest.get(message.topicName) === message) this.#latest.delete(message.topicName);
  }

  /** Takes out what has expired. */
  expire(nowMs: number, onExpired: (message: OutgoingMessage, error: ClientError) => void): void {
    if (nowMs < this.nextExpiryMs) return;
    this.nextExpiryMs = Number.POSITIVE_INFINITY;
    let message = this.first;
    while (message !== null) {
      const { next, expiresMs } = message;
      if (expiresMs <= nowMs) {
        this.remove(message);
        onExpired(message, new ClientError('TIMEOUT', 'the message expired before it could be sent'));
      } else if (expiresMs < this.nextExpiryMs) this.nextExpiryMs = expiresMs;
      message = next;
    }
  }

  #insert(message: OutgoingMessage, previous: OutgoingMessage | null, next: OutgoingMessage | null): void {
    message.previous = previous;
    message.next = next;
    message.place = Place.Queued;
    if (previous === null) this.first = message;
    else previous.next = message;
    if (next === null) this.#last = message;
    else next.previous = message;
    this.size++;
    this.bytes += message.bytes;
    if (message.expiresMs < this.nextExpiryMs) this.nextExpiryMs = message.expiresMs;
  }
}
