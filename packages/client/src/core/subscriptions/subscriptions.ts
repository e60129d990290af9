/**
 * The subscriptions of a session: which filters the server is to have, what it has been asked for, and whose a message is.
 *
 *     wanted ──SUBSCRIBE──▶ requested ──SUBACK──▶ granted ──last one gone──▶ UNSUBSCRIBE
 *        ▲                      │                    │
 *        └──── connection lost ─┘◀── session lost ───┘
 *
 * Each filter has one Subscription Identifier where the server takes them, so that each handler is called once for a
 * message whether the server sends one copy for overlapping filters or several.
 */
import type {
  Qos,
  ReasonCode,
  SubackPacket,
  SubscribePacket,
  UnsubackPacket,
  UnsubscribePacket,
} from '@martlet/protocol';
import { ProtocolError, ProtocolVersion, reasonCodeName, utf8ByteLength } from '@martlet/protocol';
import type { ServerCapabilities } from '../connection/server-capabilities.ts';
import { ClientError } from '../ports/client-error.ts';
import { ServerSubscription } from './server-subscription.ts';
import type { Subscriber } from './subscriber.ts';

/** Filters in one SUBSCRIBE where no Subscription Identifiers tell them apart, and in one UNSUBSCRIBE. */
const FILTERS_PER_PACKET = 64;
/** Bytes of SUBSCRIBE and UNSUBSCRIBE besides the filters, at most, and of each filter besides its text. */
const PACKET_BYTES = 14;
const FILTER_BYTES = 3;
/** Subscription Identifiers up to here take three bytes. */
const MAXIMUM_IDENTIFIER = 0x1f_ffff;

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

/** By topic filter: what to call when the server has been told, or need not be. */
type Removals = Map<string, () => void>;

/** A SUBSCRIBE or an UNSUBSCRIBE that has not been answered. */
interface Request {
  readonly subscriptions: readonly ServerSubscription[];
  /** Undefined for SUBSCRIBE. */
  readonly removals?: Removals;
}

const nothing = (): void => {};

export class Subscriptions {
  readonly #sender: SubscriptionSender;
  readonly #byFilter: Map<string, ServerSubscription> = new Map();
  /** Those that topic names are compared with one by one. */
  readonly #patterns: Set<ServerSubscription> = new Set();
  readonly #identifiers: Set<number> = new Set();
  readonly #requests: Map<number, Request> = new Map();
  /** To be asked for. */
  readonly #wanted: Set<ServerSubscription> = new Set();
  /** To be taken back. */
  readonly #removals: Removals = new Map();
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

