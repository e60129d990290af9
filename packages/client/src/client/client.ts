/** The client as an application has it: commands in, promises and events out. */
import type { ReasonCode } from '@martlet/protocol';
import { NO_PROPERTIES, ReasonCode as Reason } from '@martlet/protocol';
import type { MaybePromise } from '../authentication/authentication.ts';
import { ClientError } from '../client-error.ts';
import type { ServerCapabilities } from '../core/connection/server-capabilities.ts';
import type { Message } from '../core/incoming/message.ts';
import type { Rules } from './check-options.ts';
import { anything, checkOptions, invalid, oneOf, refuseNoFunction, WAIT } from './check-options.ts';
import type { ClientHost } from './client-host.ts';
import type { MessageProperties, Payload } from './client-options.ts';
import type { AnyCodec, WithCodec } from './encode-payload.ts';
import { encodePayload } from './encode-payload.ts';
import type { ClientEventName, ClientListener } from './events.ts';
import { EVENT_NAMES } from './events.ts';
import { Publication } from './publication.ts';
import type { PublishOptions } from './publish-options.ts';
import { PUBLISH, propertiesOf, REQUEST } from './publish-options.ts';
import { refuseTopicName } from './resolve-options.ts';
import type { RequestHandler, RespondOptions } from './rpc/request-handler.ts';
import type { RequestOptions } from './rpc/request-options.ts';
import type { Requests } from './rpc/requests.ts';
import type { WaitOptions } from './settle.ts';
import { watchWait, within } from './settle.ts';
import type { SubscribeOptions } from './subscribe-options.ts';
import { refuseTopicFilter, resolveSubscribeOptions, SUBSCRIBE } from './subscribe-options.ts';
import type { MessageHandler } from './subscription.ts';
import { PendingSubscription, Subscription } from './subscription.ts';
import type { ClientState } from './supervisor.ts';

export interface CloseOptions {
  /** Milliseconds for what is still under way, and for a store to write and close; 0 ends at once. @default 5000 */
  readonly timeoutMs?: number;
  /** What DISCONNECT says: 4 asks for the will to be published. @default 0 */
  readonly reasonCode?: ReasonCode;
}

/** How full a client's buffers are. */
export interface ClientGauges {
  /** To the server: waiting, without a packet identifier. */
  readonly queuedMessages: number;
  readonly queuedBytes: number;
  /** To the server, with a packet identifier. */
  readonly inFlight: number;
  /** From the server, not yet acknowledged. */
  readonly unacknowledged: number;
  readonly subscriptions: number;
  /** From the server, waiting for the application. */
  readonly bufferedMessages: number;
  readonly bufferedBytes: number;
  readonly unroutedMessages: number;
}

/** What an application may say when it goes. */
const CLOSE_REASONS: readonly ReasonCode[] = [
  Reason.NormalDisconnection,
  Reason.DisconnectWithWillMessage,
  Reason.UnspecifiedError,
  Reason.ImplementationSpecificError,
  Reason.AdministrativeAction,
];

const CLOSE: Readonly<Rules<CloseOptions>> = {
  timeoutMs: WAIT.timeoutMs,
  // The other reasons of a client are protocol errors.
  reasonCode: oneOf(...CLOSE_REASONS), // [MQTT-3.14.2-1]
};

/** Requests that may be at work at once, where the application does not say. */
const RESPONDING = 64;

const NO_OPTIONS: PublishOptions = Object.freeze({});

export class Client {
  readonly #host: ClientHost;
  #closing: Promise<void> | undefined;
  /** Loads what is made when it is first needed. */
  readonly #load: () => MaybePromise<typeof Requests>;
  #requests: Requests | undefined;
  /** Options of `publish` that were checked last, which are often those of the next. */
  #checked: PublishOptions = NO_OPTIONS;

  /** Applications call `connect`. @internal */
  constructor(host: ClientHost, load: () => MaybePromise<typeof Requests>) {
    this.#host = host;
    this.#load = load;
  }

  /** `connecting`: an attempt is under way. `online`. `waiting`: for the next attempt. `closed`: for good. */
  get state(): ClientState {
    return this.#host.supervisor.state;
  }

  /** What the server said about itself; undefined while offline. */
  get server(): ServerCapabilities | undefined {
    return this.#host.core.server ?? undefined;
  }

