/** Answers requests: calls the application's handler for each, and publishes what it returns as response or as stream. */
import { ReasonCode } from '@martlet/protocol';
import { errorText } from '../../client-error.ts';
import type { PayloadCodec } from '../../codecs/payload-codec.ts';
import type { Message } from '../../core/incoming/message.ts';
import type { ClientHost } from '../client-host.ts';
import { encodePayload } from '../encode-payload.ts';
import { within } from '../settle.ts';
import type { Mark, ReceivedHead } from './envelope.ts';
import { exchangeKey, seal, unseal, WINDOW } from './envelope.ts';
import { propertiesOfCodec } from './properties-of-codec.ts';
import type { RequestHandler } from './request-handler.ts';
import type { RequestsClient } from './requests-client.ts';

const EMPTY: Uint8Array = new Uint8Array(0);
/**
 * A caller that takes none of the items that it was sent is asked in this time, and again, whether it is still there. One that
 * is gone without a word answers none of so many, and keeps no place among those that are answered.
 */
const ASKED_AFTER_MS = 20_000;
const UNANSWERED = 3;

/** What is being sent to a caller of `requestMany`. */
interface Stream {
  readonly abort: AbortController;
  /** Items that the caller has taken, as it says. */
  taken: number;
  /** It has taken more, or wants no more. */
  wake: () => void;
}

export class Responder {
  readonly #client: RequestsClient;
  readonly #host: ClientHost;
  readonly #openInbox: () => Promise<string>;
  readonly #running: Map<string, Stream> = new Map();

  /** @param openInbox gives the topic name at which this client can be told that nobody wants a stream any more */
  constructor(client: RequestsClient, host: ClientHost, openInbox: () => Promise<string>) {
    this.#client = client;
    this.#host = host;
    this.#openInbox = openInbox;
    host.listeners.add('closed', () => {
      for (const each of this.#running.values()) stop(each);
    });
  }

  /** What a caller says of its stream. Returns whether there is such a stream. */
  onTold(head: ReceivedHead, message: Message): boolean {
    const stream = this.#running.get(exchangeKey(head));
    if (stream === undefined) return false;
    if (head.mark === 'cancel') stop(stream);
    else if (head.mark === 'more') {
      stream.taken = Math.max(stream.taken, Number(message.text()) || 0);
      stream.wake();
    }
    return true;
  }

  /** A message to a filter that the application responds to. */
  async answer(
    message: Message,
    topicFilter: string,
    handler: RequestHandler<unknown>,
    codec: PayloadCodec<unknown> | undefined,
  ): Promise<void> {
    const head = unseal(message);
    const responseTopic = head?.responseTopic;
    const isMany = head?.mark === 'many';
    if (responseTopic === undefined || !(isMany || head?.mark === '')) {
      this.#host.listeners.emit('dropped', { message, reason: 'unanswerable', topicFilter });
      return;
    }
    const key = exchangeKey(head);
    if (this.#running.has(key)) return; // It came twice.
    const abort = new AbortController();
    const { signal } = abort;
    const stream: Stream = { abort, taken: 0, wake: () => {} };
    const reply = async (mark: Mark, payload: Uint8Array, inbox?: string): Promise<void> => {
      const options = { qos: head.qos, ...propertiesOfCodec(payload === EMPTY ? undefined : codec) };
      const sealed = seal({ ...head, mark, responseTopic: inbox }, payload, options);
      const { reasonCode } = await this.#client.publish(responseTopic, ...sealed);
      if (reasonCode === ReasonCode.NoMatchingSubscribers) abort.abort();
    };
    const begin = async (): Promise<void> => reply('begun', EMPTY, await this.#openInbox());
    const encode = (value: unknown): Uint8Array =>
      value === undefined ? EMPTY : encodePayload(value, codec);
    try {
      if (isMany) {
        this.#running.set(key, stream);
        await begin();
      }
      const result = await handler(message, { signal });
      if (!isStream(result)) {
        await reply('', encode(result));
        return;
      }
      let sent = 0;
      for await (const item of result) {
        if (!signal.aborted) await reply(isMany ? 'item' : '', encode(item));
        sent++;
        while (isMany && !signal.aborted && sent - stream.taken >= WINDOW)
          await this.#whenTaken(stream, begin);
        if (!isMany || signal.aborted) return;
      }
      await reply(isMany ? 'end' : '', EMPTY);
    } catch (error) {
      if (signal.aborted) return;
      await reply('error', encodePayload(errorText(error), undefined));
    } finally {
      this.#running.delete(key);
    }
  }

  /**
   * Fulfilled when its caller has said something: how many items it has taken, or that it wants no more.
   * @throws {ClientError} TIMEOUT
   */
  async #whenTaken(stream: Stream, ask: () => Promise<void>): Promise<void> {
    const taken = new Promise<void>((wake) => {
      stream.wake = wake;
    });
    for (let asked = 0; ; asked++) {
      try {
        return await within(taken, { timeoutMs: ASKED_AFTER_MS }, this.#host);
      } catch (error) {
        if (asked === UNANSWERED) throw error;
      }
      await ask();
    }
  }
}

function stop({ abort, wake }: Stream): void {
  abort.abort();
  wake();
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
