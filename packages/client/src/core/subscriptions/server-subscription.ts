/** One topic filter at the server, for all subscriptions of the application that have it. */
import type { Qos, RetainHandling, Subscription } from '@martlet/protocol';
import type { Message } from '../incoming/message.ts';
import type { Subscriber } from './subscriber.ts';

/**
 * The bits of a Subscription Identifier that tell the filter, in three bytes. Those above count how often it was asked for
 * again, for somebody who joined: by them the retained messages that the server sends on that reach nobody else.
 */
export const OWN_BITS = 21;
export const OWN_MASK: number = (1 << OWN_BITS) - 1;
const MAXIMUM_ROUND = 127;

export class ServerSubscription {
  /** As in SUBSCRIBE, with `$share/…` where it is shared. */
  readonly topicFilter: string;
  /** Of its Subscription Identifiers, the bits that are its own. */
  readonly ownIdentifier: number;
  /** Whether SUBSCRIBE has been sent, so that the server may have it. */
  isSent: boolean;
  /** Whether a SUBSCRIBE for it has not been answered. */
  isAsked: boolean;
  /** Whether the server has it, perhaps with other options than are asked for now. */
  isAtServer: boolean;
  suspicion: number;
  /** The QoS that the server granted last. */
  granted: Qos;
  /** The round in which each was asked for; -1 for those that have joined since. */
  readonly #rounds: Map<Subscriber, number>;
  /** Of the last SUBSCRIBE. */
  #round: number;
  /** The highest that this process has asked for: a message with a higher one was meant for an earlier process. */
  #highest: number;
  /** The subscribers; null when the list is to be made. */
  #list: readonly Subscriber[] | null;

  constructor(topicFilter: string, ownIdentifier: number, isSent: boolean) {
    this.topicFilter = topicFilter;
    this.ownIdentifier = ownIdentifier;
    this.isSent = isSent;
    this.isAsked = false;
    this.isAtServer = false;
    this.suspicion = 0;
    this.granted = 0;
    this.#rounds = new Map();
    this.#round = 0;
    this.#highest = 0;
    this.#list = null;
  }

  /** A list that does not change: whoever goes through it may call what adds and removes some. */
  get subscribers(): readonly Subscriber[] {
    this.#list ??= [...this.#rounds.keys()];
    return this.#list;
  }

  has(subscriber: Subscriber): boolean {
    return this.#rounds.has(subscriber);
  }

  add(subscriber: Subscriber): void {
    this.#rounds.set(subscriber, -1);
    this.#list = null;
  }

  remove(subscriber: Subscriber): void {
    this.#rounds.delete(subscriber);
    this.#list = null;
  }

  /** Who was asked for by the last SUBSCRIBE and has nothing yet; or who has joined since. */
  waiting(hasJoined: boolean): Subscriber[] {
    const round = hasJoined ? -1 : this.#round;
    return this.subscribers.filter((each) => each.granted === undefined && this.#rounds.get(each) === round);
  }

  /** What the next SUBSCRIBE asks for: what all need, but retained messages only for those that have nothing yet. */
  ask(): Subscription {
    const { isAtServer, subscribers } = this;
    const { noLocal, retainAsPublished } = subscribers[0]!.options;
    this.#round = isAtServer ? (this.#round % MAXIMUM_ROUND) + 1 : 0;
    if (this.#round > this.#highest) this.#highest = this.#round;
    // Whoever had this number before is not meant by it any more.
    for (const [each, round] of this.#rounds) if (round === this.#round) this.#rounds.set(each, 0);
    let qos: Qos = 0;
    let retainHandling: RetainHandling = 2;
    for (const each of subscribers) {
      const { options } = each;
      if (options.qos > qos) qos = options.qos;
      if (isAtServer && each.granted !== undefined) continue;
      this.#rounds.set(each, this.#round);
      // To the server it is not new, but to the application it is.
      const handling = isAtServer && options.retainHandling === 1 ? 0 : options.retainHandling;
      if (handling < retainHandling) retainHandling = handling;
    }
    return { topicFilter: this.topicFilter, qos, noLocal, retainAsPublished, retainHandling };
  }

  /** The Subscription Identifier of the last SUBSCRIBE. */
  get identifier(): number {
    return (this.#round << OWN_BITS) | this.ownIdentifier;
  }

  /** Which of these Subscription Identifiers it has been given, at any time; undefined for none. */
  named(identifiers: readonly number[]): number | undefined {
    for (let i = 0; i < identifiers.length; i++) {
      if ((identifiers[i]! & OWN_MASK) === this.ownIdentifier) return identifiers[i];
    }
    return undefined;
  }

  /**
   * Who gets a message whose RETAIN flag is set: as a rule one that was there before the subscription. Where the flag is
   * kept as it was published, it may be any.
   */
  retainedFor(identifiers: readonly number[] = []): readonly Subscriber[] {
    const { subscribers } = this;
    if (subscribers[0]!.options.retainAsPublished) return subscribers;
    const named = this.named(identifiers);
    const round = named === undefined ? undefined : named >> OWN_BITS;
    return this.wanting().filter(
      (each) => round === undefined || round > this.#highest || this.#rounds.get(each) === round,
    );
  }

  /** Who wants messages at all that were there before the subscription. */
  wanting(): readonly Subscriber[] {
    return this.subscribers.filter(({ options }) => options.retainHandling !== 2);
  }
}

/**
 * The Subscription Identifiers that say whose the message is, undefined where all that match are meant: the server sends
 * none, or none of ours, as with the subscription of an earlier process whose filter was another one.
 */
export function meantBy(
  { properties }: Message,
  matching: readonly ServerSubscription[],
): readonly number[] | undefined {
  const identifiers = properties.subscriptionIdentifiers;
  if (identifiers === undefined || matching.length === 1) return undefined;
  for (let i = 0; i < matching.length; i++) {
    if (matching[i]!.named(identifiers) !== undefined) return identifiers;
  }
  return undefined;
}