  /** Given, made at random, or assigned by the server. */
  get clientId(): string {
    return this.#host.supervisor.clientId;
  }

  /** How full the buffers are. */
  get gauges(): ClientGauges {
    const { outgoing, incoming, subscriptions, unroutedCount } = this.#host.core;
    let bufferedMessages = 0;
    let bufferedBytes = 0;
    for (const each of this.#host.subscriptions) {
      bufferedMessages += each.waitingCount;
      bufferedBytes += each.waitingBytes;
    }
    return {
      queuedMessages: outgoing.queue.size,
      queuedBytes: outgoing.queue.bytes,
      inFlight: outgoing.inFlight.size,
      unacknowledged: incoming.unacknowledged,
      subscriptions: subscriptions.size,
      bufferedMessages,
      bufferedBytes,
      unroutedMessages: unroutedCount,
    };
  }

  /** Calls the listener at each event of that name. Returns a function that takes it back. */
  on<Name extends ClientEventName>(name: Name, listener: ClientListener<Name>): () => void {
    oneOf<unknown>(...EVENT_NAMES)('event', name ?? null);
    refuseNoFunction('listener', listener);
    const { listeners, core } = this.#host;
    const off = listeners.add(name, listener);
    if (name !== 'unrouted') return off;
    core.takeUnrouted((message) => {
      const done = (): void => message.acknowledge();
      const pending = listeners.emit('unrouted', message, () => message.reject());
      if (pending === undefined) done();
      else void pending.then(done);
    });
    return () => {
      off();
      if (!listeners.has('unrouted')) core.takeUnrouted(null);
    };
  }

  /**
   * Fulfilled when the client is online. Rejected when there will be no connection (REFUSED, CLOSED and so on), and when
   * the wait is over.
   */
  connected(wait: WaitOptions = {}): Promise<ServerCapabilities> {
    checkOptions('connected', wait, WAIT);
    const { core } = this.#host;
    return this.#host.when(() => core.server, wait);
  }

  /**
   * Sends a message, or queues it while that cannot be done.
   *
   *     await client.publish('home/kitchen/light', 'on', { qos: 1, retain: true });
   *     await client.publish('home/kitchen', { celsius: 21.5 }, { codec: jsonCodec() });
   *
   * @param payload must not be changed before the message has been acknowledged
   * @throws {ClientError} INVALID_TOPIC, INVALID_PAYLOAD, INVALID_OPTION, QUEUE_FULL, CLOSED; while online also
   *   NOT_SUPPORTED_BY_SERVER and PACKET_TOO_LARGE, with which a message that waits fails later
   */
  publish(topicName: string, payload: Payload, options?: PublishOptions): Publication;
  publish<T>(topicName: string, value: T, options: PublishOptions & WithCodec<T>): Publication;
  publish(
    topicName: string,
    value: unknown,
    options: PublishOptions & AnyCodec = NO_OPTIONS,
    callback?: unknown,
  ): Publication {
    this.#refuseClosed();
    if (options !== this.#checked || callback !== undefined) {
      checkOptions('publish', typeof callback === 'function' ? callback : options, PUBLISH);
      this.#checked = options;
    }
    const { qos, retain = false, signal, timeoutMs, codec } = options;
    const host = this.#host;
    if (topicName === undefined || !host.core.outgoing.names.has(topicName)) refuseTopicName(topicName);
    const bytes = encodePayload(value, codec);
    let properties: MessageProperties = NO_PROPERTIES;
    let expiresMs = Number.POSITIVE_INFINITY;
    if (options !== NO_OPTIONS) {
      properties = propertiesOf(options);
      const { messageExpiryInterval } = properties;
      if (messageExpiryInterval !== undefined) expiresMs = host.nowMs() + messageExpiryInterval * 1000;
    }
    const publication = new Publication(
      topicName,
      bytes,
      PUBLISH.qos('qos', qos),
      retain,
      properties,
      expiresMs,
    );
    if (signal?.aborted !== true) host.core.outgoing.publish(publication);
    if (signal !== undefined || timeoutMs !== undefined) this.#watch(publication, options);
    return publication;
  }

