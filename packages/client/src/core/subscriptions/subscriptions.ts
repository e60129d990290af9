/**
 * The subscriptions of a session: which filters the server is to have, what it has been asked for, and whose a message is.
 *
 *     Wanted ──SUBSCRIBE──▶ Requested ──SUBACK──▶ Granted
 *        ▲                      │                    │
 *        └──── connection lost ─┘◀── session lost ───┘
 *
 * Each filter has one Subscription Identifier where the server takes them, so that each handler is called once for a
 * message whether the server sends one copy for overlapping filters or several.
 */
import type { Qos, ReasonCode, SubackPacket, UnsubackPacket } from '@martlet/protocol';
import { hasWildcard, matches, ProtocolError, reasonCodeName } from '@martlet/protocol';
import type { ServerCapabilities } from '../connection/server-capabilities.ts';
import { ClientError } from '../ports/client-error.ts';
import { ServerSubscription, SubscriptionState } from './server-subscription.ts';
import type { Subscriber } from './subscriber.ts';

/** Filters in one SUBSCRIBE where no Subscription Identifiers tell them apart, and in one UNSUBSCRIBE. */
const FILTERS_PER_PACKET = 64;

/** What the subscriptions need of the connection. */
export interface SubscriptionSender {
  /** Null while offline. */
  readonly server: ServerCapabilities | null;
  /** Sends SUBSCRIBE and returns its packet identifier; 0 when there is none left. */
  subscribe(subscriptions: readonly ServerSubscription[], withIdentifier: boolean): number;
  unsubscribe(topicFilters: readonly string[]): number;
  /** The request with this packet identifier is over. */
  freePacketId(packetId: number): void;
  /** Whether one more thing may be under way, so that it is known what the server stumbles over. */
  mayAsk(): boolean;
  /** How many may be. */
  readonly window: number;
}

interface Request {
  readonly subscriptions: readonly ServerSubscription[];
  /** Whom the SUBACK concerns, per filter: who joins later waits for the next one. */
  readonly waiting: readonly (readonly Subscriber[])[];
  readonly done: readonly (() => void)[];
}

interface Removal {
  readonly topicFilter: string;
  readonly done: () => void;
}

export class Subscriptions {
  readonly #sender: SubscriptionSender;
  readonly #byFilter: Map<string, ServerSubscription> = new Map();
  /** Those whose filter has a wildcard or is shared: they are tried one by one. */
  readonly #patterns: Set<ServerSubscription> = new Set();
  readonly #requests: Map<number, Request> = new Map();
  readonly #wanted: Set<ServerSubscription> = new Set();
  #removals: Removal[] = [];
  #identifiers = 0;
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

