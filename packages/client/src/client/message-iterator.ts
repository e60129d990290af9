import type { ClientError } from '../client-error.ts';
import type { Message } from '../core/incoming/message.ts';

type Result = IteratorResult<Message, undefined>;

/** Whoever waits for a message that has not come. */
export interface Reader {
  readonly iterator: MessageIterator;
  readonly fulfil: (result: Result) => void;
  readonly reject: (error: ClientError) => void;
}

/** What an iterator needs of its subscription. */
export interface MessageSource {
  readonly isHandled: boolean;
  /** The next message for this iterator. */
  read(iterator: MessageIterator): Promise<Result>;
  /** This iterator wants no more. */
  leave(iterator: MessageIterator, isOwned: boolean): void;
}

export const DONE: Readonly<IteratorReturnResult<undefined>> = { done: true, value: undefined };

/**
 * One loop over the messages of a subscription. Several loops share them: each message goes to one. Where a message counts
 * as handled only then, it is acknowledged when the next one is asked for. Leaving the loop says nothing about the message
 * in hand, which stays unacknowledged unless the application has acknowledged it.
 */
export class MessageIterator implements AsyncIterableIterator<Message, undefined> {
  /** The message that the application has in hand. */
  current: Message | undefined;
  readonly #source: MessageSource;
  readonly #isOwned: boolean;
  #isOver = false;

  /** @param isOwned whether the subscription ends with it */
  constructor(source: MessageSource, isOwned: boolean) {
    this.#source = source;
    this.#isOwned = isOwned;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    if (this.#source.isHandled) this.current?.acknowledge();
    this.current = undefined;
    return this.#isOver ? Promise.resolve(DONE) : this.#source.read(this);
  }

  /** Waits for no answer of the server. */
  async return(): Promise<Result> {
    if (this.#source.isHandled) this.current?.reject();
    this.current = undefined;
    if (!this.#isOver) {
      this.#isOver = true;
      this.#source.leave(this, this.#isOwned);
    }
    return DONE;
  }
}
