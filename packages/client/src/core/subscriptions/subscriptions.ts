/**
 * The subscriptions of a session: which filters the server is to have, what it has been asked for, and whose a message is.
 *
 *     wanted ──SUBSCRIBE──▶ requested ──SUBACK──▶ granted ──last one gone──▶ UNSUBSCRIBE
 *        ▲                      │                    │
 *        └──── connection lost ─┘◀── session lost ───┘
 *
 * Each filter has one Subscription Identifier where the server takes them, so that each handler is called once for a
 * message whether the server sends one copy for overlapping filters or several. So each needs a SUBSCRIBE of its own there:
 * all filters of one packet would have the same identifier.
 */
import type {
  Qos,
  ReasonCode,
  SubackPacket,
  SubscribePacket,
  UnsubackPacket,
  UnsubscribePacket,
} from '@martlet/protocol';
import {
  hasWildcard,
  isSharedFilter,
  ProtocolError,
  ProtocolVersion,
  reasonCodeName,
  utf8ByteLength,
} from '@martlet/protocol';
import type { ServerCapabilities } from '../connection/server-capabilities.ts';
import { tooLarge, unsupported } from '../connection/unsupported.ts';
import { ClientError } from '../ports/client-error.ts';
import { FilterMap } from './filter-map.ts';
import { OWN_MASK, ServerSubscription } from './server-subscription.ts';
import type { Subscriber, SubscriberOptions } from './subscriber.ts';

/** Filters in one SUBSCRIBE where no Subscription Identifiers tell them apart, and in one UNSUBSCRIBE. */
const FILTERS_PER_PACKET = 64;
/** Bytes of SUBSCRIBE and UNSUBSCRIBE besides the filters, at most, and of each filter besides its text. */
const PACKET_BYTES = 14;
const FILTER_BYTES = 3;

export type RequestPacket = Omit<SubscribePacket, 'packetId'> | Omit<UnsubscribePacket, 'packetId'>;

/** What the subscriptions need of the connection. */
export interface SubscriptionSender {
  /** Null while offline. */
  readonly server: ServerCapabilities | null;
  /** Sends the packet with a packet identifier and returns that; 0 when there is none left. */
  request(packet: RequestPacket): number;
  /** The request with this packet identifier is over. */
  freePacketId(packetId: number): void;
  /** Whether one more thing may be under way, so that it is known what the server stumbles over. */
  mayAsk(): boolean;
  /** How many may be. */
  readonly window: number;
}

/** What to call when the server does not have a filter any more, or need not be told. */
type Done = () => void;
/** What the server is to be told, by topic filter: to have it, or to have it no more. All of one kind in a request. */
type Telling = Map<string, ServerSubscription | Done>;

const nothing = (): void => {};

export class Subscriptions {
  readonly #sender: SubscriptionSender;
  readonly #byFilter: FilterMap<ServerSubscription> = new FilterMap();
  readonly #identifiers: Set<number> = new Set();
  /** What has not been answered, by packet identifier. */
  readonly #requests: Map<number, Telling> = new Map();
  /** What has not been sent. */
  readonly #unsent: Telling = new Map();
  /** Changes with every subscription: what was matched before must be matched again. */
  generation = 0;

  constructor(sender: SubscriptionSender) {
    this.#sender = sender;
  }

  get size(): number {
    return this.#byFilter.size;
  }

  /** How many SUBSCRIBE and UNSUBSCRIBE packets have not been answered. */
  get requestCount(): number {
    return this.#requests.size;
  }

  /** Messages that wait for the application. */
  get waitingCount(): number {
    let count = 0;
    for (const { subscribers } of this.#byFilter.values()) {
      for (const each of subscribers) count += each.waitingCount;
    }
    return count;
  }

  /** The filters in SUBSCRIBE packets that have not been answered. */
  *requested(): Generator<ServerSubscription> {
    for (const request of this.#requests.values()) {
      for (const each of request.values()) if (typeof each !== 'function') yield each;
    }
  }

  /**
   * To the server, all subscriptions to one filter are one: what cannot be told apart in its messages must be the same.
   * @throws {ClientError} INVALID_OPTION
   */
  check(topicFilter: string, options: SubscriberOptions): void {
    const [other] = this.#byFilter.get(topicFilter)?.subscribers ?? [];
    if (other === undefined) return;
    for (const name of ['noLocal', 'retainAsPublished'] as const) {
      if (other.options[name] === options[name]) continue;
      const text = `${name}: expected ${other.options[name]}, as of another subscription to ${topicFilter}, got ${options[name]}`;
      throw new ClientError('INVALID_OPTION', text);
    }
  }

