import type { Delivery } from '../publish/delivery.ts';
import type { Message, QoS } from '../publish/message.ts';
import type { Durability } from './durability.ts';
import type { QueueOwner } from './queue-owner.ts';

export type { QueueOwner, SessionOwner, ShareOwner } from './queue-owner.ts';

/**
 * What must survive the process goes through this port. It is staged synchronously during a turn and committed for
 * all of the turn's connections together; what tells a peer about it waits for that commit (see `Commits`).
 *
 * Every time is a wall-clock time in ms, because a monotonic clock does not survive a restart.
 * No method calls back into the core before it has returned.
 */
export interface Store {
  /**
   * True when what is staged is as safe as this store ever makes it the moment the staging call returns.
   * Nothing then waits: the memory store of a broker that keeps nothing on disk.
   */
  readonly keepsAtOnce: boolean;

  /** Messages kept: retained, queued or in flight, each counted once however many wait for it. */
  readonly messageCount: number;
  /** Payload bytes of these messages, each counted once. */
  readonly messageBytes: number;
  /** What all that is kept takes where it is kept, about, in bytes: topic names, properties and the store's own records too. */
  readonly keptBytes: number;

  /** True when messages that wait in its queues are held in memory, so that the budget for memory counts them. */
  readonly holdsWaitingInMemory: boolean;

  /**
   * The wall clock when something was last staged before this start, on which all times are that `load` shows; 0 if not
   * known. By it the core tells whether the wall clock can be believed.
   */
  readonly lastWallMs: number;

  /**
   * Shows everything that was kept; called once, before anything else. Queues are read through `openQueue`.
   *
   * Sessions come in no particular order, each followed by its subscriptions, its received identifiers and its queue;
   * then the queues of shared groups; then the retained messages.
   *
   * @param census where the store looks again what it need not remember itself
   */
  load(visitor: StoreVisitor, conversion: MessageConversion, census: SessionCensus): void;

  /** Adds or replaces. What belongs to a session is staged after the session itself. */
  putSession(session: SessionRecord): void;
  /** Forgets a session with its subscriptions, queue and received identifiers. */
  deleteSession(clientId: string): void;

  /** Adds or replaces by client identifier and topic filter (with its `$share/name/` prefix if shared). */
  putSubscription(clientId: string, subscription: SubscriptionRecord): void;
  deleteSubscription(clientId: string, topicFilter: string): void;

  /** The packet identifiers of QoS 2 messages that were received and not yet released. */
  putReceived(clientId: string, packetId: number): void;
  deleteReceived(clientId: string, packetId: number): void;

  /** Replaces what is retained for the message's topic name. `expiresAtWallMs` is Infinity if it never expires. */
  putRetained(topicName: string, message: Message, expiresAtWallMs: number): void;
  deleteRetained(topicName: string): void;

  /** The queue of one owner: a session's client identifier, or a shared group's `$share/name/filter`. */
  openQueue(owner: QueueOwner): MessageQueue;
  deleteQueue(owner: QueueOwner): void;

  /**
   * The wall clock has jumped: stages anew when everything in the queues expires, waiting or in flight, as the conversion
   * says now. What is retained and the sessions are put again by the core.
   */
  restamp(): void;

  /** True when something has been staged that no commit covers yet. */
  readonly hasStaged: boolean;

  /** Bytes, about, that are held in memory until a commit has kept them: what gathers, is on its way, or failed. */
  readonly stagedBytes: number;

  /** Another number whenever the commit under way has got on: one that does is not silent. */
  readonly commitProgress: number;

  /**
   * A turn has ended, and no commit can be started now: what has been staged so far may be kept without what comes next.
   * A store that keeps no amount whatever as one piece begins another one here.
   */
  endTurn(): void;

  /**
   * Starts a commit of everything staged so far; never called while one is under way. Calls `done` once, later, never
   * from inside this call. Whenever the process ends, what is found was staged before one of the moments at which `commit` or
   * `endTurn` was called, and is all that was staged before that moment.
   *
   * With an error, nothing of this commit may be taken as kept, and no peer may be told of it. It is not forgotten: it is
   * staged again, before what has been staged since, so that what is kept is always what the core had at some moment,
   * and the next commit that succeeds covers it all. What the core does not stand by any more (a message whose publisher
   * was refused) it takes back by staging the opposite. When to try again is the core's decision.
   *
   * A store that lost track of a failed commit (a sync that failed) may find later that it was kept after all; to make
   * the same changes again must then change nothing.
   *
   * At `Disk`, success means that this commit and all before it survive a power cut. At `Os` it survives the process; with
   * nothing staged, a commit at `Disk` still makes what earlier ones wrote survive a power cut.
   */
  commit(durability: Durability, done: (error: StoreError | null) => void): void;

  /**
   * The commit under way has been silent for seconds: it is given up. Its `done` is called with `store-silent`, later, not
   * from inside this call, unless it ends by itself just now. Before the store keeps anything more, it verifies what it
   * has and opens itself again.
   */
  abandon(): void;
}

/** Why a commit failed. */
export interface StoreError {
  /** Stable, such as `store-full`. */
  readonly code: string;
  readonly message: string;
}

