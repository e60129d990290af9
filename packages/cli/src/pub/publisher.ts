/**
 * Hands messages to the client as fast as they may go, and not faster than they are taken: what is under way is bounded, so
 * that a source that is faster than the server waits, and its input with it.
 *
 * No promise is made for each message: of what was handed over at once, the last of each QoS is waited for. What fails
 * beside those, the event `error` of the client tells.
 */
import type { Client, ClientError, Publication, PublishResult } from '@martlet/client';
import type { ReasonCode } from '@martlet/protocol';
import { ReasonCode as Reason } from '@martlet/protocol';
import type { InputMessage } from '../messages/input-message.ts';
import type { Pacer } from './rate.ts';

export interface PublisherOptions {
  /** Messages that may be under way at once. */
  readonly maximumMessages: number;
  /** Undefined: as fast as they may go. */
  readonly pacer: Pacer | undefined;
  nowMs(): number;
  /** Fulfils after so many ms, or when there is no use in waiting any more. */
  readonly sleep: (ms: number) => Promise<void>;
  /** Some more were handed over; so many have been until now. */
  readonly onHanded?: (published: number) => void;
  /**
   * One of those that are waited for has failed.
   * @param number which message it was, from 1 on
   */
  readonly onFailed: (error: ClientError, number: number) => void;
}

/** What a message counts beside its payload, in bytes. */
const MESSAGE_BYTES = 200;
/** Bytes that may be under way at once; a single message may have more. */
const MAXIMUM_BYTES = 16 * 1024 * 1024;

/** Messages that were handed over at once. */
interface Batch {
  readonly messages: number;
  readonly bytes: number;
  readonly done: Promise<unknown>;
}

export class Publisher {
  /** Handed to the client. */
  published = 0;
  /** What the server last answered, of the answers that are waited for. */
  lastReasonCode: ReasonCode = Reason.Success;
  readonly #client: Client;
  readonly #options: PublisherOptions;
  /** In order. */
  readonly #underWay: Batch[] = [];
  #messages = 0;
  #bytes = 0;
  #isStopped = false;
  readonly #onAcknowledged = ({ reasonCode }: PublishResult): void => {
    this.lastReasonCode = reasonCode;
  };

  constructor(client: Client, options: PublisherOptions) {
    this.#client = client;
    this.#options = options;
  }

  /**
   * Fulfils when all have been handed over; that is no acknowledgement.
   * @throws {ClientError} of a message that the server will not take, or when the client is closed
   */
  async publish(messages: readonly InputMessage[]): Promise<void> {
    const { maximumMessages, pacer, nowMs, sleep } = this.#options;
    // Two batches at least: one is on its way while the other is being acknowledged.
    const most = Math.max(1, maximumMessages >> 1);
    for (let at = 0; at < messages.length && !this.#isStopped; ) {
      let end = endOfBatch(messages, at, most);
      if (pacer !== undefined) {
        const allowed = pacer.take(end - at, nowMs());
        if (allowed === 0) {
          await sleep(pacer.nextMs - nowMs());
          continue;
        }
        end = at + allowed;
      }
      await this.#makeRoom(end - at);
      if (this.#isStopped) return;
      this.#hand(messages, at, end);
      at = end;
      this.#options.onHanded?.(this.published);
    }
  }

  /** Fulfils when all that was handed over has been acknowledged, or has failed. */
  async drain(): Promise<void> {
    while (this.#underWay.length > 0) await this.#oldest();
  }

  /** Nothing is handed over any more. */
  stop(): void {
    this.#isStopped = true;
  }

  async #makeRoom(messages: number): Promise<void> {
    const { maximumMessages } = this.#options;
    while (
      this.#underWay.length > 0 &&
      (this.#messages + messages > maximumMessages || this.#bytes > MAXIMUM_BYTES)
    )
      await this.#oldest();
  }

  async #oldest(): Promise<void> {
    const { messages, bytes, done } = this.#underWay[0]!;
    await done;
    this.#underWay.shift();
    this.#messages -= messages;
    this.#bytes -= bytes;
  }

  #hand(messages: readonly InputMessage[], start: number, end: number): void {
    const client = this.#client;
    /** By QoS, each of which is acknowledged in its own order. */
    const last: (Publication | undefined)[] = [undefined, undefined, undefined];
    const numbers = [0, 0, 0];
    let bytes = 0;
    for (let at = start; at < end; at++) {
      const { topicName, payload, options } = messages[at]!;
      const { qos = 0 } = options;
      last[qos] = client.publish(topicName, payload, options);
      numbers[qos] = ++this.published;
      bytes += payload.length + MESSAGE_BYTES;
    }
    const done = Promise.all(
      last.map((each, qos) =>
        each?.acknowledged.then(this.#onAcknowledged, (error) =>
          this.#options.onFailed(error as ClientError, numbers[qos]!),
        ),
      ),
    );
    this.#underWay.push({ messages: end - start, bytes, done });
    this.#messages += end - start;
    this.#bytes += bytes;
  }
}

/** So many at once that neither their number nor their bytes are too many. */
function endOfBatch(messages: readonly InputMessage[], start: number, most: number): number {
  const last = Math.min(messages.length, start + most);
  let bytes = 0;
  let end = start;
  while (end < last && (end === start || bytes < MAXIMUM_BYTES)) {
    bytes += messages[end]!.payload.length + MESSAGE_BYTES;
    end++;
  }
  return end;
}
