/**
 * One broker without I/O: connections are attached, bytes and times come in, a turn ends what a round of inputs began.
 *
 *     attach / receive / tick … ──▶ (parts) ──▶ turn: commit · release what waited · flush · next deadline
 *
 * It puts the parts together and is the only one who knows them all. It never waits: every call completes.
 */

import { Deadlines, ReasonCode } from '@martlet/protocol';
import { CommitEnds } from './commit-ends.ts';
import { Connection } from './connection/connection.ts';
import type { CoreParts } from './connection/phase.ts';
import type { Environment } from './context.ts';
import { CoreContext } from './context.ts';
import { Explaining } from './explain/explaining.ts';
import { logInternalError } from './internal-error.ts';
import type { StoreStateChange } from './keeping.ts';
import type { Profile } from './options/profile.ts';
import type { Outbox } from './output/outbox.ts';
import type { AuthenticationCounts } from './ports/authentication-counts.ts';
import { NOTHING_AUTHENTICATED } from './ports/authentication-counts.ts';
import type { Authenticator } from './ports/authenticator.ts';
import type { Authorizer } from './ports/authorizer.ts';
import type { ListenerRefusalCounts } from './ports/listener-refusal.ts';
import { noListenerRefusals } from './ports/listener-refusal.ts';
import type { Log } from './ports/log.ts';
import type { Store, StoreError } from './ports/store.ts';
import type { Origin, Transport } from './ports/transport.ts';
import { ApplicationPublishing } from './publish/application-publishing.ts';
import { ControlTopics } from './publish/control-topics.ts';
import { Incoming } from './publish/incoming.ts';
import type { LocalPublish } from './publish/local-publish.ts';
import type { LocalDelivery } from './publish/local-subscription.ts';
import { LocalSubscription } from './publish/local-subscription.ts';
import { Outgoing } from './publish/outgoing.ts';
import { Publication } from './publish/publication.ts';
import type { Subscriber } from './publish/route.ts';
import { Router } from './publish/router.ts';
import { RunRouter } from './publish/run-router.ts';
import { restore } from './restore.ts';
import { Retaining } from './retained/retaining.ts';
import { Exchanges } from './session/exchanges.ts';
import { QueueKeeper } from './session/queue-keeper.ts';
import { Sessions } from './session/sessions.ts';
import { SharedGroups } from './session/shared-groups.ts';
import { Subscribing } from './session/subscribing.ts';
import { Subscriptions } from './session/subscriptions.ts';
import { Wills } from './session/wills.ts';
import { SysPublishing } from './sys-publishing.ts';
import { CoreGauges } from './telling/core-gauges.ts';
import { DeadLetters } from './telling/dead-letters.ts';
import type { DropReason } from './telling/drop-reason.ts';
import { DROP_REASONS } from './telling/drop-reason.ts';
import type { EventSink } from './telling/events.ts';
import { LimitedLog } from './telling/limited-log.ts';
import type { Gauges } from './telling/metrics.ts';
import { Outcomes } from './telling/outcomes.ts';
import type { MoreSysTopics } from './telling/sys-topics.ts';
import { SubscriptionTree } from './topics/subscription-tree.ts';
import { TopicTable } from './topics/topic-table.ts';
import { WallClockWatch } from './wall-clock-watch.ts';

export interface CorePorts {
  readonly environment: Environment;
  readonly store: Store;
  readonly log: Log;
  readonly events: EventSink;
  readonly authenticator: Authenticator | null;
  readonly authorizer: Authorizer | null;
  /** Any 32-bit integer that peers cannot guess. */
  readonly hashSeed: number;
  /** Of Martlet, such as `0.1.0`; for `$SYS/broker/version`. */
  readonly version: string;
  /** Bytes of memory in use; for `$SYS/broker/heap`. */
  readonly heapBytes: () => number;
  /** What listeners have refused; asked for each update of `$SYS`. @default nothing */
  readonly listenerRefusals?: () => ListenerRefusalCounts;
  /** What was published with this commit's number is kept, or is not. */
  readonly onCommitted: (commit: number, error: StoreError | null) => void;
}

