/**
 * The host of one client's core: it owns the clock, the timers, the store and the supervisor of its connections, and calls
 * the core's turn once for everything that happens in one round. What the application sees is `Client`.
 */
import type { Authentication, MaybePromise } from '../authentication/authentication.ts';
import type { ClientError } from '../client-error.ts';
import { ClientCore } from '../core/client-core.ts';
import type { ConnectionEnd } from '../core/connection/connection-end.ts';
import type { ServerCapabilities } from '../core/connection/server-capabilities.ts';
import type { Message } from '../core/incoming/message.ts';
import type { Unrouted } from '../core/incoming/unrouted.ts';
import type { OutgoingMessage } from '../core/outgoing/outgoing-message.ts';
import type { CoreHost } from '../core/ports/core-host.ts';
import type { Quarantine } from '../core/quarantine.ts';
import type { ServerSubscription } from '../core/subscriptions/server-subscription.ts';
import type { DropReason } from '../core/subscriptions/subscriber.ts';
import type { ClientEnvironment } from '../environment.ts';
import type { ParseUrl } from '../transports/server-address.ts';
import type { OpenTransport } from '../transports/transport.ts';
import type { ClientAuthentication } from './client-authentication.ts';
import { ClientEventListeners } from './events.ts';
import type { Publication } from './publication.ts';
import type { ResolvedOptions } from './resolve-options.ts';
import type { SessionKeeping } from './session-keeping.ts';
import type { WaitingBySignal, WaitOptions } from './settle.ts';
import { endedWhile, watchWait } from './settle.ts';
import type { Subscription, SubscriptionOwner } from './subscription.ts';
import type { SupervisorOwner } from './supervisor.ts';
import { Supervisor } from './supervisor.ts';

/** Has `wake` called when the platform says that the network may be back, or somebody looks again; returns what ends that. */
export type Plug = (wake: () => void) => () => void;

/** What the host needs of its platform. */
export interface HostPlatform {
  readonly plug: Plug;
  readonly parseUrl: ParseUrl;
  /** Loads what only a client with a store needs. */
  sessionKeeping(): MaybePromise<typeof SessionKeeping>;
  /** Loads what only a client needs whose connections end with something unanswered. */
  quarantine(): MaybePromise<typeof Quarantine>;
  /** Loads what only a client needs that may take up the session of an earlier process. */
  unrouted(): MaybePromise<typeof Unrouted>;
  /** Loads what only a client with `authentication` needs. */
  authentication(): MaybePromise<typeof ClientAuthentication>;
}

/** A timer of the platform that is to fire later fires at once. */
const MAXIMUM_TIMER_MS = 0x7fff_ffff;

export class ClientHost implements CoreHost, SupervisorOwner, SubscriptionOwner {
  readonly options: ResolvedOptions;
  readonly core: ClientCore;
  readonly environment: ClientEnvironment;
  readonly waiting: WaitingBySignal = new WeakMap();
  /** Made with the first connection of a client that has `authentication`. */
  authentication: ClientAuthentication | undefined;
  readonly supervisor: Supervisor;
  readonly listeners: ClientEventListeners = new ClientEventListeners();
  readonly subscriptions: Set<Subscription> = new Set();
  /** Why the client has ended; undefined while it has not. */
  stoppedBy: ClientError | undefined;
  /** What ended the last connection, or the last attempt; undefined while online. */
  offlineBy: ClientError | undefined;
  /** Fulfilled when the store has been let go of, once the client has ended. */
  storeClosed: Promise<void> | undefined;
  readonly #platform: HostPlatform;
  #keeping: SessionKeeping | undefined;
  readonly #unplug: () => void;
  #isTurnRequested = false;
  #cancelDeadline: (() => void) | null = null;
  #deadlineMs = Number.POSITIVE_INFINITY;
  /** Since it was online: the loss of that connection, and failed attempts. Before it was, as if one had been lost. */
  #failures = 1;
  /** Who waits for a change of state. */
  readonly #watchers: Set<() => void> = new Set();
  /** Publications that failed because the application closed the client. */
  readonly #lost: Publication[] = [];