  /** The filters in requests that have not been answered. */
  *requested(): Generator<ServerSubscription> {
    for (const { subscriptions } of this.#requests.values()) yield* subscriptions;
  }

  add(subscriber: Subscriber): ServerSubscription {
    const { topicFilter } = subscriber;
    let subscription = this.#byFilter.get(topicFilter);
    if (subscription === undefined) {
      subscription = new ServerSubscription(topicFilter, ++this.#identifiers);
      this.#byFilter.set(topicFilter, subscription);
      if (subscription.isShared || hasWildcard(topicFilter)) this.#patterns.add(subscription);
      this.#removals = this.#removals.filter((removal) => !isRemovalOf(removal, topicFilter));
    }
    subscription.subscribers.push(subscriber);
    subscription.waiting.add(subscriber);
    this.#want(subscription);
    this.generation++;
    this.send();
    return subscription;
  }

  /** @param done called when the server does not have the filter any more, or has nothing to be told. */
  remove(subscriber: Subscriber, done: () => void): void {
    const { topicFilter } = subscriber;
    const subscription = this.#byFilter.get(topicFilter);
    const index = subscription?.subscribers.indexOf(subscriber) ?? -1;
    if (subscription === undefined || index === -1) {
      done();
      return;
    }
    subscription.subscribers.splice(index, 1);
    subscription.waiting.delete(subscriber);
    this.generation++;
    if (subscription.subscribers.length > 0) {
      done();
      return;
    }
    this.#forget(subscription);
    const isOffline = this.#sender.server === null;
    this.#removals.push({ topicFilter, done: isOffline ? () => {} : done });
    if (isOffline) done();
    else this.send();
  }

  /** Whose a message is: those of the given identifiers, or all that match where there are none that we know. */
  match(topicName: string, identifiers: readonly number[] | undefined): Subscriber[] {
    const matching: ServerSubscription[] = [];
    const exact = this.#byFilter.get(topicName);
    if (exact !== undefined && !this.#patterns.has(exact)) matching.push(exact);
    for (const each of this.#patterns) if (matches(each.matchFilter, topicName)) matching.push(each);
    // An identifier of an earlier process may mean another filter now, so the filter must match as well.
    const identified =
      identifiers === undefined ? [] : matching.filter((each) => identifiers.includes(each.identifier));
    return (identified.length > 0 ? identified : matching).flatMap((each) => each.subscribers);
  }

  /** A connection is there. Without a session at the server everything is to be asked for again. */
  online(sessionPresent: boolean): void {
    for (const each of this.#byFilter.values()) {
      if (!sessionPresent) each.isAtServer = false;
      if (!sessionPresent || each.state !== SubscriptionState.Granted) this.#want(each);
    }
    if (!sessionPresent) this.#removals = [];
    this.send();
  }

  offline(): void {
    for (const { subscriptions, done } of this.#requests.values()) {
      for (const each of subscriptions) this.#want(each);
      for (const each of done) each();
    }
    this.#requests.clear();
  }

  /** Sends what is wanted, as far as it may be. */
  send(): void {
    const { server } = this.#sender;
    if (server === null) return;
    this.#sendUnsubscribes();
    const perPacket = server.subscriptionIdentifiersAvailable
      ? 1
      : Math.min(FILTERS_PER_PACKET, this.#sender.window);
    while (this.#wanted.size > 0 && this.#sender.mayAsk()) {
      const batch: ServerSubscription[] = [];
      for (const each of this.#wanted) {
        if (batch.length === perPacket) break;
        this.#wanted.delete(each);
        const problem = unsupported(each, server);
        if (problem === undefined) batch.push(each);
        else this.#refuse(each, [...each.subscribers], problem);
      }
      if (batch.length === 0) continue;
      const packetId = this.#sender.subscribe(batch, server.subscriptionIdentifiersAvailable);
      if (packetId === 0) {
        for (const each of batch) this.#wanted.add(each);
        return;
      }
      const waiting = batch.map((each) => [...each.waiting]);
      for (const each of batch) each.state = SubscriptionState.Requested;
      this.#requests.set(packetId, { subscriptions: batch, waiting, done: [] });
    }
  }

  #sendUnsubscribes(): void {
    while (this.#removals.length > 0 && this.#sender.mayAsk()) {
      const batch = this.#removals.splice(0, FILTERS_PER_PACKET);
      const packetId = this.#sender.unsubscribe(batch.map((each) => each.topicFilter));
      if (packetId === 0) {
        this.#removals.unshift(...batch);
        return;
      }
      const done = batch.map((each) => each.done);
      this.#requests.set(packetId, { subscriptions: [], waiting: [], done });
    }
  }

  onSuback({ packetId, reasonCodes }: SubackPacket): void {
    const { subscriptions, waiting } = this.#answered(packetId, 'SUBACK');
    if (reasonCodes.length !== subscriptions.length) {
      // [MQTT-3.8.4-6] [MQTT-3.8.4-5] 3.1.1
      throw new ProtocolError(
        `expected ${subscriptions.length} reason codes in SUBACK, got ${reasonCodes.length}`,
      );
    }
    for (const [i, subscription] of subscriptions.entries()) {
      this.#onAnswer(subscription, waiting[i]!, reasonCodes[i]!);
    }
    this.send();
  }

  onUnsuback({ packetId }: UnsubackPacket): void {
    for (const done of this.#answered(packetId, 'UNSUBACK').done) done();
    this.send();
  }

  /** The server closes the connection whenever it gets this filter: it is not asked for any more. */
  setAside(subscription: ServerSubscription, error: ClientError): void {
    this.#refuse(subscription, [...subscription.subscribers], error);
  }

  #onAnswer(subscription: ServerSubscription, waiting: readonly Subscriber[], reasonCode: ReasonCode): void {
    if (reasonCode >= 0x80) {
      const what = `expected the server to grant ${subscription.topicFilter}, got ${reasonCodeName(reasonCode)}`;
      const told = subscription.isAtServer ? waiting : [...subscription.subscribers];
      this.#refuse(subscription, told, new ClientError('REFUSED', what, undefined, reasonCode));
      return;
    }
    if (subscription.state === SubscriptionState.Requested) subscription.state = SubscriptionState.Granted;
    subscription.isAtServer = true;
    subscription.suspicion = 0;
    for (const each of waiting) {
      if (subscription.waiting.delete(each)) each.onGranted(reasonCode as Qos);
    }
  }

  #answered(packetId: number, packet: string): Request {
    const request = this.#requests.get(packetId);
    if (request === undefined) {
      throw new ProtocolError(`expected a packet identifier under way in ${packet}, got ${packetId}`);
    }
    this.#requests.delete(packetId);
    this.#sender.freePacketId(packetId);
    return request;
  }

  #refuse(subscription: ServerSubscription, subscribers: readonly Subscriber[], error: ClientError): void {
    for (const each of subscribers) {
      const index = subscription.subscribers.indexOf(each);
      if (index !== -1) subscription.subscribers.splice(index, 1);
      subscription.waiting.delete(each);
    }
    this.generation++;
    if (subscription.subscribers.length === 0) this.#forget(subscription);
    for (const each of subscribers) each.onRefused(error);
  }

  #want(subscription: ServerSubscription): void {
    if (this.#byFilter.get(subscription.topicFilter) !== subscription) return;
    subscription.state = SubscriptionState.Wanted;
    this.#wanted.add(subscription);
  }

  #forget(subscription: ServerSubscription): void {
    this.#byFilter.delete(subscription.topicFilter);
    this.#patterns.delete(subscription);
    this.#wanted.delete(subscription);
  }
}

function isRemovalOf({ topicFilter, done }: Removal, removed: string): boolean {
  if (topicFilter !== removed) return false;
  done();
  return true;
}

/** Why the server cannot have the filter, by what it said about itself. */
function unsupported(
  { topicFilter, matchFilter, isShared }: ServerSubscription,
  server: ServerCapabilities,
): ClientError | undefined {
  const problem =
    isShared && !server.sharedSubscriptionAvailable
      ? 'shared subscriptions'
      : hasWildcard(matchFilter) && !server.wildcardSubscriptionAvailable
        ? 'wildcard subscriptions'
        : undefined;
  if (problem === undefined) return undefined;
  return new ClientError(
    'NOT_SUPPORTED_BY_SERVER',
    `expected a server with ${problem} for ${topicFilter}, got one without`,
  );
}
