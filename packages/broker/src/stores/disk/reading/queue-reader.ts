import type { Log } from '../../../core/ports/log.ts';
import type { Message } from '../../../core/publish/message.ts';
import { StoreFailure } from '../files/store-failure.ts';
import type { Owners } from '../index/owners.ts';
import type { StoredMessages } from '../state/stored-messages.ts';
import { DamageLog } from './damage-log.ts';
import type { MessageBodies } from './message-bodies.ts';
import { DamagedMessageError } from './message-bodies.ts';
import type { TopicReader } from './topic-reader.ts';
import { saysLost } from './unreadable-messages.ts';

/** Of a message that cannot be read and is not asked for again. */
const TRIES_AT_ONCE = 3;

/** Reads messages for their queues, and tells of those that cannot be read. */
export class QueueReader {
  /** Messages whose stored bytes were damaged. */
  damaged: number;
  readonly #bodies: MessageBodies;
  readonly #messages: StoredMessages;
  readonly #owners: Owners;
  readonly #log: Log | null;
  readonly #damageLog: DamageLog;

  constructor(
    bodies: MessageBodies,
    messages: StoredMessages,
    owners: Owners,
    log: Log | null,
    clock: { readonly nowMs: number },
  ) {
    this.damaged = 0;
    this.#bodies = bodies;
    this.#messages = messages;
    this.#owners = owners;
    this.#log = log;
    this.#damageLog = new DamageLog(log, clock);
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
      this.#tellDamaged(owner, error.message);
      return null;
    }
  }

  /**
   * The same for one that is needed now or never: it is lost if it cannot be read though it is tried several times.
   * @throws {StoreFailure} if the reason is not the message's own, such as a lack of descriptors
   */
  readNow(owner: number, number: number): Message | null {
    for (let tries = 1; ; tries++) {
      try {
        return this.read(owner, number);
      } catch (error) {
        if (!(error instanceof StoreFailure) || !saysLost(error)) throw error;
        if (tries < TRIES_AT_ONCE) continue;
        this.#messages.loseData(number);
        this.#tellDamaged(owner, error.message);
        return null;
      }
    }
  }

  /** Reads ahead what is wanted next of these messages. */
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
    if (this.#bodies.isToldAlready) return;
    this.#log?.write(
      'error',
      'store-not-readable',
      `${error.message}; what waits for ${this.#nameOf(owner)} stays there`,
    );
  }

  #tellDamaged(owner: number, text: string): void {
    this.damaged++;
    const name = this.#nameOf(owner);
    this.#damageLog.tell(`${text}; it was for ${name || 'new subscribers'}`);
    this.#messages.conversion.onDamaged(name);
  }

  #nameOf(owner: number): string {
    const name = owner === 0 ? '' : (this.#owners.nameOf(owner) ?? '');
    return typeof name === 'string' ? name : `$share/${name.shareName}/${name.topicFilter}`;
  }
}