  constructor(
    options: ResolvedOptions,
    open: OpenTransport,
    environment: ClientEnvironment,
    platform: HostPlatform,
  ) {
    this.#platform = platform;
    this.options = options;
    this.environment = environment;
    this.core = new ClientCore(options, this);
    const clientId = options.clientId ?? randomClientId(environment);
    this.supervisor = new Supervisor(options, clientId, open, platform.parseUrl, environment, this);
    this.#unplug = platform.plug(() => {
      this.supervisor.wake();
      // The answer to what it may have asked has a deadline, for which a turn sets the timer.
      this.requestTurn();
    });
    // The application has its client, and its listeners on it, before anything happens.
    environment.soon(() => this.supervisor.connect());
  }

  /** Ends the client where the store fails. Rejected where something cannot be loaded: the next attempt tries again. */
  async prepare(): Promise<void> {
    const { store, cleanStart, keepsSession, unroutedMessages } = this.options;
    if (store !== undefined && this.#keeping === undefined) {
      const Keeping = await this.#platform.sessionKeeping();
      if (this.stoppedBy !== undefined) return;
      this.#keeping = new Keeping(store, this.core, (error) => this.supervisor.stop(error));
      this.supervisor.hasSession = await this.#keeping.open(this.supervisor.clientId);
      this.requestTurn();
    }
    if (!(cleanStart ?? !keepsSession) && unroutedMessages > 0 && this.core.unrouted === null) {
      const Waiting = await this.#platform.unrouted();
      this.core.unrouted = new Waiting(unroutedMessages, this);
    }
  }

  // ── the core tells ──

  nowMs(): number {
    return this.environment.nowMs();
  }

  wallMs(): number {
    return this.environment.wallMs();
  }

  requestTurn(): void {
    if (this.#isTurnRequested) return;
    this.#isTurnRequested = true;
    this.environment.soon(this.#turn);
  }

  readonly #turn = (): void => {
    this.#isTurnRequested = false;
    this.core.turn();
    this.#keeping?.write();
    this.#armDeadline();
    if (this.#watchers.size > 0) this.onState();
  };

  onOnline(server: ServerCapabilities): void {
    this.offlineBy = undefined;
    this.#failures = 0;
    this.supervisor.onOnline(server.clientId);
    this.listeners.emit('online', server);
  }

  onOver(end: ConnectionEnd, abrupt: boolean): void {
    this.authentication?.end(end.error);
    this.supervisor.onOver(end, abrupt);
    this.requestTurn();
  }

  onDropped(message: Message, reason: DropReason, topicFilter: string | undefined): void {
    this.listeners.emit('dropped', { message, reason, topicFilter });
  }

  onPublicationFailed(message: OutgoingMessage, error: ClientError): void {
    // This host gives the core no others.
    const publication = message as Publication;
    if (!publication.fail(error)) return;
    if (this.stoppedBy !== undefined) {
      // What a store keeps is not lost.
      if (publication.key <= 0) this.#lost.push(publication);
      return;
    }
    this.#tellUnlessKnown(error, () => publication.isObserved);
  }

  withQuarantine(use: (Made: typeof Quarantine) => void): void {
    const made = this.#platform.quarantine();
    // Where it cannot be loaded, the next end tries again.
    if (made instanceof Promise) made.then(use).catch(() => {});
    else use(made as typeof Quarantine);
  }

  onQuarantined(what: OutgoingMessage | ServerSubscription, error: ClientError): void {
    // This host gives the core no other messages.
    this.listeners.emit('quarantined', { what: what as Publication | ServerSubscription, error });
  }

  onWarning(warning: ClientError): void {
    this.listeners.emit('warning', warning);
  }

  // ── subscriptions tell ──

  onHandlerError(error: unknown, message: Message, topicFilter: string): void {
    this.listeners.emit('handlerError', { error, message, topicFilter });
  }

  unsubscribe(subscription: Subscription): Promise<void> {
    this.subscriptions.delete(subscription);
    this.core.unrouted?.giveUp(subscription.topicFilter);
    return new Promise((resolve) => this.core.subscriptions.remove(subscription, resolve));
  }

  onSubscriptionOver(subscription: Subscription, error: ClientError): void {
    this.subscriptions.delete(subscription);
    this.#tellUnlessKnown(error, () => subscription.isErrorKnown);
  }

  /**
   * Whoever has just published or subscribed has not had the time to ask how it ends; `await` takes a moment to do so, which
   * where `soon` is a microtask is two of them.
   */
  #tellUnlessKnown(error: ClientError, isKnown: () => boolean): void {
    const { environment } = this;
    environment.soon(() =>
      environment.soon(() => {
        if (!isKnown()) this.listeners.emit('error', error);
      }),
    );
  }

  // ── the supervisor tells ──

  /** The Authentication Data of CONNECT. */
  async authenticate(authentication: Authentication): Promise<Uint8Array | undefined> {
    const Authenticating = await this.#platform.authentication();
    this.authentication ??= new Authenticating(authentication, this.core);
    return await this.authentication.first();
  }

  onState(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  onOffline(error: ClientError, reconnectMs: number | undefined): void {
    const { listeners, options } = this;
    this.offlineBy = error;
    listeners.emit('offline', { error, reconnectMs });
    // The last one is told by `onStopped`.
    if (reconnectMs === undefined) return;
    const isUnheard = !listeners.has('error') && !listeners.has('offline');
    if (error.kind === 'remote') {
      if (isUnheard || listeners.has('error')) listeners.emit('error', error);
    } else if (reconnectMs !== 0 || options.fallback !== true) {
      // It may go on like this for ever; what is tried at once with an older version is no failure yet.
      const isFirst = this.#failures++ === 1;
      if (isFirst && isUnheard && this.#watchers.size === 0) listeners.emit('error', error);
    }
  }

  onStopped(error: ClientError | undefined): void {
    this.stoppedBy = error ?? endedWhile('CLOSED', 'the client was closed', this);
    this.#unplug();
    this.#cancelDeadline?.();
    this.core.outgoing.close(this.stoppedBy);
    for (const subscription of [...this.subscriptions]) subscription.end(error);
    this.subscriptions.clear();
    this.storeClosed = this.#closeStore();
    const isAwaited = this.#watchers.size > 0;
    this.onState();
    if (error !== undefined && !isAwaited) this.listeners.emit('error', error);
    if (error === undefined && this.#lost.length > 0) this.environment.soon(this.#tellLost);
    this.listeners.emit('closed', error);
  }

  /** One event for all: there may be as many as the queue holds. */
  readonly #tellLost = (): void => {
    const { length } = this.#lost.filter((publication) => !publication.isObserved);
    if (length === 0) return;
    const text = `expected nothing under way when the client was closed, got ${length} messages, which are lost`;
    this.listeners.emit('error', endedWhile('CLOSED', text, this));
  };

  // ── the application waits ──

  /** Fulfilled with what `test` gives, as soon as that is something; rejected when the client or the wait has ended. */
  when<T>(test: () => T | null, wait: WaitOptions): Promise<T> {
    return new Promise((resolve, reject) => {
      let stop = (): void => {};
      const watcher = (): void => {
        const value = test();
        if (value !== null) resolve(value);
        else if (this.stoppedBy !== undefined) reject(this.stoppedBy);
        else return;
        this.#watchers.delete(watcher);
        stop();
      };
      this.#watchers.add(watcher);
      stop = watchWait(wait, this, (error) => {
        this.#watchers.delete(watcher);
        stop();
        reject(error);
      });
      watcher();
    });
  }

  /** What the server is to send for it is read, however slow the application is. */
  async awaiting<T>(promise: Promise<T>): Promise<T> {
    this.core.awaited++;
    this.requestTurn();
    try {
      return await promise;
    } finally {
      this.core.awaited--;
      this.requestTurn();
    }
  }

  async #closeStore(): Promise<void> {
    try {
      await this.#keeping?.close();
    } catch (error) {
      this.listeners.emit('error', error as ClientError);
    }
  }

  #armDeadline(): void {
    const dueMs = this.stoppedBy === undefined ? this.core.nextDeadlineMs : Number.POSITIVE_INFINITY;
    if (dueMs === this.#deadlineMs && this.#cancelDeadline !== null) return;
    this.#cancelDeadline?.();
    this.#cancelDeadline = null;
    this.#deadlineMs = dueMs;
    if (dueMs === Number.POSITIVE_INFINITY) return;
    this.#cancelDeadline = this.environment.setTimer(
      () => {
        this.#cancelDeadline = null;
        this.core.tick(this.nowMs());
        this.requestTurn();
      },
      Math.min(Math.max(0, dueMs - this.nowMs()), MAXIMUM_TIMER_MS),
    );
  }
}

/** `martlet-` and 15 letters and digits: 23 bytes, which every server takes. */
function randomClientId(environment: ClientEnvironment): string {
  let id = 'martlet-';
  while (id.length < 23) id += Math.floor(environment.random() * 36).toString(36);
  return id;
}
