/**
 * Requests and responses over publish and subscribe. All responses to a client, and the cancellations of streams that it
 * sends, come to one topic of its own, the inbox, which is subscribed to when it is first needed.
 *
 *     request ──▶ waits for a connection and for the inbox ──▶ published ──▶ response, or the end of a stream
 */
import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { ClientError } from '../../client-error.ts';
import type { Message } from '../../core/incoming/message.ts';
import type { ClientHost } from '../client-host.ts';
import type { AnyCodec } from '../encode-payload.ts';
import type { PublishOptions } from '../publish-options.ts';
import type { WaitOptions } from '../settle.ts';
import { watchWait } from '../settle.ts';
import type { PendingSubscription } from '../subscription.ts';
import type { Mark, ReceivedHead } from './envelope.ts';
import { seal, textOf, unseal, WINDOW } from './envelope.ts';
import { Exchange } from './exchange.ts';
import { propertiesOfCodec } from './properties-of-codec.ts';
import type { RequestOptions } from './request-options.ts';
import type { RequestsClient } from './requests-client.ts';
import { Responder } from './responder.ts';

/** Requests that wait for a response, at most. */
const MAXIMUM_OUTSTANDING = 10_000;
/** Streams that are to be cancelled when they begin. */
const MAXIMUM_LEFT = 1000;
const RESPONSE_TIMEOUT_MS = 30_000;

export class Requests {
  readonly responder: Responder;
  readonly #client: RequestsClient;
  readonly #host: ClientHost;
  readonly #outstanding: Map<string, Exchange> = new Map();
  /** Of these, the ones that wait for a connection and for the inbox. */
  readonly #unsent: Set<Exchange> = new Set();
  /** Streams that nobody wanted any more before they had begun. */
  readonly #left: Set<string> = new Set();
  #inbox: PendingSubscription | undefined;
  /** The topic name of the inbox, while the server has not granted it. */
  #opening: Promise<string> | undefined;
  /** `#send` waits for that. */
  #isSending = false;
  #count = 0;