  /** The filters in requests that have not been answered. */
  *requested(): Generator<ServerSubscription> {
    for (const { subscriptions } of this.#requests.values()) yield* subscriptions;
  }

  add(subscriber: Subscriber): ServerSubscription {
    const { topicFilter } = subscriber;
    let subscription = this.#byFilter.get(topicFilter);
    if (subscription === undefined) {
      // What was to be taken back is replaced instead.
      this.#removals.get(topicFilter)?.();
      const isSent = this.#removals.delete(topicFilter);
      subscription = new ServerSubscription(topicFilter, this.#identifierOf(topicFilter), isSent);
      this.#byFilter.set(topicFilter, subscription);
      if (subscription.isPattern) this.#patterns.add(subscription);
    }
    subscription.add(subscriber);
    // Who joins while it is asked for waits for the answer: however many there are, one SUBSCRIBE is under way.
    if (subscription.asked === undefined) this.#wanted.add(subscription);
    this.generation++;
    this.send();
    return subscription;
  }

  /** @param done called when the server does not have the filter any more, or has nothing to be told. */
  remove(subscriber: Subscriber, done: () => void): void {
    const { topicFilter } = subscriber;
    const subscription = this.#byFilter.get(topicFilter);
    if (subscription?.has(subscriber) !== true) {
      done();
      return;
    }
    this.#detach(subscription, [subscriber]);
    const isTold = subscription.size === 0 && subscription.isSent;
    const isOnline = this.#sender.server !== null;
    if (isTold) this.#removals.set(topicFilter, isOnline ? done : nothing);
    if (isTold && isOnline) this.send();
    else done();
  }

  /** Those whose filter matches. */
  match(topicName: string): ServerSubscription[] {
    const exact = this.#byFilter.get(topicName);
    const matching = exact === undefined || exact.isPattern ? [] : [exact];
    if (this.#patterns.size > 0) {
      const levels = topicName.split('/');
      for (const each of this.#patterns) if (each.matches(levels)) matching.push(each);
    }
    return matching;
  }

  /** A connection is there. Without a session at the server everything is to be asked for again. */
  online(sessionPresent: boolean): void {
    if (!sessionPresent) this.#removals.clear();
    for (const each of this.#byFilter.values()) {
      if (sessionPresent) for (const subscriber of each.subscribers) subscriber.leaveRepeated();
      else {
        each.isSent = each.isAtServer = false;
        this.#wanted.add(each);
      }
    }
    this.send();
  }

  /** What has not been answered is to be sent again; nobody waits for that to take something back. */
  offline(): void {
    const removals = [this.#removals];
    for (const request of this.#requests.values()) {
      for (const each of request.subscriptions) {
        each.onLost();
        if (this.#byFilter.get(each.topicFilter) === each) this.#wanted.add(each);
      }
      if (request.removals !== undefined) removals.push(request.removals);
    }
    this.#requests.clear();
    for (const each of removals) {
      for (const [topicFilter, done] of each) {
        done();
        if (!this.#byFilter.has(topicFilter)) this.#removals.set(topicFilter, nothing);
      }
    }
  }

  /** Sends what is wanted, as far as it may be. */
  send(): void {
    const { server } = this.#sender;
    if (server === null) return;
    while (this.#removals.size > 0 && this.#sender.mayAsk()) if (!this.#sendUnsubscribe(server)) return;
    while (this.#wanted.size > 0 && this.#sender.mayAsk()) if (!this.#sendSubscribe(server)) return;
  }

  /** False when no packet identifier was left. */
  #sendSubscribe(server: ServerCapabilities): boolean {
    const withIdentifier = server.subscriptionIdentifiersAvailable;
    const most = withIdentifier ? 1 : Math.min(FILTERS_PER_PACKET, this.#sender.window);
    const batch: ServerSubscription[] = [];
    let room = server.maximumPacketSize - PACKET_BYTES;
    for (const each of this.#wanted) {
      const problem = unsupported(each, server);
      room -= utf8ByteLength(each.topicFilter) + FILTER_BYTES;
      if (problem === undefined && (batch.length === most || room < 0)) break;
      if (problem === undefined) batch.push(each);
      else this.#refuse(each, each.subscribers, problem);
    }
    if (batch.length === 0) return true;
    const packetId = this.#sender.request({
      type: 'subscribe',
      subscriptions: batch.map((each) => each.request()),
      properties: withIdentifier ? { subscriptionIdentifier: batch[0]!.identifier } : {},
    });
    if (packetId === 0) return false;
    for (const each of batch) {
      this.#wanted.delete(each);
      each.onSent();
    }
    this.#requests.set(packetId, { subscriptions: batch });
    return true;
  }

  #sendUnsubscribe(server: ServerCapabilities): boolean {
    const removals: Removals = new Map();
    let room = server.maximumPacketSize - PACKET_BYTES;
    for (const [topicFilter, done] of this.#removals) {
      const bytes = utf8ByteLength(topicFilter) + FILTER_BYTES;
      if (PACKET_BYTES + bytes > server.maximumPacketSize) {
        // This server cannot have it, and cannot be told. [MQTT-3.2.2-15]
        this.#removals.delete(topicFilter);
        done();
        continue;
      }
      room -= bytes;
      if (removals.size === FILTERS_PER_PACKET || room < 0) break;
      removals.set(topicFilter, done);
    }
    if (removals.size === 0) return true;
    const packetId = this.#sender.request({
      type: 'unsubscribe',
      topicFilters: [...removals.keys()],
      properties: {},
    });
    if (packetId === 0) return false;
    for (const topicFilter of removals.keys()) this.#removals.delete(topicFilter);
    this.#requests.set(packetId, { subscriptions: [], removals });
    return true;
  }

  /** @throws {ProtocolError} */
  onSuback({ packetId, reasonCodes }: SubackPacket): void {
    const request = this.#requests.get(packetId);
    const expected = request?.subscriptions.length ?? 0;
    // An UNSUBSCRIBE asks for none. [MQTT-3.8.4-2] [MQTT-3.8.4-6] [MQTT-3.8.4-2] 3.1.1 [MQTT-3.8.4-5] 3.1.1
    if (request === undefined || expected !== reasonCodes.length)
      throw unexpected('SUBACK', packetId, expected);
    this.#answered(packetId);
    for (const [i, subscription] of request.subscriptions.entries()) {
      this.#onAnswer(subscription, reasonCodes[i]!);
    }
    this.send();
  }

  /** @throws {ProtocolError} */
  onUnsuback({ packetId, reasonCodes }: UnsubackPacket): void {
    const removals = this.#requests.get(packetId)?.removals;
    const expected = removals?.size ?? 0;
    const isV5 = this.#sender.server?.protocolVersion === ProtocolVersion.V5;
    if (removals === undefined || (isV5 && reasonCodes.length !== expected)) {
      throw unexpected('UNSUBACK', packetId, expected); // [MQTT-3.10.4-5] [MQTT-3.10.4-4] 3.1.1 [MQTT-3.11.3-1]
    }
    this.#answered(packetId);
    for (const done of removals.values()) done();
    this.send();
  }

  /** The server closes the connection whenever it gets this filter: it is not asked for any more. */
  setAside(subscription: ServerSubscription, error: ClientError): void {
    this.#refuse(subscription, subscription.subscribers, error);
  }

  #onAnswer(subscription: ServerSubscription, reasonCode: ReasonCode): void {
    const asked = [...subscription.asked!];
    subscription.asked = undefined;
    if (reasonCode < 0x80) {
      subscription.isAtServer = true;
      subscription.suspicion = 0;
      subscription.granted = reasonCode as Qos;
      for (const each of asked) each.onGranted(subscription);
    } else {
      const what = `expected the server to grant ${subscription.topicFilter}, got ${reasonCodeName(reasonCode)}`;
      // What the server had granted before stays as it was.
      const told = subscription.isAtServer ? asked : subscription.subscribers;
      this.#refuse(subscription, told, new ClientError('REFUSED', what, undefined, reasonCode));
    }
    if (subscription.joining !== undefined && subscription.joining.size > 0) this.#wanted.add(subscription);
  }

  #answered(packetId: number): void {
    this.#requests.delete(packetId);
    this.#sender.freePacketId(packetId);
  }

  #refuse(subscription: ServerSubscription, subscribers: readonly Subscriber[], error: ClientError): void {
    this.#detach(subscription, subscribers);
    for (const each of subscribers) each.onRefused(error);
  }