/** Who decides from now on; undefined: as before. */
interface Changes {
  readonly authenticator: Authenticator | null | undefined;
  readonly authorizer: Authorizer | null | undefined;
}

export class BrokerCore {
  readonly context: CoreContext;
  readonly sessions: Sessions;
  readonly retaining: Retaining;
  readonly controls: ControlTopics;
  readonly gauges: Gauges;
  readonly explaining: Explaining;
  readonly #parts: CoreParts;
  readonly #topics: TopicTable;
  readonly #tree: SubscriptionTree<Subscriber>;
  readonly #queues: QueueKeeper;
  readonly #application: ApplicationPublishing;
  readonly #connections: Set<Connection>;
  readonly #peerLog: LimitedLog;
  readonly #deadLetters: DeadLetters;
  readonly #events: EventSink;
  readonly #sys: SysPublishing;
  /** The steps of a turn, made once because turns are many. */
  readonly #duties: () => void;
  readonly #showMore: () => void;
  readonly #endCommit: (commit: number, error: StoreError | null) => void;
  readonly #endUnwritable: (outbox: Outbox, error: unknown) => void;

  constructor(profile: Profile, ports: CorePorts) {
    const { environment, store, log, events, authenticator, authorizer, hashSeed, version, heapBytes } =
      ports;
    const { limits } = profile;
    const outcomes = new Outcomes({
      recentDropsPerReason: limits.recentDropsPerReason,
      onDrop: (reason: DropReason, clientId, topicName, count, detail) => {
        const { code } = DROP_REASONS[reason]!;
        events.emit('messageDropped', { reason: code, clientId, topicName, count, detail });
      },
    });
    const context = new CoreContext(profile, environment, store, log, outcomes, new Deadlines(), (change) =>
      this.#tellStoreState(change),
    );
    context.receiveRights.use(authorizer);
    const topics = new TopicTable({
      maxTopics: limits.internedTopics,
      maxLevels: limits.topicLevels,
      hashSeed,
    });
    const nothing = topics.internName('$nothing')!;
    const publication = (): Publication => new Publication(nothing, context.largeMemory, context.levels);
    const tree = new SubscriptionTree<Subscriber>({ hashSeed });
    const queues = new QueueKeeper(context);
    const groups = new SharedGroups(context, queues, tree);
    const exchanges = new Exchanges(context, queues, groups);
    const outgoing = new Outgoing(context, queues, groups, exchanges);
    const router = new Router(context, topics, tree, outgoing, queues);
    const retaining = new Retaining(context, outgoing, publication(), hashSeed);
    const wills = new Wills(context, topics, router, retaining, publication());
    const subscriptions = new Subscriptions(context, tree, groups);
    const sessions = new Sessions(context, subscriptions, outgoing, wills);
    this.context = context;
    this.sessions = sessions;
    this.retaining = retaining;
    this.#topics = topics;
    this.#tree = tree;
    this.#queues = queues;
    this.#application = new ApplicationPublishing(
      context,
      topics,
      router,
      retaining,
      publication(),
      sessions,
      outgoing,
    );
    this.controls = new ControlTopics(context);
    this.#connections = new Set();
    this.gauges = new CoreGauges(context, sessions, subscriptions, retaining, this.#connections, topics);
    this.#events = events;
    this.#peerLog = new LimitedLog(log, context, limits.malformedLogPerMinute, 'peer-log-limited', 'peers');
    const wallClock = new WallClockWatch(context, sessions, retaining);
    this.#deadLetters = new DeadLetters(context, topics, router, publication());
    this.#duties = () => {
      wallClock.look();
      context.deadlines.run(context.nowMs);
      this.#deadLetters.publish();
    };
    this.#showMore = () => retaining.showMore();
    const ends = { context, sessions, exchanges, outgoing };
    const commitEnds = new CommitEnds(ends, this.#connections, ports.onCommitted);
    this.#endCommit = (commit, error) => commitEnds.onCommitted(commit, error);
    this.#endUnwritable = (outbox, error) => commitEnds.endUnwritable(outbox, error);
    this.#parts = {
      context,
      incoming: new Incoming(
        context,
        topics,
        router,
        new RunRouter(context, router, publication()),
        retaining,
        publication(),
        this.controls,
      ),
      outgoing,
      exchanges,
      subscribing: new Subscribing(context, subscriptions, retaining, events),
      sessions,
      events,
      deciders: { authenticator, authorizer },
      showMore: this.#showMore,
      logPeer: (code, text) => this.#peerLog.write('notice', code, text),
    };
    const { deciders } = this.#parts;
    const explained = { context, sessions, topics, tree, router, queues, retaining, deciders };
    this.explaining = new Explaining({ ...explained, publication: publication() });
    this.#sys = new SysPublishing(context, topics, router, retaining, publication(), {
      version,
      metrics: context.metrics,
      outcomes,
      gauges: this.gauges,
      authentication: () => this.authenticationCounts,
      listenerRefusals: ports.listenerRefusals ?? noListenerRefusals,
      heapBytes,
    });
    restore({ context, topics, sessions, subscriptions, groups, queues, retaining });
    this.#sys.start();
  }

  // ---- inputs ------------------------------------------------------------------------------------------------------

  /**
   * A new network connection; null if there are as many as there may be.
   * @param listener stands for the listener, for `disconnectListener`
   */
  attach(transport: Transport, origin: Origin, listener: object | null = null): Connection | null {
    const { context } = this;
    context.sampleClock();
    if (this.#connections.size >= context.profile.limits.connections) {
      context.metrics.connectionsRefused++;
      this.#peerLog.write(
        'notice',
        'too-many-connections',
        `${transport.peer}: ${this.#connections.size} connections are open`,
      );
      return null;
    }
    const meter = context.rates.accept(transport.peer, origin, context.nowMs);
    if (meter === false) {
      context.metrics.connectionsRefused++;
      context.metrics.connectionsBeyondRate++;
      const text = `${transport.peer}: twice as many connections are open from its address, or at its listener, as may be`;
      this.#peerLog.write('notice', 'too-many-connections', text);
      return null;
    }
    context.metrics.connectionsOpened++;
    const connection = new Connection(this.#parts, transport, origin, listener, meter, (gone) => {
      this.#connections.delete(gone);
      context.metrics.connectionsClosed++;
    });
    this.#connections.add(connection);
    return connection;
  }

  /** The end of a round of inputs, asked for by `Environment.requestTurn`; or the time that `nextDeadlineMs` said. */
  turn(): void {
    const { context } = this;
    context.sampleClock();
    context.turnBegins();
    this.#guarded(this.#duties);
    this.#guarded(this.#showMore);
    context.commits.start(context.nowMs, this.#endCommit);
    context.flush(this.#endUnwritable);
  }

  /** Monotonic ms when `turn` is to be called at the latest; Infinity if there is nothing to wait for. */
  get nextDeadlineMs(): number {
    return this.context.deadlines.nextMs();
  }

  /**
   * Routes a message of the application.
   * @returns as `ApplicationPublishing.publish`
   * @throws {TypeError | RangeError} for what no client could publish either; nothing has been done then
   */
  publish(message: LocalPublish): number {
    this.context.sampleClock();
    return this.#application.publish(message);
  }

  /** Gives a message of the application to one client. @returns as `ApplicationPublishing.publishTo` */
  publishTo(clientId: string, message: LocalPublish): boolean {
    this.context.sampleClock();
    return this.#application.publishTo(clientId, message);
  }

  /** The filter must be a valid one without `$share/`. */
  subscribe(topicFilter: string, handler: LocalSubscription['handler'], observes = false): LocalSubscription {
    this.context.sampleClock();
    const subscription = new LocalSubscription(topicFilter, handler, observes);
    this.#tree.add(topicFilter, subscription);
    this.retaining.showLocal(subscription);
    return subscription;
  }

  unsubscribe(subscription: LocalSubscription): void {
    subscription.ended = true;
    this.#tree.remove(subscription.topicFilter, subscription);
  }

  /** What the host hands to the application after the turn. */
  takeLocal(): LocalDelivery[] {
    return this.context.takeLocal();
  }

  /**
   * Another profile, authenticator and authoriser, for everybody at once: they are obeyed from the next input on, and rights are
   * forgotten. Clients that are being authenticated begin anew. What a connected client was told in CONNACK stays as it is
   * until it connects again: Maximum Packet Size, Receive Maximum, Topic Alias Maximum, Server Keep Alive, Session Expiry
   * Interval and what is promised of acknowledgements.
   */
  reconfigure(profile: Profile, changes: Partial<Changes>): void {
    const { context } = this;
    context.sampleClock();
    const { deciders } = this.#parts;
    const { authenticator = deciders.authenticator, authorizer = deciders.authorizer } = changes;
    const reauthenticates = deciders.authenticator !== authenticator;
    deciders.authenticator = authenticator;
    deciders.authorizer = authorizer;
    context.receiveRights.use(authorizer);
    context.reconfigure(profile);
    this.#tree.touchAll();
    this.#peerLog.linesPerMinute = profile.limits.malformedLogPerMinute;
    this.#topics.reconfigure(profile.limits.internedTopics, profile.limits.topicLevels);
    this.#queues.policies.all = profile.queues;
    this.retaining.reconfigure();
    this.#deadLetters.reconfigure();
    this.#sys.start();
    for (const connection of this.#connections) connection.reconfigure(reauthenticates);
    context.requestTurn();
  }

  /** Has numbers told in `$SYS` that the core does not know. */
  tellInSys(more: MoreSysTopics): void {
    this.#sys.add(more);
  }

  /** As the authenticator says that decides now. */
  get authenticationCounts(): AuthenticationCounts {
    return this.#parts.deciders.authenticator?.counts ?? NOTHING_AUTHENTICATED;
  }

  /** Rights have changed: every decision that was remembered is forgotten. */
  forgetRights(): void {
    this.#tree.touchAll();
    const { receiveRights } = this.context;
    receiveRights.forget();
    for (const connection of this.#connections) {
      connection.forgetRights();
      if (receiveRights.asked) connection.onRoom(); // what waits in a shared group may be for another member now
    }
  }

  /** Ends a client's connection, if it has one. */
  disconnect(clientId: string, reasonCode: ReasonCode, reasonString: string): boolean {
    this.context.sampleClock();
    const holder = this.sessions.get(clientId)?.holder;
    holder?.onDisconnectAsked(reasonCode, reasonString);
    return holder != null;
  }

  /** Ends every connection that came through a listener; MQTT 5 clients are told why. */
  disconnectListener(listener: object, reasonCode: ReasonCode, reasonString: string): void {
    this.context.sampleClock();
    for (const connection of this.#connections) {
      if (connection.listener === listener) connection.shutDown(reasonCode, reasonString);
    }
    this.context.requestTurn();
  }

  /** Tells every client that the broker goes, and closes. */
  shutDown(): void {
    this.context.sampleClock();
    this.context.commits.finish();
    for (const connection of this.#connections) {
      connection.shutDown(ReasonCode.ServerShuttingDown, 'the broker is shutting down');
    }
    this.context.requestTurn();
  }

  // ------------------------------------------------------------------------------------------------------------------

  /** An error in what belongs to no connection is logged, and the turn goes on; a deadline that threw is over. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      logInternalError(this.context.errorLog, 'the turn', error);
    }
  }

  #tellStoreState(change: StoreStateChange): void {
    const level = change.state === 'keeping' ? 'notice' : 'error';
    this.context.errorLog.write(level, change.code, change.text);
    this.#events.emit('storeStateChanged', change);
  }
}
