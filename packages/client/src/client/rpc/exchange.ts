/** One request of the application, and its responses on their way from the network to whoever takes them. */
import { ClientError } from '../../client-error.ts';
import type { Message } from '../../core/incoming/message.ts';
import type { PublishOptions } from '../publish-options.ts';
import type { ReceivedHead } from './envelope.ts';

/** Responses that may wait, and what they count in bytes. */
const MAXIMUM_WAITING = 1000;
const MAXIMUM_WAITING_BYTES = 16 * 1_048_576;

export class Exchange {
  readonly id: string;
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly options: PublishOptions;
  readonly isMany: boolean;
  readonly hasEnvelope: boolean;
  /** Of the stream that has begun: where it can be cancelled. */
  stream: ReceivedHead | undefined;
  /** The server has the request: no new session gets it again. */
  isSent = false;
  /** Responses that the caller has taken. */
  taken = 0;
  /** Takes back the timer and the listener of the caller's signal. */
  unwatch: () => void = () => {};
  readonly #waiting: Message[] = [];
  #waitingBytes = 0;
  #isOver = false;
  #error: ClientError | undefined;
  #wake: () => void = () => {};

  constructor(
    id: string,
    topicName: string,
    payload: Uint8Array,
    options: PublishOptions,
    isMany: boolean,
    hasEnvelope: boolean,
  ) {
    this.id = id;
    this.topicName = topicName;
    this.payload = payload;
    this.options = options;
    this.isMany = isMany;
    this.hasEnvelope = hasEnvelope;
  }

  /** @throws {ClientError} QUEUE_FULL */
  push(message: Message): void {
    this.#waitingBytes += message.bytes;
    if (this.#waiting.length === MAXIMUM_WAITING || this.#waitingBytes > MAXIMUM_WAITING_BYTES) {
      throw new ClientError('QUEUE_FULL', 'expected responses to be taken as they come, got too many');
    }
    message.detach();
    this.#waiting.push(message);
    this.#wake();
  }

  /** No more responses come. What came before can still be taken, unless the caller aborted. */
  end(error: ClientError | undefined): void {
    this.#isOver = true;
    this.#error = error;
    this.#wake();
  }

  /** The next response; undefined after the last. */
  async next(): Promise<Message | undefined> {
    for (;;) {
      const message = this.options.signal?.aborted ? undefined : this.#waiting.shift();
      if (message !== undefined) {
        this.#waitingBytes -= message.bytes;
        this.taken++;
        return message;
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#isOver) return undefined;
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }
}
