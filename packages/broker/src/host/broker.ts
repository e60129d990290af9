/**
 * The broker to embed: the core in its host, with Node's clock, event loop and listeners.
 *
 * Inputs of one round of the event loop enter the core as they come; the turn that commits and writes is scheduled once,
 * by `setImmediate`; one timer is armed for the next deadline. The application's handlers run after the turn, so that
 * they may call the broker again.
 */
import { ReasonCode } from '@martlet/protocol';
import { BrokerClosedError } from '../broker-closed-error.ts';
import { BrokerCore } from '../core/broker-core.ts';
import type { Explanation, ExplanationQuery } from '../core/explain/explanation.ts';
import type { Profile } from '../core/options/profile.ts';
import { resolveProfile } from '../core/options/resolve-profile.ts';
import type { AuthenticationCounts } from '../core/ports/authentication-counts.ts';
import type { ClientIdentity } from '../core/ports/authorizer.ts';
import type { ListenerRefusalCounts } from '../core/ports/listener-refusal.ts';
import type { Log } from '../core/ports/log.ts';
import type { StoreError } from '../core/ports/store.ts';
import type { Origin, Transport, TransportSink } from '../core/ports/transport.ts';
import type { BrokerEventName, BrokerEvents } from '../core/telling/events.ts';
import type { Gauges, Metrics } from '../core/telling/metrics.ts';
import type { Outcomes } from '../core/telling/outcomes.ts';
import type { MoreSysTopics } from '../core/telling/sys-topics.ts';
import type { Listener } from '../listeners/listener.ts';
import type { TcpListenerOptions } from '../listeners/tcp-listener.ts';
import { listenTcp } from '../listeners/tcp-listener.ts';
import type { WebSocketListenerOptions } from '../listeners/websocket-listener.ts';
import { listenWebSocket } from '../listeners/websocket-listener.ts';
import { MARTLET_VERSION } from '../martlet-version.ts';
import { MemoryStore } from '../stores/memory-store.ts';
import { Alarm } from './alarm.ts';
import type { BrokerEnvironment } from './broker-environment.ts';
import { nodeEnvironment } from './broker-environment.ts';
import type { OpenListener } from './broker-listeners.ts';
import { BrokerListeners } from './broker-listeners.ts';
import type {
  BrokerChanges,
  BrokerOptions,
  BrokerSubscription,
  ControlHandler,
  ExplainOptions,
  PublishOptions,
  SubscribeOptions,
} from './broker-options.ts';
import { checkChanges, checkDeciders } from './check-deciders.ts';
import { checkTcpOptions, checkWebSocketOptions } from './check-listener-options.ts';
import { collectAfterLoading } from './full-collection.ts';
import type { SessionDescription } from './inspection.ts';
import { clientsOf, retainedMessagesOf, sessionsOf, unfinishedMessagesOf } from './inspection.ts';
import { KeptWaiters } from './kept-waiters.ts';
import { publishLocally, publishToClient } from './publish-locally.ts';
import type { ReceivedMessage } from './received-message.ts';
import { checkOwnFilter, handleControl, subscribeLocally } from './subscribe-locally.ts';
import type { Handler } from './typed-events.ts';
import { TypedEvents } from './typed-events.ts';

/** A WebSocket message may carry the largest packet and, beside it, some small ones. */
const WEBSOCKET_ALLOWANCE = 64 * 1024;

const SILENT: Readonly<Log> = { write() {} };

/** See `createBroker`, which makes one. */
export class Broker {
  readonly #core: BrokerCore;
  readonly #events: TypedEvents<BrokerEvents>;
  readonly #log: Log;
  readonly #listeners: BrokerListeners;
  readonly #environment: BrokerEnvironment;
  readonly #alarm: Alarm;
  #pendingEvents: (() => void)[];
  readonly #waiters: KeptWaiters;
  #turnScheduled: boolean;
  #closing: Promise<void> | null;

