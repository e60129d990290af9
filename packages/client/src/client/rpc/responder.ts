/** Answers requests: calls the application's handler for each, and publishes what it returns as response or as stream. */
import { ReasonCode } from '@martlet/protocol';
import { errorText } from '../../client-error.ts';
import type { PayloadCodec } from '../../codecs/payload-codec.ts';
import type { Message } from '../../core/incoming/message.ts';
import type { ClientHost } from '../client-host.ts';
import { encodePayload, propertiesOfCodec } from '../encode-payload.ts';
import type { Mark } from './envelope.ts';
import { exchangeKey, seal, unseal } from './envelope.ts';
import type { RequestHandler } from './request-handler.ts';
import type { RequestsClient } from './requests-client.ts';

const EMPTY: Uint8Array = new Uint8Array(0);

export class Responder {
  readonly #client: RequestsClient;
  readonly #host: ClientHost;
  readonly #openInbox: () => Promise<string>;
  /** What is being sent to callers of `requestMany`. */
  readonly #running: Map<string, AbortController> = new Map();

  /** @param openInbox gives the topic name at which this client can be told that nobody wants a stream any more */
  constructor(client: RequestsClient, host: ClientHost, openInbox: () => Promise<string>) {
    this.#client = client;
    this.#host = host;
    this.#openInbox = openInbox;
    host.listeners.add('closed', () => {
      for (const each of this.#running.values()) each.abort();
    });
  }

  /** Nobody wants it any more. Returns whether there was such a stream. */
  cancel(key: string): boolean {
    const stream = this.#running.get(key);
    stream?.abort();
    return stream !== undefined;
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
    const reply = async (mark: Mark, payload: Uint8Array, inbox?: string): Promise<void> => {
      const options = { qos: head.qos, ...propertiesOfCodec(payload === EMPTY ? undefined : codec) };
      const sealed = seal({ ...head, mark, responseTopic: inbox }, payload, options);
      const { reasonCode } = await this.#client.publish(responseTopic, ...sealed);
      if (reasonCode === ReasonCode.NoMatchingSubscribers) abort.abort();
    };
    const encode = (value: unknown): Uint8Array =>
      value === undefined ? EMPTY : encodePayload(value, codec);
    try {
      if (isMany) {
        this.#running.set(key, abort);
        await reply('begun', EMPTY, await this.#openInbox());
      }
      const result = await handler(message, { signal });
      if (!isStream(result)) {
        await reply('', encode(result));
        return;
      }
      for await (const item of result) {
        if (!signal.aborted) await reply(isMany ? 'item' : '', encode(item));
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
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
