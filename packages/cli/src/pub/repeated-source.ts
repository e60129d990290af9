/** One message, sent once, so many times, or on and on; from templates each is another one. */
import { CommandFailure } from '../command-failure.ts';
import type { InputMessage } from '../messages/input-message.ts';
import { InputError } from '../messages/input-message.ts';
import type { MessageSource, SourceProgress } from './message-source.ts';

export class RepeatedSource implements MessageSource {
  readonly #make: (index: number) => InputMessage;
  readonly #count: number;
  readonly #batch: number;
  #made = 0;
  #isClosed = false;

  /**
   * @param count Infinity for on and on
   * @param batch how many to make at once: few where the time in them is to be the one at which they go
   */
  constructor(make: (index: number) => InputMessage, count: number, batch: number) {
    this.#make = make;
    this.#count = count;
    this.#batch = batch;
  }

  get progress(): SourceProgress {
    const isEndless = this.#count === Number.POSITIVE_INFINITY;
    return { done: this.#made, total: isEndless ? 0 : this.#count, noun: 'message' };
  }

  // Not async: what it makes is there at once, and an error is one of the promise.
  next(): Promise<readonly InputMessage[] | undefined> {
    return new Promise((resolve) => resolve(this.#next()));
  }

  #next(): readonly InputMessage[] | undefined {
    const count = Math.min(this.#batch, this.#count - this.#made);
    if (count <= 0 || this.#isClosed) return undefined;
    const messages: InputMessage[] = [];
    for (let made = 0; made < count; made++) messages.push(this.#makeNext());
    return messages;
  }

  #makeNext(): InputMessage {
    try {
      return this.#make(this.#made++);
    } catch (error) {
      if (error instanceof InputError)
        throw new CommandFailure(`message ${this.#made}: ${error.message}`, { cause: error });
      throw error;
    }
  }

  close(): void {
    this.#isClosed = true;
  }
}