export interface SessionRecord {
  readonly clientId: string;
  /** Seconds; 0xFFFFFFFF is never. */
  readonly sessionExpiryInterval: number;
  /** Undefined while the client is connected. */
  readonly disconnectedAtWallMs: number | undefined;
  /** Of a connected client, or one whose Will Delay Interval has not passed. */
  readonly will: WillRecord | undefined;
}

export interface WillRecord {
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  /** Encoded forwardable properties. */
  readonly properties: Uint8Array;
  /** Seconds, or undefined. */
  readonly messageExpiryInterval: number | undefined;
  /** Seconds. */
  readonly willDelayInterval: number;
}

export interface SubscriptionRecord {
  /** With its `$share/name/` prefix if shared. */
  readonly topicFilter: string;
  readonly qos: QoS;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
  readonly retainHandling: 0 | 1 | 2;
  /** 0 if it has none. */
  readonly subscriptionIdentifier: number;
}

/** A retained message or a queue's entry, as it comes back from a store after a restart. */
export interface StoredMessage {
  readonly topicName: string;
  readonly payload: Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly properties: Uint8Array;
  readonly expiresAtWallMs: number;
}

/** How the store's messages become the core's, and back. The store keeps it: queues are read as they are needed. */
export interface MessageConversion {
  /**
   * Interns the topic, and puts the expiry on the monotonic clock. Null if there is no room for such a message any more
   * (a limit was lowered): the store forgets what it keeps of it, and shows nothing of it. A store that reads its queues
   * as they are needed finds out then.
   */
  restore(message: StoredMessage): Message | null;
  /** When a message expires on the wall clock; Infinity if never. Asked when it is queued, and by `restamp`. */
  expiresAtWallMs(message: Pick<Message, 'expiresAtMs'>): number;
  /** The monotonic clock on which messages expire, in ms: the time of the input that is being handled. */
  readonly nowMs: number;
  /**
   * A message is lost: what the store has of it is not what was stored. It is told in the log already.
   * @param recipient whose queue it was in, a client identifier or `$share/name/filter`; empty if it was retained
   */
  onDamaged(recipient: string): void;
}

/**
 * The core's own record of a session. A store that moves its records (to free space, to copy itself) asks for it anew instead of
 * holding a second copy in memory. Asked between turns only: it tells what has been staged, all of it.
 */
export interface SessionCensus {
  /** Shows the session, its subscriptions and its received identifiers; nothing if it was never put. */
  describe(
    clientId: string,
    visitor: Pick<StoreVisitor, 'onSession' | 'onSubscription' | 'onReceived'>,
  ): void;
}

export interface StoreVisitor {
  onSession(session: SessionRecord): void;
  onSubscription(clientId: string, subscription: SubscriptionRecord): void;
  onReceived(clientId: string, packetId: number): void;
  /** A message made by the conversion, so that the store knows it again where it is queued. */
  onRetained(message: Message, expiresAtWallMs: number): void;
  /** An owner whose queue holds something. */
  onQueue(owner: QueueOwner): void;
}

/**
 * What one session, or one shared group, has not yet been given, oldest first; and the staging of what it has been
 * given and has not acknowledged. Durable queues may hold only a window of it in memory.
 */
export interface MessageQueue {
  /** Deliveries that wait to be sent. */
  readonly length: number;
  /** Bytes of their messages. */
  readonly bytes: number;

  /** Adds at the tail; staged. */
  push(delivery: Delivery): void;
  /**
   * Adds in the place of the delivery of the same topic name that was added by this method and waits, which is over then;
   * at the tail if there is none. Staged. What waited before a restart is not remembered for this.
   * @returns what `dropOldest` returns, of the one that is over; undefined if there was none
   */
  pushLatest(delivery: Delivery): Delivery | string | undefined;
  /** Whether `pushLatest` would find one. */
  holdsLatest(topicName: string): boolean;
  /**
   * Puts back at the head what was shifted and could not be given to anyone; its packet identifier is dropped. Several
   * are put back latest first. One that this queue does not hold is added: a shared group's delivery returns when the
   * session that had it ends, and `done` of that session's queue is staged beside it.
   */
  unshift(delivery: Delivery): void;
  /** The oldest one that waits, or undefined. It stays kept, as the oldest that waits, until `sent` or `done`. */
  shift(): Delivery | undefined;
  peek(): Delivery | undefined;
  /**
   * Gives up the oldest one that waits, and stages that it is over; undefined if nothing waits. It is the delivery if
   * that is in memory; of one that is only kept elsewhere, nothing is brought back but its topic name, which is empty
   * if it cannot be told.
   */
  dropOldest(): Delivery | string | undefined;

  /**
   * Stages the packet identifier and state of a delivery that was shifted. One that this queue does not hold is added
   * to what is in flight: a session takes a shared group's delivery when it is sent to it, and `done` of what waited in
   * the group's queue is staged beside it.
   */
  sent(delivery: Delivery): void;
  /** Stages that a shifted or sent delivery is over: acknowledged, expired or dropped. Nothing if it is not held. */
  done(delivery: Delivery): void;

  /**
   * After a restart: what had been sent and not acknowledged, in order of sending. Empties this list, unless it throws
   * because something cannot be read now.
   */
  takeInFlight(): Delivery[];
  /** Of what `takeInFlight` is still to give: how many of which no client has said that it has the message. */
  readonly unconfirmed: number;

  /** Nobody will take from it for a while (its client has gone): what is kept elsewhere need not stay in memory. */
  rest(): void;
}
