/**
 * Who gets the messages of one topic: the result of a match, merged so that each session is there once. It is kept with
 * the topic for as long as no subscription changes that could alter it.
 */

import type { Session, Subscription } from '../session/session.ts';
import type { SharedGroup } from '../session/shared-group.ts';
import type { LocalSubscription } from './local-subscription.ts';
import type { QoS } from './message.ts';

export type Subscriber = Subscription | SharedGroup | LocalSubscription;

const NO_IDENTIFIERS: readonly number[] = Object.freeze([]);

/** One session's part in a route: overlapping subscriptions make one copy. [MQTT-3.3.4-2] */
export class Target {
  readonly session: Session;
  /** The highest of the matching subscriptions. */
  qos: QoS;
  retainAsPublished: boolean;
  /** Some, but perhaps not all, matching subscriptions want nothing that the session itself publishes. */
  anyNoLocal: boolean;
  readonly subscriptions: Subscription[];
  /** A target for each of its subscriptions, where each makes a copy; else, and if there is one only, null. */
  separate: Target[] | null;
  /** Grows in place while the route is made: one subscriber may have thousands that overlap. */
  #identifiers: number[] | null;

  constructor(subscription: Subscription) {
    this.session = subscription.session;
    this.qos = subscription.qos;
    this.retainAsPublished = subscription.retainAsPublished;
    this.anyNoLocal = subscription.noLocal;
    this.subscriptions = [subscription];
    this.separate = null;
    this.#identifiers =
      subscription.subscriptionIdentifier === 0 ? null : [subscription.subscriptionIdentifier];
  }

  /** Of all matching subscriptions that have one. */
  get identifiers(): readonly number[] {
    return this.#identifiers ?? NO_IDENTIFIERS;
  }

  /** Another subscription of the same session, which makes a copy of its own. */
  add(subscription: Subscription): void {
    this.separate ??= [new Target(this.subscriptions[0]!)];
    this.separate.push(new Target(subscription));
    this.merge(subscription);
  }

  merge(subscription: Subscription): void {
    this.subscriptions.push(subscription);
    if (subscription.qos > this.qos) this.qos = subscription.qos; // [MQTT-3.3.4-2] [MQTT-3.3.5-1] 3.1.1
    this.retainAsPublished ||= subscription.retainAsPublished;
    this.anyNoLocal ||= subscription.noLocal;
    if (subscription.subscriptionIdentifier !== 0) {
      (this.#identifiers ??= []).push(subscription.subscriptionIdentifier); // [MQTT-3.3.4-4]
    }
  }

  /** What is left of it for a message that its own client published; null if nothing. [MQTT-3.8.3-3] */
  withoutLocal(): Target | null {
    let rest: Target | null = null;
    for (const subscription of this.subscriptions) {
      if (subscription.noLocal) continue;
      if (rest === null) rest = new Target(subscription);
      else rest.merge(subscription);
    }
    return rest;
  }
}

export class Route {
  readonly targets: readonly Target[];
  readonly groups: readonly SharedGroup[];
  readonly locals: readonly LocalSubscription[];
  /** Sessions, by client identifier, and shared groups, by name, that are subscribed and may not receive: each message counts as dropped for them. */
  readonly denied: readonly string[];
  /** Nobody is subscribed: at most there are some who observe. */
  readonly isEmpty: boolean;
  readonly #subscribers: readonly Subscriber[];

  /**
   * @param subscribers the route's own from now on, like `denied`
   * @param separates overlapping subscriptions of a session make a copy each
   */
  constructor(subscribers: readonly Subscriber[], denied: readonly string[], separates: boolean) {
    const targets: Target[] = [];
    const groups: SharedGroup[] = [];
    const locals: LocalSubscription[] = [];
    const bySession = subscribers.length > 1 ? new Map<Session, Target>() : null;
    for (const subscriber of subscribers) {
      switch (subscriber.kind) {
        case 'session': {
          const target = bySession?.get(subscriber.session);
          if (target !== undefined) {
            if (separates) target.add(subscriber);
            else target.merge(subscriber);
          } else {
            const added = new Target(subscriber);
            targets.push(added);
            bySession?.set(subscriber.session, added);
          }
          break;
        }
        case 'share':
          groups.push(subscriber);
          break;
        case 'local':
          locals.push(subscriber);
          break;
      }
    }
    this.targets = targets;
    this.groups = groups;
    this.locals = locals;
    this.denied = denied;
    this.isEmpty =
      targets.length + groups.length + denied.length === 0 && locals.every(({ observes }) => observes);
    this.#subscribers = subscribers;
  }

  /**
   * Whether a message of this QoS is staged for anyone on it, a session or a shared group that is kept.
   * @param publisher gets nothing through a subscription with No Local; null for none
   */
  keeps(qos: QoS, publisher: Session | null): boolean {
    if (qos === 0) return false;
    for (const { session, subscriptions } of this.targets) {
      if (!session.kept) continue;
      for (const { qos: granted, noLocal } of subscriptions) {
        if (granted > 0 && !(noLocal && session === publisher)) return true;
      }
    }
    return this.groups.some((group) => group.kept);
  }

  /** Whether it is the route to exactly these subscribers. */
  leadsTo(subscribers: readonly Subscriber[], denied: readonly string[]): boolean {
    return isSame(this.#subscribers, subscribers) && isSame(this.denied, denied);
  }
}

function isSame(own: readonly unknown[], others: readonly unknown[]): boolean {
  if (own.length !== others.length) return false;
  for (let i = 0; i < own.length; i++) if (own[i] !== others[i]) return false;
  return true;
}