  constructor(options: BrokerOptions) {
    const { store, authenticator, authorizer, log, environment, ...profileOptions } = options;
    checkDeciders({ authenticator, authorizer });
    const world = environment ?? nodeEnvironment();
    this.#log = log ?? SILENT;
    this.#environment = world;
    this.#alarm = new Alarm(world, () => this.#turn());
    this.#events = new TypedEvents((error) => this.#reportHandlerError(error));
    this.#pendingEvents = [];
    this.#waiters = new KeptWaiters();
    this.#turnScheduled = false;
    this.#closing = null;
    this.#core = new BrokerCore(resolveProfile(profileOptions), {
      environment: {
        nowMs: () => world.nowMs(),
        wallMs: () => world.wallMs(),
        newClientId: () => world.newClientId(),
        requestTurn: () => this.#scheduleTurn(),
      },
      store: store ?? new MemoryStore(),
      log: this.#log,
      events: { emit: (name, event) => this.#queueEvent(name, event) },
      authenticator: authenticator ?? null,
      authorizer: authorizer ?? null,
      hashSeed: world.hashSeed(),
      version: MARTLET_VERSION,
      heapBytes: () => world.heapBytes(),
      listenerRefusals: () => this.listenerRefusals,
      onCommitted: (commit, error) => this.#onCommitted(commit, error),
    });
    this.#listeners = new BrokerListeners(
      {
        attach: (transport, origin, listener) => this.#attach(transport, origin, listener),
        disconnect: (listener) =>
          this.#core.disconnectListener(listener, ReasonCode.AdministrativeAction, 'this listener is closed'),
      },
      this.#log,
    );
    collectAfterLoading(this.gauges.sessions + (store?.messageCount ?? 0));
    this.#scheduleTurn();
  }

  /**
   * Listens for MQTT over TCP or on a Unix socket, with or without TLS. Rejects with an `EnvironmentError`, such as for a port in use, and
   * with a `ConfigurationError` for certificates, keys and lists that cannot be used.
   * @throws {TypeError | RangeError} for an unknown or impossible option
   */
  async listen(options: TcpListenerOptions = {}): Promise<Listener> {
    checkTcpOptions(options);
    return this.#listeners.open((accept, log) => listenTcp(options, accept, log), 'listen');
  }

  /** Listens for MQTT over WebSocket, by default at `/mqtt` on port 8080. Rejects as `listen` does. */
  async listenWebSocket(options: WebSocketListenerOptions = {}): Promise<Listener> {
    checkWebSocketOptions(options);
    const maximumMessageBytes = this.profile.limits.maximumPacketSize + WEBSOCKET_ALLOWANCE;
    return this.#listeners.open(
      (accept, log) => listenWebSocket({ maximumMessageBytes, ...options }, accept, log),
      'listenWebSocket',
    );
  }

  /**
   * Opens a listener of another kind: `open` is given what takes its connections. Rejects with what `open` rejects with.
   * @example
   * await broker.listenWith((accept, log) => listenOnSerialLine('/dev/ttyUSB0', accept, log)); // a function of yours
   * @throws {BrokerClosedError} after `close`
   */
  listenWith(open: OpenListener): Promise<Listener> {
    return this.#listeners.open(open, 'listenWith');
  }

  /**
   * Accepts no more connections there: its address is free when the call returns. The promise fulfils when the last of
   * its connections has closed; with `disconnect` they are ended now, and MQTT 5 clients told 0x98. Nothing happens for a listener
   * that is not (any more) the broker's.
   */
  stopListening(listener: Listener, { disconnect }: { readonly disconnect: boolean }): Promise<void> {
    return this.#listeners.stop(listener, disconnect);
  }

  /**
   * Attaches a connection that speaks MQTT over something else: a message port, a gateway, a test. Null if there are as
   * many connections as there may be, or if the broker has been closed.
   */
  attach(transport: Transport, origin: Origin): TransportSink | null {
    return this.#attach(transport, origin, null);
  }

  #attach(transport: Transport, origin: Origin, listener: object | null): TransportSink | null {
    if (this.#closing !== null) return null;
    const connection = this.#core.attach(transport, origin, listener);
    this.#alarm.arm(this.#core.nextDeadlineMs);
    return connection;
  }

  /** Has numbers told in `$SYS/broker/...` that the broker does not know: it asks for them whenever it tells its own. */
  tellInSys(more: MoreSysTopics): void {
    this.#core.tellInSys(more);
  }

  /**
   * Publishes a message; the promise fulfils when it is kept for every durable session and as retained message, as
   * far as the store keeps anything.
   * @throws {TypeError} for an invalid topic name, or a payload, option or property of the wrong type
   * @throws {RangeError} for an option or property that cannot have its value, or a message larger than `maximumPacketSize`
   * @throws {BrokerClosedError} after `close`
   */
  async publish(
    topicName: string,
    payload: Uint8Array | string,
    options: PublishOptions = {},
  ): Promise<void> {
    if (this.#closing !== null) throw new BrokerClosedError('publish');
    const commit = publishLocally(this.#core, topicName, payload, options);
    if (commit > 0) await this.#waiters.kept(commit);
  }

  /**
   * Calls `handler` for every message that matches, and for what is retained, which comes over as many turns as it takes.
   * Errors of the handler are logged.
   * @throws {TypeError} for an invalid topic filter, or a shared one
   * @throws {BrokerClosedError} after `close`
   */
  subscribe(
    topicFilter: string,
    handler: (message: ReceivedMessage) => void,
    options: SubscribeOptions = {},
  ): BrokerSubscription {
    if (this.#closing !== null) throw new BrokerClosedError('subscribe');
    return subscribeLocally(this.#core, topicFilter, handler, options.observe === true);
  }

  /**
   * Handles what clients publish to one control topic, such as `$CONTROL/dynamic-security/v1`, after the turn in which it came; it
   * was acknowledged then. The authoriser must have allowed it; without an authoriser nobody may. Such messages go nowhere else.
   * @returns a function that takes the handler off again
   * @example
   * broker.onControl('$CONTROL/lights/v1', (message, client) =>
   *   broker.publishTo(client.clientId, '$CONTROL/lights/v1/response', `done: ${message.text()}`),
   * );
   * @throws {TypeError} for a topic name that does not begin with `$CONTROL/`, or has a handler
   */
  onControl(topicName: string, handler: ControlHandler): () => void {
    return handleControl(this.#core, topicName, handler);
  }

  /**
   * Gives a message to one client, which need not be subscribed to it. While it is away, QoS 1 and 2 wait in its queue.
   * @returns false if it has no session, may not receive the topic, or nothing can be kept for it now
   * @throws {TypeError | RangeError} as `publish`
   * @throws {BrokerClosedError} after `close`
   */
  publishTo(
    clientId: string,
    topicName: string,
    payload: Uint8Array | string,
    options: Omit<PublishOptions, 'retain'> = {},
  ): boolean {
    if (this.#closing !== null) throw new BrokerClosedError('publishTo');
    return publishToClient(this.#core, clientId, topicName, payload, options);
  }

  /** @returns a function that takes the handler off again */
  on<Name extends BrokerEventName>(name: Name, handler: Handler<BrokerEvents[Name]>): () => void {
    return this.#events.on(name, handler);
  }

  /**
   * Why a message does or does not arrive: what is decided now, by which rule, who gets it, what is in the way, and what was
   * dropped and refused lately. Nothing is done; an authoriser that answers later is waited for.
   * @example
   * const { conclusion } = await broker.explain({ clientId: 'door', topicName: 'home/door', action: 'publish' });
   * @throws {BrokerClosedError} after `close`
   */
  async explain(query: ExplanationQuery, options: ExplainOptions = {}): Promise<Explanation> {
    if (this.#closing !== null) throw new BrokerClosedError('explain');
    return new Promise((resolve) => this.#core.explaining.explain(query, options.authorizer, resolve));
  }

  /** Ends a client's connection; MQTT 5 clients are told why. False if it is not connected. */
  disconnectClient(
    clientId: string,
    reasonCode: ReasonCode = ReasonCode.AdministrativeAction,
    reasonString = 'disconnected by the application',
  ): boolean {
    return this.#core.disconnect(clientId, reasonCode, reasonString);
  }

  /**
   * Other limits, habits, authenticator and authoriser, all at once: from the next packet on they hold for everybody. What is left out
   * stays as it is; `profile` is taken as a whole, so that what is left out inside it has its default again.
   *
   * Clients stay connected. Rights that were remembered are forgotten; who is just being authenticated, is so anew by
   * another authenticator. What a connected client was told in CONNACK stays until it connects again: Maximum Packet Size, Receive Maximum,
   * Topic Alias Maximum, Server Keep Alive, Session Expiry Interval and what is promised of acknowledgements. So does
   * what of `inFlightMessages` and `outboundTopicAliases` was agreed on with it.
   * @throws {TypeError | RangeError} for an unknown or impossible option; nothing has changed then
   */
  reconfigure(changes: BrokerChanges): void {
    checkChanges(changes);
    const resolved = changes.profile === undefined ? this.profile : resolveProfile(changes.profile);
    this.#core.reconfigure(resolved, changes);
    this.#alarm.arm(this.#core.nextDeadlineMs);
  }

  /** Rights have changed: what the authoriser answered before is forgotten. */
  forgetRights(): void {
    this.#core.forgetRights();
  }

  get profile(): Profile {
    return this.#core.context.profile;
  }

  get metrics(): Readonly<Metrics> {
    return this.#core.context.metrics;
  }

  get gauges(): Gauges {
    return this.#core.gauges;
  }

  /** Why listeners closed connections before the broker saw them, and how often: of all listeners since the start. */
  get listenerRefusals(): ListenerRefusalCounts {
    return this.#listeners.refusals;
  }

  /** How many clients the authenticator let in and refused, as far as it tells (`Authenticator.counts`). */
  get authenticationCounts(): AuthenticationCounts {
    return this.#core.authenticationCounts;
  }

  /** Where every message ended: delivered, or dropped for which reason. */
  get outcomes(): Outcomes {
    return this.#core.context.outcomes;
  }

  get listeners(): readonly Listener[] {
    return this.#listeners.all;
  }

  /** Messages that a client has still to be sent or to acknowledge, or whose end is still to be kept; 0 without a session. */
  unfinishedMessages(clientId: string): number {
    return unfinishedMessagesOf(this.#core, clientId);
  }

  /** Every client that is connected now, as the authoriser sees it. */
  get clients(): readonly ClientIdentity[] {
    return clientsOf(this.#core);
  }

  /** Every session there is now, of clients that are connected and of those that are away. */
  get sessions(): readonly SessionDescription[] {
    return sessionsOf(this.#core);
  }

  /**
   * What is retained now on the topics that match.
   * @throws {TypeError} for an invalid topic filter, or a shared one
   */
  retainedMessages(topicFilter = '#'): readonly ReceivedMessage[] {
    checkOwnFilter(this.#core, topicFilter);
    return retainedMessagesOf(this.#core, topicFilter);
  }

  /**
   * Stops listening, tells every client that the broker goes, and fulfils when all connections are closed and the store
   * has kept everything, or has not within `closeTimeoutMs`: then `publish` rejects what waits for it.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const closed = this.#listeners.close();
    this.#core.shutDown();
    this.#turn();
    await closed;
    this.#turn();
    const { commits, profile } = this.#core.context;
    if (commits.pending) await this.#waiters.allKept(this.#environment, profile.limits.closeTimeoutMs);
    this.#waiters.giveUp();
    this.#alarm.stop();
  }

  #scheduleTurn(): void {
    if (this.#turnScheduled) return;
    this.#turnScheduled = true;
    this.#environment.soon(() => this.#turn());
  }

  #turn(): void {
    this.#turnScheduled = false;
    this.#core.turn();
    for (const { subscription, message, retained } of this.#core.takeLocal()) {
      try {
        subscription.handler(message, retained);
      } catch (error) {
        this.#reportHandlerError(error);
      }
    }
    if (this.#pendingEvents.length > 0) {
      const events = this.#pendingEvents;
      this.#pendingEvents = [];
      for (const emit of events) emit();
    }
    this.#alarm.arm(this.#core.nextDeadlineMs);
  }

  #queueEvent<Name extends BrokerEventName>(name: Name, event: BrokerEvents[Name]): void {
    if (!this.#events.has(name)) return;
    this.#pendingEvents.push(() => this.#events.emit(name, event));
    this.#scheduleTurn();
  }

  #onCommitted(commit: number, error: StoreError | null): void {
    this.#waiters.onCommitted(commit, error, this.#core.context.commits.pending);
  }

  #reportHandlerError(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#log.write('error', 'handler-error', `a handler of the application threw: ${text}`);
  }
}
