/**
 * What the broker keeps for one client beyond its network connection, and what it is subscribed to.
 *
 * An idle session is small, because a broker keeps many for clients that are away: everything that only some need is made on
 * first use, what a connection agreed on is the connection's, and a session is the deadline of its own expiry. A session is *kept* when it is in the
 * store (its Session Expiry Interval is not 0); what is told to its client then waits for commits.
 */

import type { Deadline, ReasonCode } from '@martlet/protocol';
import { Sender, SessionReceiver } from '@martlet/protocol';
import type { ConnectionOutput } from '../connection/connection-output.ts';
import type { ClientIdentity } from '../ports/authorizer.ts';
import type { MessageQueue, SubscriptionRecord, WillRecord } from '../ports/store.ts';
import type { Delivery } from '../publish/delivery.ts';
import type { QoS } from '../publish/message.ts';
import type { Subscribed } from './subscription-table.ts';
import {
  SubscriptionTable,
  subscriptionsOf,
  subscriptionTo,
  withoutSubscription,
  withSubscription,
} from './subscription-table.ts';

/** Session Expiry Interval "never", in seconds. */
export const NEVER_EXPIRES = 0xffff_ffff;

const QOS_BITS = 0x03;
const NO_LOCAL = 0x04;
const RETAIN_AS_PUBLISHED = 0x08;
const RETAIN_HANDLING_SHIFT = 4;
const RETAIN_HANDLING_BITS = 0x03;
const OPTIONS_BITS = 0x3f;
const ROUTE_NUMBER_SHIFT = 6;

/** Of a session. */
const KEPT = 0x01;
const RECORDED = 0x02;
const ENDED = 0x04;
const IN_FLIGHT_FULL = 0x08;
const QUEUE_UNOPENED = 0x10;

/** Whoever has the session: its connection. */
export interface SessionHolder {
  /** Who is connected. */
  readonly client: ClientIdentity;
  /** Monotonic; since when. */
  readonly connectedAtMs: number;
  /** Another connection of the same client has come: close, with 0x8E where the version can say it. */
  onTakenOver(): void;
  /** The application or an operator ends the connection. */
  onDisconnectAsked(reasonCode: ReasonCode, reasonString: string): void;
  /** The session ends by an act of the broker or of its operator. */
  onSessionEnded(): void;
  /** Work for this session threw, in an input that is not its connection's. */
  onFailed(error: unknown): void;
}

/** A shared group as its members see it: where a member that can take a message finds one. */
export interface SharedSource {
  readonly queue: MessageQueue;
  /** What waits in it is in the store. */
  readonly kept: boolean;
  /** So many wait. */
  readonly waiting: number;
  /** The oldest message that waits for any member and that this one may take; undefined if there is none. */
  takeFor(session: Session, upgradesQos: boolean): Delivery | undefined;
  /** A member has gone offline: while all of them are, what waits need not stay in memory. */
  rest(): void;
}

export class Session implements Deadline {
  readonly clientId: string;
  /** The connected client's sending half; null while it is offline. */
  output: ConnectionOutput | null;
  holder: SessionHolder | null;
  /** Who its client was when it connected last; null before it has since the start. */
  identity: ClientIdentity | null;
  queue: MessageQueue | null;
  /** What is in flight to it costs so much; QueueKeeper's. */
  inFlightBytes: number;
  /** Groups it is a member of; null if none. */
  shares: SharedSource[] | null;
  will: WillRecord | null;
  /** When its will is due; set while it is offline and has one. */
  willDue: Deadline | null;
  /** Of Deadlines: when it expires; set while it is offline. */
  heapIndex: number;
  readonly #onExpired: (session: Session) => void;
  /** As a signed integer: one above 2^31 would be a number in memory of its own, in every session. */
  #sessionExpiryInterval: number;
  /** In whole seconds, because a fraction would be one too. */
  #disconnectedAtSeconds: number;
  #flags: number;
  #subscribed: Subscribed<Subscription>;
  #sender: Sender<Delivery> | null;
  #receiver: SessionReceiver | null;

