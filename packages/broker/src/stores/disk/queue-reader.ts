import type { Log } from '../../core/ports/log.ts';
import type { Message } from '../../core/publish/message.ts';
import type { Owners } from './index/owners.ts';
import type { MessageBodies } from './message-bodies.ts';
import { DamagedMessageError } from './message-bodies.ts';
import type { StoreFailure } from './store-failure.ts';
import type { StoredMessages } from './stored-messages.ts';
import type { TopicReader } from './topic-reader.ts';

/** Reads messages for their queues, and tells of those that cannot be read. */
export class QueueReader {
  /** Messages whose stored bytes were damaged. */
  damaged: number;
  readonly #bodies: MessageBodies;
  readonly #messages: StoredMessages;
  readonly #owners: Owners;
  readonly #log: Log | null;

  constructor(bodies: MessageBodies, messages: StoredMessages, owners: Owners, log: Log | null) {
    this.damaged = 0;
    this.#bodies = bodies;
    this.#messages = messages;
    this.#owners = owners;
    this.#log = log;
  }

  /**
   * A message that waits for this owner, or is retained if the owner is 0; null if it is lost, which has been told.
   * @throws {StoreFailure} if it cannot be read now
   */
  read(owner: number, number: number): Message | null {
    try {
      return this.#bodies.messageOf(number);
    } catch (error) {
      if (!(error instanceof DamagedMessageError)) throw error;
      this.damaged++;
      const name = this.#nameOf(owner);
      this.#log?.write(
        'error',
        'stored-message-damaged',
        `${error.message}; it was for ${name || 'new subscribers'}`,
      );
      this.#messages.conversion.onDamaged(name);
      return null;
    }
  }

  /**
   * Reads ahead what is wanted next of these messages.
   * @throws {StoreFailure} if it cannot be read now
   */
  prepare(numbers: readonly number[], from: number): void {
    this.#bodies.ahead.prepare(numbers, from);
  }

  /** Names the topics of messages that are given up unread. */
  get topics(): TopicReader {
    return this.#bodies.topics;
  }

  /** Nothing more is read now. */
  end(): void {
    this.#bodies.ahead.end();
  }

  /** A queue could not be read; it is asked again when its client can take more. */
  onUnreadable(owner: number, error: StoreFailure): void {
    this.#log?.write(
      'error',
      'store-not-readable',
      `${error.message}; what waits for ${this.#nameOf(owner)} stays there`,
    );
  }

  #nameOf(owner: number): string {
    const name = owner === 0 ? '' : (this.#owners.nameOf(owner) ?? '');
    return typeof name === 'string' ? name : `$share/${name.shareName}/${name.topicFilter}`;
  }
}