  /**
   * Subscribes to what matches the filter. Messages go to the handler, or to whoever iterates over the result.
   *
   *     const subscription = await client.subscribe('home/+/temperature', { qos: 1 }, (message) => { … });
   *     await client.subscribe('home/+/light', (message) => { … });
   *     for await (const message of client.subscribe('home/#')) { … }
   *
   * @throws {ClientError} INVALID_TOPIC, INVALID_OPTION, CLOSED
   */
  subscribe(topicFilter: string, handler: MessageHandler): PendingSubscription;
  subscribe(topicFilter: string, options?: SubscribeOptions, handler?: MessageHandler): PendingSubscription;
  subscribe(
    topicFilter: string,
    given: SubscribeOptions | MessageHandler = {},
    handler?: MessageHandler,
  ): PendingSubscription {
    if (typeof given === 'function' && handler === undefined) return this.subscribe(topicFilter, {}, given);
    const options = given as SubscribeOptions;
    this.#refuseClosed();
    refuseTopicFilter(topicFilter);
    if (handler !== undefined) refuseNoFunction('handler', handler);
    const resolved = resolveSubscribeOptions(topicFilter, options);
    const host = this.#host;
    host.core.subscriptions.check(topicFilter, resolved);
    const subscription = new Subscription(topicFilter, resolved, handler, host.core, host);
    subscription.watch(options);
    if (!subscription.isEnded) {
      host.subscriptions.add(subscription);
      host.core.subscribeTo(subscription);
    }
    return new PendingSubscription(subscription);
  }

  /**
   * Asks whoever responds at the topic, and waits for the answer. What was asked before the connection is there waits for
   * it; a request whose response was lost with the session is rejected, and may have been carried out.
   *
   *     const response = await client.request('home/door', 'open', { timeoutMs: 5000 });
   *     console.log(response.text());
   *
   * Rejected with REQUEST_FAILED and what the responder threw, REFUSED where nobody responds and the server says so, and
   * TIMEOUT, SESSION_LOST, ABORTED, CLOSED, QUEUE_FULL.
   * @throws {ClientError} INVALID_TOPIC, INVALID_PAYLOAD, CLOSED
   */
  request(topicName: string, payload: Payload, options?: RequestOptions): Promise<Message>;
  request<T>(topicName: string, value: T, options: RequestOptions & WithCodec<T>): Promise<Message>;
  request(topicName: string, value: unknown, options: RequestOptions & AnyCodec = {}): Promise<Message> {
    const payload = this.#payloadOfRequest(topicName, value, options);
    return this.#exchanges().then((requests) => requests.request(topicName, payload, options));
  }

  /**
   * Asks for any number of responses. The request leaves when the first of them is asked for; leaving the loop tells the
   * responder to stop. A thousand of them wait for the application, or 16 MiB: then it has failed with QUEUE_FULL. A
   * response without more said, as other clients give it, is the only one.
   *
   *     for await (const row of client.requestMany('log/lines', 'error')) console.log(row.text());
   *
   * @throws {ClientError} INVALID_TOPIC, INVALID_PAYLOAD, CLOSED; in the loop, those of `request`
   */
  requestMany(topicName: string, payload: Payload, options?: RequestOptions): AsyncIterableIterator<Message>;
  requestMany<T>(
    topicName: string,
    value: T,
    options: RequestOptions & WithCodec<T>,
  ): AsyncIterableIterator<Message>;
  requestMany(
    topicName: string,
    value: unknown,
    options: RequestOptions & AnyCodec = {},
  ): AsyncIterableIterator<Message> {
    const payload = this.#payloadOfRequest(topicName, value, options);
    const exchanges = this.#exchanges();
    exchanges.catch(() => {});
    return (async function* () {
      yield* (await exchanges).requestMany(topicName, payload, options);
    })();
  }