  add(subscriber: Subscriber): void {
    const { topicFilter } = subscriber;
    let subscription = this.#byFilter.get(topicFilter);
    if (subscription === undefined) {
      // What was to be taken back is replaced instead.
      const removal = this.#unsent.get(topicFilter) as Done | undefined;
      removal?.();
      const isSent = removal !== undefined;
      subscription = new ServerSubscription(topicFilter, this.#identifierOf(topicFilter), isSent);
      this.#byFilter.set(topicFilter, subscription);
    }
    subscription.add(subscriber);
    // Who joins while it is asked for waits for the answer: however many there are, one SUBSCRIBE is under way.
    if (!subscription.isAsked) this.#unsent.set(topicFilter, subscription);
    this.generation++;
    this.send();
  }

  /** @param done called when the server does not have the filter any more, or has nothing to be told. */
  remove(subscriber: Subscriber, done: Done): void {
    const { topicFilter } = subscriber;
    const subscription = this.#byFilter.get(topicFilter);
    const isOnline = this.#sender.server !== null;
    let isTold = false;
    if (subscription?.has(subscriber)) {
      this.#detach(subscription, [subscriber]);
      isTold = subscription.subscribers.length === 0 && subscription.isSent;
      if (isTold) this.#unsent.set(topicFilter, isOnline ? done : nothing);
    }
    if (isTold && isOnline) this.send();
    else done();
  }

  /** Those whose filter matches. */
  match(topicName: string): ServerSubscription[] {
    return this.#byFilter.matching(topicName);
  }

  /** A connection is there. Without a session at the server everything is to be asked for again. */
  online(sessionPresent: boolean): void {
    if (!sessionPresent) this.#unsent.clear();
    for (const [topicFilter, each] of this.#byFilter) {
      if (sessionPresent) for (const subscriber of each.subscribers) subscriber.leaveRepeated();
      else {
        each.isSent = each.isAtServer = false;
        this.#unsent.set(topicFilter, each);
      }
    }
    this.send();
  }

  /** What has not been answered is to be sent again; nobody waits for that to take something back. */
  offline(): void {
    const tellings = [this.#unsent, ...this.#requests.values()];
    for (const packetId of this.#requests.keys()) this.#sender.freePacketId(packetId);
    this.#requests.clear();
    for (const telling of tellings) {
      for (const [topicFilter, each] of telling) {
        const now = this.#byFilter.get(topicFilter);
        if (typeof each === 'function') {
          each();
          if (now === undefined) this.#unsent.set(topicFilter, nothing);
        } else {
          each.isAsked = false;
          if (now === each) this.#unsent.set(topicFilter, each);
        }
      }
    }
  }

  /** Sends what is to be sent, as far as it may be. */
  send(): void {
    const { server } = this.#sender;
    while (server !== null && this.#unsent.size > 0 && this.#sender.mayAsk()) {
      if (!this.#sendOne(server)) return;
    }
  }

  /** One SUBSCRIBE or UNSUBSCRIBE. False when no packet identifier was left. */
  #sendOne(server: ServerCapabilities): boolean {
    const { maximumPacketSize, subscriptionIdentifiersAvailable: hasIdentifiers } = server;
    const telling: Telling = new Map();
    const subscriptions: ServerSubscription[] = [];
    let room = maximumPacketSize - PACKET_BYTES;
    for (const [topicFilter, each] of this.#unsent) {
      const isRemoval = typeof each === 'function';
      const problem = problemOf(topicFilter, server, isRemoval);
      if (problem !== undefined) {
        this.#unsent.delete(topicFilter);
        if (isRemoval) each();
        else this.refuse(each, each.subscribers, problem);
        continue;
      }
      const most = isRemoval ? Number.POSITIVE_INFINITY : hasIdentifiers ? 1 : this.#sender.window;
      room -= utf8ByteLength(topicFilter) + FILTER_BYTES;
      if (
        telling.size === Math.min(most, FILTERS_PER_PACKET) ||
        room < 0 ||
        (telling.size > 0 && isRemoval === subscriptions.length > 0)
      )
        break;
      telling.set(topicFilter, each);
      if (!isRemoval) subscriptions.push(each);
    }
    if (telling.size === 0) return true;
    const packetId = this.#sender.request(
      subscriptions.length === 0
        ? { type: 'unsubscribe', topicFilters: [...telling.keys()], properties: {} }
        : {
            type: 'subscribe',
            subscriptions: subscriptions.map((each) => each.ask()),
            properties: hasIdentifiers ? { subscriptionIdentifier: subscriptions[0]!.identifier } : {},
          },
    );
    if (packetId === 0) return false;
    for (const topicFilter of telling.keys()) this.#unsent.delete(topicFilter);
    for (const each of subscriptions) each.isSent = each.isAsked = true;
    this.#requests.set(packetId, telling);
    return true;
  }

  /**
   * [MQTT-3.8.4-2] [MQTT-3.8.4-6] [MQTT-3.10.4-5] [MQTT-3.11.3-1] [MQTT-3.8.4-2] 3.1.1 [MQTT-3.8.4-5] 3.1.1
   * [MQTT-3.10.4-4] 3.1.1
   * @throws {ProtocolError} when it answers nothing
   */
  onAnswer({ type, packetId, reasonCodes }: SubackPacket | UnsubackPacket): void {
    const request = this.#requests.get(packetId) ?? new Map<string, never>();
    const isRemoval = type === 'unsuback';
    const [first] = request.values();
    const isV5 = this.#sender.server?.protocolVersion === ProtocolVersion.V5;
    if (
      first === undefined ||
      (typeof first === 'function') !== isRemoval ||
      (reasonCodes.length !== request.size && (isV5 || !isRemoval))
    ) {
      const text = `expected ${type} of a request under way, with a reason code for each filter, got ${reasonCodes.length} for ${packetId}`;
      throw new ProtocolError(text);
    }
    this.#requests.delete(packetId);
    this.#sender.freePacketId(packetId);
    let i = 0;
    for (const each of request.values()) {
      if (typeof each === 'function') each();
      else this.#onGranted(each, reasonCodes[i++]!);
    }
    this.send();
  }

  #onGranted(subscription: ServerSubscription, reasonCode: ReasonCode): void {
    const { topicFilter } = subscription;
    const waiting = subscription.waiting(false);
    subscription.isAsked = false;
    if (reasonCode < 0x80) {
      subscription.isAtServer = true;
      subscription.suspicion = 0;
      subscription.granted = reasonCode as Qos;
      for (const each of waiting) each.onGranted(subscription);
    } else {
      const what = `expected the server to grant ${topicFilter}, got ${reasonCodeName(reasonCode)}`;
      // What the server had granted before stays as it was.
      const told = subscription.isAtServer ? waiting : subscription.subscribers;
      this.refuse(subscription, told, new ClientError('REFUSED', what, undefined, reasonCode));
    }
    if (subscription.waiting(true).length > 0) this.#unsent.set(topicFilter, subscription);
  }

  /** There is no such subscription for these, or the server closes the connection whenever it gets the filter. */
  refuse(subscription: ServerSubscription, subscribers: readonly Subscriber[], error: ClientError): void {
    this.#detach(subscription, subscribers);
    for (const each of subscribers) each.onRefused(error);
  }

  #detach(subscription: ServerSubscription, subscribers: readonly Subscriber[]): void {
    this.generation++;
    for (const each of subscribers) subscription.remove(each);
    const { topicFilter } = subscription;
    // Another one may have the filter by now.
    if (subscription.subscribers.length > 0 || this.#byFilter.get(topicFilter) !== subscription) return;
    this.#byFilter.delete(topicFilter);
    this.#unsent.delete(topicFilter);
    this.#identifiers.delete(subscription.ownIdentifier);
  }

  /**
   * A number made from the filter: the next process with this session gives the filter the same one, and so understands
   * what the server had queued for this one.
   */
  #identifierOf(topicFilter: string): number {
    let identifier = 0;
    for (let i = 0; i < topicFilter.length; i++) {
      identifier = (Math.imul(identifier, 31) + topicFilter.charCodeAt(i)) & OWN_MASK;
    }
    while (identifier === 0 || this.#identifiers.has(identifier)) {
      identifier = (identifier + 1) & OWN_MASK;
    }
    this.#identifiers.add(identifier);
    return identifier;
  }
}

/** Why the server cannot have the filter, or be told to have it no more, by what it said about itself. */
function problemOf(
  topicFilter: string,
  server: ServerCapabilities,
  isRemoval: boolean,
): ClientError | undefined {
  const bytes = utf8ByteLength(topicFilter) + FILTER_BYTES + PACKET_BYTES;
  if (bytes > server.maximumPacketSize) return tooLarge(server.maximumPacketSize, bytes);
  if (isRemoval) return undefined;
  if (isSharedFilter(topicFilter) && !server.sharedSubscriptionAvailable)
    return unsupported(`shared subscriptions for ${topicFilter}`);
  if (hasWildcard(topicFilter) && !server.wildcardSubscriptionAvailable)
    return unsupported(`wildcard subscriptions for ${topicFilter}`);
  return undefined;
}