  #detach(subscription: ServerSubscription, subscribers: readonly Subscriber[]): void {
    this.generation++;
    for (const each of subscribers) subscription.remove(each);
    const { topicFilter } = subscription;
    // Another one may have the filter by now.
    if (subscription.size > 0 || this.#byFilter.get(topicFilter) !== subscription) return;
    this.#byFilter.delete(topicFilter);
    this.#patterns.delete(subscription);
    this.#wanted.delete(subscription);
    this.#identifiers.delete(subscription.identifier);
  }

  /**
   * A number made from the filter: the next process with this session gives the filter the same one, and so understands
   * what the server had queued for this one.
   */
  #identifierOf(topicFilter: string): number {
    let identifier = 0;
    for (let i = 0; i < topicFilter.length; i++) {
      identifier = (Math.imul(identifier, 31) + topicFilter.charCodeAt(i)) & MAXIMUM_IDENTIFIER;
    }
    while (identifier === 0 || this.#identifiers.has(identifier)) {
      identifier = (identifier + 1) & MAXIMUM_IDENTIFIER;
    }
    this.#identifiers.add(identifier);
    return identifier;
  }
}

function unexpected(packet: string, packetId: number, reasonCodes: number): ProtocolError {
  const what =
    reasonCodes === 0
      ? 'a packet identifier under way'
      : `one reason code for each of ${reasonCodes} filters`;
  return new ProtocolError(`expected ${what} in ${packet}, got another for ${packetId}`);
}

/** Why the server cannot have the filter, by what it said about itself. */
function unsupported(
  { topicFilter, hasWildcard, isShared }: ServerSubscription,
  server: ServerCapabilities,
): ClientError | undefined {
  const { maximumPacketSize } = server;
  if (utf8ByteLength(topicFilter) + FILTER_BYTES + PACKET_BYTES > maximumPacketSize) {
    const text = `expected a topic filter for packets of ${maximumPacketSize} bytes, got a longer one`;
    return new ClientError('PACKET_TOO_LARGE', text); // [MQTT-3.2.2-15]
  }
  const problem =
    isShared && !server.sharedSubscriptionAvailable
      ? 'shared subscriptions'
      : hasWildcard && !server.wildcardSubscriptionAvailable
        ? 'wildcard subscriptions'
        : undefined;
  if (problem === undefined) return undefined;
  return new ClientError(
    'NOT_SUPPORTED_BY_SERVER',
    `expected a server with ${problem} for ${topicFilter}, got one without`,
  );
}
