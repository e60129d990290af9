import type { StoredMessage } from '../../../core/ports/store.ts';
import type { Message } from '../../../core/publish/message.ts';
import { StoreFailure } from '../files/store-failure.ts';
import { readMessageData } from '../records/message-data.ts';
import type { BatchJournal } from '../state/batch-journal.ts';
import type { StoredMessages } from '../state/stored-messages.ts';
import { ReadAhead } from './read-ahead.ts';
import { TopicNames } from './topic-names.ts';
import { TopicReader } from './topic-reader.ts';
import type { UnreadableMessages } from './unreadable-messages.ts';

/** Of what waits in a file, so much is read at once. */
const BLOCK_BYTES = 256 * 1024;
/** Messages that several queues may ask for soon, and bytes of them, that stay in memory. */
const CACHED_MESSAGES = 512;
const CACHED_BYTES = 1 << 20;

/** Stored bytes that are not what was stored. */
export class DamagedMessageError extends Error {
  override readonly name = 'DamagedMessageError';
}

/** Brings stored messages back into memory when they are needed, and only then. */
export class MessageBodies {
  readonly ahead: ReadAhead;
  readonly topics: TopicReader;
  readonly unreadable: UnreadableMessages;
  /** The last failure to read was told before. */
  isToldAlready: boolean;
  readonly #messages: StoredMessages;
  readonly #names: TopicNames;
  /** By number, the longest there first; only messages that more than one waits for. */
  readonly #cache: Map<number, Message>;
  #cachedBytes: number;

  constructor(messages: StoredMessages, journal: BatchJournal, unreadable: UnreadableMessages) {
    this.#messages = messages;
    this.ahead = new ReadAhead(messages.slots, journal, BLOCK_BYTES);
    this.#names = new TopicNames();
    this.topics = new TopicReader(messages.slots, journal, this.#names);
    this.unreadable = unreadable;
    this.isToldAlready = false;
    this.#cache = new Map();
    this.#cachedBytes = 0;
  }

  /**
   * The message; null if the core does not take it back.
   *
   * @throws {DamagedMessageError} if its bytes are not those that were stored
   * @throws {StoreFailure} if they cannot be read now
   */
  messageOf(number: number): Message | null {
    const { slots, transient, conversion } = this.#messages;
    if (slots.isTransient(number)) return transient.get(number) ?? null;
    const id = slots.idOf(number);
    const cached = this.#cache.get(number);
    // What is cached may be another message, whose number was free meanwhile.
    if (cached !== undefined && cached.storeId === id) return cached;
    const message = conversion.restore(this.#stored(number));
    if (message === null) return null;
    message.storeId = id;
    message.storeSlot = number;
    if (slots.referencesOf(number) > 1) this.#remember(number, message);
    return message;
  }

  /** Whether a message that could not be read is lost. If so, nobody tries again. */
  mustGiveUp(number: number, failure: StoreFailure): boolean {
    const id = this.#messages.slots.idOf(number);
    const tries = this.unreadable.onFailure(id);
    this.isToldAlready = tries === 0;
    if (!this.unreadable.isLost(tries, failure)) return false;
    this.unreadable.forget(id);
    this.#messages.loseData(number);
    return true;
  }

  #stored(number: number): StoredMessage {
    const { ahead } = this;
    const messages = this.#messages;
    const { slots, checksum } = messages;
    try {
      if (slots.segmentOf(number) === 0) throw new Error('expected a record of the message, there is none');
      ahead.find(number);
      const expected = slots.checksumOf(number);
      const got = checksum.of(ahead.bytes, ahead.from, ahead.to);
      if (got !== expected) throw new Error(`expected bytes with the checksum ${expected}, got ${got}`);
      this.unreadable.forget(slots.idOf(number));
      const expiresAtWallMs = messages.expiresAtWallMs(number);
      return readMessageData(
        ahead,
        slots.qosOf(number),
        slots.retainOf(number),
        expiresAtWallMs,
        this.#names,
      );
    } catch (error) {
      const place = `segment ${slots.segmentOf(number)}, byte ${slots.offsetOf(number)}, message ${slots.idOf(number)}`;
      const isFailure = error instanceof StoreFailure && error.code !== 'store-damaged';
      if (isFailure && !this.mustGiveUp(number, error)) throw error;
      throw new DamagedMessageError(`${place}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    } finally {
      ahead.release();
    }
  }

  #remember(number: number, message: Message): void {
    if (message.bytes > CACHED_BYTES) return;
    const replaced = this.#cache.get(number);
    if (replaced !== undefined) this.#drop(number, replaced);
    this.#cache.set(number, message);
    this.#cachedBytes += message.bytes;
    for (const [oldest, dropped] of this.#cache) {
      if (this.#cache.size <= CACHED_MESSAGES && this.#cachedBytes <= CACHED_BYTES) return;
      this.#drop(oldest, dropped);
    }
  }

  #drop(number: number, message: Message): void {
    this.#cache.delete(number);
    this.#cachedBytes -= message.bytes;
  }
}