  /**
   * Answers requests to what matches the filter: with what the handler returns, or with what it throws.
   *
   *     await client.respond('home/door', (request) => (request.text() === 'open' ? 'opened' : 'what?'));
   *     await client.respond('log/lines', async function* (request) { yield 'first'; yield 'second'; });
   *
   * Several clients share the work by a filter that begins with `$share/`.
   * @throws {ClientError} INVALID_TOPIC, INVALID_OPTION, CLOSED
   */
  respond(
    topicFilter: string,
    handler: RequestHandler<Payload>,
    options?: RespondOptions,
  ): PendingSubscription;
  respond<T>(
    topicFilter: string,
    handler: RequestHandler<T>,
    options: RespondOptions & WithCodec<T>,
  ): PendingSubscription;
  respond(
    topicFilter: string,
    handler: RequestHandler<unknown>,
    given: RespondOptions & AnyCodec = {},
  ): PendingSubscription {
    refuseNoFunction('handler', handler);
    checkOptions('respond', given, { codec: anything, ...SUBSCRIBE });
    const { codec, ...options } = given;
    // A request that comes before that can be loaded is lost.
    this.#exchanges().catch(() => {});
    return this.subscribe(
      topicFilter,
      // To block would keep the cancellation from being read for which a handler may wait.
      { retainHandling: 2, concurrency: RESPONDING, whenSlow: 'dropNewest', ...options },
      async (message) => (await this.#exchanges()).responder.answer(message, topicFilter, handler, codec),
    );
  }

  /** @throws {ClientError} INVALID_TOPIC, INVALID_PAYLOAD, CLOSED */
  #payloadOfRequest(topicName: string, value: unknown, options: RequestOptions & AnyCodec): Uint8Array {
    this.#refuseClosed();
    checkOptions('request', options, REQUEST);
    refuseTopicName(topicName);
    return encodePayload(value, options.codec);
  }

  async #exchanges(): Promise<Requests> {
    const Made = this.#requests === undefined && (await this.#load());
    // What listens for the end comes too late after it.
    this.#refuseClosed();
    if (Made) this.#requests ??= new Made(this, this.#host);
    return this.#requests!;
  }

  /**
   * Authenticates again on the connection there is, as after a token was renewed; MQTT 5.0 with `authentication`.
   * Rejected with AUTHENTICATION_FAILED or with what the server said when it closed the connection. When the wait is over
   * the conversation is given up: an answer that comes later ends the connection.
   */
  async reauthenticate(wait: WaitOptions = {}): Promise<void> {
    checkOptions('reauthenticate', wait, WAIT);
    const { options, core, authentication } = this.#host;
    if (options.authentication === undefined)
      throw invalid('authentication: expected it among the options, got none'); // [MQTT-4.12.0-7]
    if (core.server === null || authentication === undefined)
      throw new ClientError('CONNECTION_LOST', 'expected to be online, got offline');
    await this.#host.awaiting(authentication.again(wait, this.#host));
  }

  /**
   * Ends the client: waits a while for what is under way, says DISCONNECT, and settles every promise. It always returns,
   * and calling it again changes nothing. What a store keeps stays there. What was published before there is a connection
   * is waited for while an attempt to connect is under way, but not between attempts; another version of the protocol and
   * another server that the server names belong to the attempt.
   */
  close(options: CloseOptions = {}): Promise<void> {
    checkOptions('close', options, CLOSE);
    this.#closing ??= this.#close(options);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close({ timeoutMs = 5000, reasonCode = Reason.Success }: CloseOptions): Promise<void> {
    const { core, supervisor, options } = this.#host;
    const endMs = this.#host.nowMs() + timeoutMs;
    // While publishing is still allowed: whoever sends a stream learns that nobody takes it any more.
    if (timeoutMs > 0) this.#requests?.leave();
    const isDone = (): boolean => core.isIdle || (supervisor.state === 'waiting' && !supervisor.goesOn);
    if (timeoutMs > 0 && !isDone()) {
      await this.#host.when(() => isDone() || null, { timeoutMs }).catch(() => {});
    }
    const { server } = core;
    // Nobody can come back to a session whose identifier was made at random.
    const endsSession = !options.clientId && (server?.sessionExpiryInterval ?? 0) !== 0;
    supervisor.stop(undefined, reasonCode, endsSession ? { sessionExpiryInterval: 0 } : {});
    const { storeClosed } = this.#host;
    if (storeClosed !== undefined) {
      const leftMs = Math.max(0, endMs - this.#host.nowMs());
      await within(storeClosed, { timeoutMs: leftMs }, this.#host).catch(() => {});
    }
  }

  #watch(publication: Publication, wait: WaitOptions): void {
    if (publication.isSettled) return;
    const host = this.#host;
    const stop = watchWait(wait, host, (error) => {
      host.core.outgoing.withdraw(publication);
      host.onPublicationFailed(publication, error);
    });
    if (publication.isSettled) stop();
    else publication.watch(stop);
  }

  #refuseClosed(): void {
    const { stoppedBy } = this.#host;
    if (stoppedBy === undefined && this.#closing === undefined) return;
    throw new ClientError('CLOSED', 'expected a client that is open, got one that was closed', stoppedBy);
  }
}