  /** @param onExpired called when it is due as a deadline */
  constructor(clientId: string, sessionExpiryInterval: number, onExpired: (session: Session) => void) {
    this.clientId = clientId;
    this.output = null;
    this.holder = null;
    this.identity = null;
    this.queue = null;
    this.inFlightBytes = 0;
    this.shares = null;
    this.will = null;
    this.willDue = null;
    this.heapIndex = -1;
    this.#onExpired = onExpired;
    this.#sessionExpiryInterval = sessionExpiryInterval | 0;
    this.#disconnectedAtSeconds = 0;
    this.#flags = 0;
    this.#subscribed = null;
    this.#sender = null;
    this.#receiver = null;
  }

  /** Seconds; 0: ends with the connection; NEVER_EXPIRES. */
  get sessionExpiryInterval(): number {
    return this.#sessionExpiryInterval >>> 0;
  }

  set sessionExpiryInterval(seconds: number) {
    this.#sessionExpiryInterval = seconds | 0;
  }

  /** Monotonic; when its last connection ended, or up to a second later. */
  get disconnectedAtMs(): number {
    return this.#disconnectedAtSeconds * 1000;
  }

  set disconnectedAtMs(ms: number) {
    this.#disconnectedAtSeconds = Math.ceil(ms / 1000) | 0;
  }