  constructor(client: RequestsClient, host: ClientHost) {
    this.#client = client;
    this.#host = host;
    this.responder = new Responder(client, host, () => this.#open());
    host.listeners.add('online', ({ sessionPresent }) => {
      for (const each of this.#outstanding.values()) {
        if (!sessionPresent && each.isSent) {
          const text = 'expected the server to keep the session until the response, got a new one';
          this.#end(each, new ClientError('SESSION_LOST', text));
        }
      }
      // The subscriptions of the session come first.
      host.environment.soon(this.#send);
    });
    host.listeners.add('closed', () => {
      for (const each of this.#outstanding.values()) this.#end(each, host.stoppedBy);
    });
  }

  // ── requests ──

  async request(
    topicName: string,
    payload: Uint8Array,
    options: RequestOptions & AnyCodec,
  ): Promise<Message> {
    const { timeoutMs = RESPONSE_TIMEOUT_MS } = options;
    const exchange = this.#exchange(topicName, payload, { ...options, timeoutMs }, false);
    for await (const response of this.#responses(exchange)) return response;
    throw new ClientError('REQUEST_FAILED', 'expected a response, got none');
  }

  requestMany(
    topicName: string,
    payload: Uint8Array,
    options: RequestOptions & AnyCodec,
  ): AsyncGenerator<Message, undefined, undefined> {
    return this.#responses(this.#exchange(topicName, payload, options, true));
  }

  #exchange(
    topicName: string,
    payload: Uint8Array,
    { codec, envelope = false, ...options }: RequestOptions & AnyCodec,
    isMany: boolean,
  ): Exchange {
    const id = `${(++this.#count).toString(36)}-${this.#host.environment.random().toString(36).slice(2)}`;
    const { timeoutMs = Number.POSITIVE_INFINITY } = options;
    const publishOptions: PublishOptions = {
      qos: 1,
      ...propertiesOfCodec(codec),
      // Nobody is to do what nobody waits for.
      ...(timeoutMs < Number.POSITIVE_INFINITY && { messageExpiryInterval: Math.ceil(timeoutMs / 1000) }),
      ...options,
    };
    return new Exchange(id, topicName, payload, publishOptions, isMany, envelope);
  }

  async *#responses(exchange: Exchange): AsyncGenerator<Message, undefined, undefined> {
    const { stoppedBy } = this.#host;
    // Those that wait were told already.
    if (stoppedBy !== undefined) throw stoppedBy;
    if (this.#outstanding.size === MAXIMUM_OUTSTANDING) {
      throw new ClientError('QUEUE_FULL', `expected ${MAXIMUM_OUTSTANDING} requests at once, got more`);
    }
    try {
      this.#outstanding.set(exchange.id, exchange);
      this.#unsent.add(exchange);
      this.#send();
      for (;;) {
        this.#watch(exchange, exchange.options);
        const response = await this.#host.awaiting(exchange.next());
        if (response === undefined) return undefined;
        // The time that the caller takes is its own.
        this.#watch(exchange, { signal: exchange.options.signal });
        const { stream, taken } = exchange;
        if (taken % (WINDOW / 2) === 0 && stream !== undefined) void this.#tell(stream, 'more', `${taken}`);
        yield response;
      }
    } finally {
      this.#end(exchange, undefined);
    }
  }

  /** Begins to wait anew. */
  #watch(exchange: Exchange, wait: WaitOptions): void {
    if (!this.#outstanding.has(exchange.id)) return;
    exchange.unwatch();
    exchange.unwatch = watchWait(wait, this.#host, (error) => this.#end(exchange, error));
  }

  readonly #send = (): void => {
    if (this.#isSending || this.#unsent.size === 0 || this.#host.core.server === null) return;
    this.#isSending = true;
    this.#open().then(
      (inbox) => {
        this.#isSending = false;
        for (const each of this.#unsent) void this.#publish(each, inbox);
        this.#unsent.clear();
      },
      (error) => {
        this.#isSending = false;
        for (const each of this.#unsent) this.#end(each, error);
      },
    );
  };

  async #publish(exchange: Exchange, responseTopic: string): Promise<void> {
    const { topicName, payload, options, id, isMany, hasEnvelope } = exchange;
    const head = {
      isEnveloped: hasEnvelope || this.#host.supervisor.protocolVersion < ProtocolVersion.V5,
      mark: isMany ? 'many' : '',
      id: new TextEncoder().encode(id),
      responseTopic,
    } as const;
    try {
      const { reasonCode } = await this.#client.publish(topicName, ...seal(head, payload, options));
      exchange.isSent = true;
      if (reasonCode === ReasonCode.NoMatchingSubscribers) {
        const text = `expected somebody to respond at ${topicName}, got nobody`;
        this.#end(exchange, new ClientError('REFUSED', text, undefined, reasonCode));
      }
    } catch (error) {
      this.#end(exchange, error as ClientError);
    }
  }

  /** Nobody waits for it any more. @param isAnswered whether its responder has said that it is done */
  #end(exchange: Exchange, error: ClientError | undefined, isAnswered = false): void {
    const { id, stream } = exchange;
    if (!this.#outstanding.delete(id)) return;
    exchange.unwatch();
    exchange.end(error);
    if (this.#unsent.delete(exchange) || isAnswered || !exchange.isMany) return;
    if (stream !== undefined) void this.#tell(stream, 'cancel', '');
    else {
      this.#left.add(id);
      const [oldest] = this.#left;
      if (this.#left.size > MAXIMUM_LEFT) this.#left.delete(oldest!);
    }
  }

  /** Tells the responder. A stream that does not learn of its end goes on to nobody, and is dropped here. */
  async #tell({ responseTopic, qos, ...stream }: ReceivedHead, mark: Mark, text: string): Promise<void> {
    const inbox = this.#inbox?.subscription.topicFilter;
    const payload = new TextEncoder().encode(text);
    const sealed = seal({ ...stream, mark, responseTopic: inbox }, payload, { qos });
    try {
      if (responseTopic !== undefined) await this.#client.publish(responseTopic, ...sealed);
    } catch {}
  }

  /** Tells those who send streams to this client that it leaves. */
  leave(): void {
    for (const { stream } of this.#outstanding.values()) {
      if (stream !== undefined) void this.#tell(stream, 'cancel', '');
    }
  }

  // ── the inbox ──

  /** The topic name of the inbox, once the server has granted it. All who wait for it wait for one promise. */
  #open(): Promise<string> {
    this.#opening ??= this.#subscribe().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #subscribe(): Promise<string> {
    for (;;) {
      const { clientId, responseInformation } = await this.#client.connected();
      const topicName =
        responseInformation === undefined
          ? `martlet/responses/${encodeURIComponent(clientId)}`
          : `${responseInformation}/martlet`;
      const last = this.#inbox?.subscription;
      if (last === undefined || last.isEnded || last.topicFilter !== topicName) {
        void last?.unsubscribe();
        this.#inbox = this.#client.subscribe(topicName, { retainHandling: 2 }, this.#onMessage);
      }
      await this.#inbox;
      // The connection may be another one by now, to a server that calls it otherwise.
      if (this.#host.core.server?.responseInformation === responseInformation) return topicName;
    }
  }

  readonly #onMessage = (message: Message): void => {
    const head = unseal(message);
    const mark = head?.mark;
    if (head !== undefined && this.responder.onTold(head, message)) return;
    const id = textOf(head?.id);
    const exchange = this.#outstanding.get(id);
    if (head === undefined || exchange === undefined) {
      const topicFilter = message.topicName;
      if (head !== undefined && this.#left.delete(id)) void this.#tell(head, 'cancel', '');
      else this.#host.listeners.emit('dropped', { message, reason: 'unrequested', topicFilter });
      return;
    }
    if (mark === 'error') {
      const text = `expected a response from ${exchange.topicName}, got an error: ${message.text()}`;
      this.#end(exchange, new ClientError('REQUEST_FAILED', text), true);
      return;
    }
    const { isMany } = exchange;
    const goesOn = isMany && (mark === 'begun' || mark === 'item');
    const { stream } = exchange;
    if (goesOn && stream === undefined) {
      exchange.stream = head;
      this.#watch(exchange, exchange.options);
    }
    // Whoever sends the stream asks whether it is still wanted.
    if (mark === 'begun' && stream !== undefined) void this.#tell(stream, 'more', `${exchange.taken}`);
    try {
      if (!isMany || (mark !== 'begun' && mark !== 'end')) exchange.push(message);
      if (!goesOn) this.#end(exchange, undefined, true);
    } catch (error) {
      this.#end(exchange, error as ClientError);
    }
  };
}