  /** What it holds is in the store: its expiry interval was not 0 when it began. */
  get kept(): boolean {
    return (this.#flags & KEPT) !== 0;
  }

  set kept(kept: boolean) {
    this.#flags = withFlag(this.#flags, KEPT, kept);
  }

  /** The store has a record of it, if only for its will. */
  get recorded(): boolean {
    return (this.#flags & RECORDED) !== 0;
  }

  set recorded(recorded: boolean) {
    this.#flags = withFlag(this.#flags, RECORDED, recorded);
  }

  /** True from the moment it is no longer the client's session. */
  get ended(): boolean {
    return (this.#flags & ENDED) !== 0;
  }

  set ended(ended: boolean) {
    this.#flags = withFlag(this.#flags, ENDED, ended);
  }

  /** What is in flight to it may cost no more; QueueKeeper's. */
  get inFlightFull(): boolean {
    return (this.#flags & IN_FLIGHT_FULL) !== 0;
  }

  set inFlightFull(full: boolean) {
    this.#flags = withFlag(this.#flags, IN_FLIGHT_FULL, full);
  }

  /** The store has a queue of it that has not been opened since the start; QueueKeeper's. */
  get queueUnopened(): boolean {
    return (this.#flags & QUEUE_UNOPENED) !== 0;
  }

  set queueUnopened(unopened: boolean) {
    this.#flags = withFlag(this.#flags, QUEUE_UNOPENED, unopened);
  }

  onDue(): void {
    this.#onExpired(this);
  }

  /** A connection has the session: what may be under way in both directions is what it agreed on. */
  connected(output: ConnectionOutput, holder: SessionHolder): void {
    this.output = output;
    this.holder = holder;
    this.#sender?.connected(output.sendQuota);
    this.#receiver?.connected(output.receiveMaximum);
  }

  disconnected(): void {
    this.output = null;
    this.holder = null;
    this.#sender?.disconnected();
    this.settled();
  }

  /** Something is over. While nobody is connected, what nothing is left of is let go: it is made again on use. */
  settled(): void {
    if (this.output !== null) return;
    if (this.#sender?.inFlight.size === 0) this.#sender = null;
    if (this.#receiver?.receivedCount === 0) this.#receiver = null;
  }

  /** It has ended: a route that still names it for a while holds nothing else. */
  release(): void {
    this.#sender = null;
    this.#receiver = null;
    this.queue = null;
    this.shares = null;
    this.willDue = null;
  }

  get subscriptions(): readonly Subscription[] {
    return subscriptionsOf(this.#subscribed);
  }

  get subscriptionCount(): number {
    if (this.#subscribed instanceof SubscriptionTable) return this.#subscribed.size;
    return this.#subscribed === null ? 0 : 1;
  }

  /** Of all its topic filters, in characters. */
  get filterBytes(): number {
    if (this.#subscribed instanceof SubscriptionTable) return this.#subscribed.filterBytes;
    return this.#subscribed === null ? 0 : this.#subscribed.topicFilter.length;
  }

  /** Its subscription to exactly this filter. */
  subscriptionTo(topicFilter: string): Subscription | undefined {
    return subscriptionTo(this.#subscribed, topicFilter);
  }

  /** Notes a subscription, in the place of one with the same filter. `Subscriptions` does what else belongs to it. */
  putSubscription(subscription: Subscription): void {
    this.#subscribed = withSubscription(this.#subscribed, subscription);
  }

  deleteSubscription(topicFilter: string): void {
    this.#subscribed = withoutSubscription(this.#subscribed, topicFilter);
  }

  /** Made on first use. */
  get sender(): Sender<Delivery> {
    if (this.#sender === null) {
      this.#sender = new Sender<Delivery>();
      this.#sender.connected(this.output?.sendQuota ?? 0);
    }
    return this.#sender;
  }

  /** Null if nothing was ever sent at QoS 1 or 2. */
  get senderIfUsed(): Sender<Delivery> | null {
    return this.#sender;
  }

  /** Made on first use. */
  get receiver(): SessionReceiver {
    if (this.#receiver === null) {
      this.#receiver = new SessionReceiver();
      this.#receiver.connected(this.output?.receiveMaximum ?? 0);
    }
    return this.#receiver;
  }

  get receiverIfUsed(): SessionReceiver | null {
    return this.#receiver;
  }
}

function withFlag(flags: number, flag: number, on: boolean): number {
  return on ? flags | flag : flags & ~flag;
}

/**
 * One subscription of one session. Replaced, not changed, when the client subscribes again. Small, because there may be
 * millions: its four options and what routes are found by are the bits of one number.
 */
export class Subscription implements SubscriptionRecord {
  readonly session: Session;
  /** With its `$share/name/` prefix if shared. */
  readonly topicFilter: string;
  /** 0 if none. */
  readonly subscriptionIdentifier: number;
  /** As in SUBSCRIBE: two bits of QoS, No Local, Retain As Published, two bits of Retain Handling. Above, the route number. */
  #bits: number;

  /** @param topicFilter the record's, perhaps as another string */
  constructor(session: Session, topicFilter: string, record: SubscriptionRecord) {
    this.session = session;
    this.topicFilter = topicFilter;
    this.subscriptionIdentifier = record.subscriptionIdentifier;
    this.#bits =
      record.qos |
      (record.noLocal ? NO_LOCAL : 0) |
      (record.retainAsPublished ? RETAIN_AS_PUBLISHED : 0) |
      (record.retainHandling << RETAIN_HANDLING_SHIFT);
  }

  get kind(): 'session' {
    return 'session';
  }

  get qos(): QoS {
    return (this.#bits & QOS_BITS) as QoS;
  }

  get noLocal(): boolean {
    return (this.#bits & NO_LOCAL) !== 0;
  }

  get retainAsPublished(): boolean {
    return (this.#bits & RETAIN_AS_PUBLISHED) !== 0;
  }

  get retainHandling(): 0 | 1 | 2 {
    return ((this.#bits >> RETAIN_HANDLING_SHIFT) & RETAIN_HANDLING_BITS) as 0 | 1 | 2;
  }

  /** RouteTable's: its 26 lower bits count. 0 until it has one. */
  get routeNumber(): number {
    return this.#bits >>> ROUTE_NUMBER_SHIFT;
  }

  set routeNumber(number: number) {
    this.#bits = (number << ROUTE_NUMBER_SHIFT) | (this.#bits & OPTIONS_BITS);
  }
}
