/** Who is subscribed to what: every session's subscriptions, in the tree or in their shared group, and in the store. */
import type { SharedFilter } from '@martlet/protocol';
import { parseSharedFilter } from '@martlet/protocol';
import { allOf } from '../all-of.ts';
import type { CoreContext } from '../context.ts';
import type { ShareOwner, SubscriptionRecord } from '../ports/store.ts';
import type { Subscriber } from '../publish/route.ts';
import type { SubscriptionTree } from '../topics/subscription-tree.ts';
import type { Session } from './session.ts';
import { Subscription } from './session.ts';
import type { SharedGroups } from './shared-groups.ts';

export interface AddedSubscription {
  readonly subscription: Subscription;
  /** The one with the same topic filter whose place it took; undefined if it is new. */
  readonly replaced: Subscription | undefined;
}

export class Subscriptions {
  readonly #context: CoreContext;
  readonly #tree: SubscriptionTree<Subscriber>;
  readonly #groups: SharedGroups;
  #count: number;
  #sharedCount: number;

  constructor(context: CoreContext, tree: SubscriptionTree<Subscriber>, groups: SharedGroups) {
    this.#context = context;
    this.#tree = tree;
    this.#groups = groups;
    this.#count = 0;
    this.#sharedCount = 0;
  }

  /** Of all sessions, shared ones included. */
  get count(): number {
    return this.#count;
  }

  get sharedCount(): number {
    return this.#sharedCount;
  }

  hasRoomFor(session: Session, topicFilter: string): boolean {
    if (session.subscriptionTo(topicFilter) !== undefined) return true;
    const { limits } = this.#context.profile;
    return (
      session.subscriptionCount < limits.subscriptionsPerSession &&
      session.filterBytes + topicFilter.length <= limits.filterBytesPerSession &&
      this.#count < limits.subscriptions
    );
  }

  /** Adds a subscription, or replaces the one with the same filter. [MQTT-3.8.4-3] [MQTT-3.8.4-3] 3.1.1 */
  add(session: Session, record: SubscriptionRecord): AddedSubscription {
    const added = this.restore(session, record);
    if (session.kept) {
      this.#context.store.putSubscription(session.clientId, added.subscription);
      this.#context.staged();
    }
    return added;
  }

  /** As `add`, for one that comes from the store. */
  restore(session: Session, record: SubscriptionRecord): AddedSubscription {
    const owner = shareOwnerOf(record.topicFilter);
    const topicFilter = this.#knownText(record.topicFilter, owner);
    const subscription = new Subscription(session, topicFilter, record);
    const old = session.subscriptionTo(topicFilter);
    session.putSubscription(subscription);
    if (owner !== null) {
      this.#groups.join(owner, subscription);
    } else {
      if (old !== undefined) this.#tree.remove(topicFilter, old);
      this.#tree.add(topicFilter, subscription);
    }
    if (old === undefined) {
      this.#count++;
      if (owner !== null) this.#sharedCount++;
    }
    return { subscription, replaced: old };
  }

  /** The same filter as a string that is in memory already: a filter that all clients subscribe is there once. */
  #knownText(topicFilter: string, owner: ShareOwner | null): string {
    const known =
      owner === null ? this.#tree.firstOn(topicFilter)?.topicFilter : this.#groups.get(owner)?.name;
    return known ?? topicFilter;
  }

  /** False if there was none with exactly this filter. [MQTT-3.10.4-1] [MQTT-3.10.4-1] 3.1.1 */
  remove(session: Session, topicFilter: string): boolean {
    const subscription = session.subscriptionTo(topicFilter);
    if (subscription === undefined) return false;
    this.#take(session, subscription);
    if (session.kept) {
      this.#context.store.deleteSubscription(session.clientId, topicFilter);
      this.#context.staged();
    }
    return true;
  }

  /** What the session may receive has to be asked anew. */
  rightsChanged(session: Session): void {
    for (const { topicFilter } of session.subscriptions) {
      this.#tree.touch(shareOwnerOf(topicFilter)?.topicFilter ?? topicFilter);
    }
  }

  /** The session is no more. */
  removeAll(session: Session): void {
    allOf(session.subscriptions.map((subscription) => () => this.#take(session, subscription)));
  }

  #take(session: Session, subscription: Subscription): void {
    const { topicFilter } = subscription;
    session.deleteSubscription(topicFilter);
    this.#count--;
    const owner = shareOwnerOf(topicFilter);
    if (owner === null) {
      this.#tree.remove(topicFilter, subscription); // [MQTT-3.10.4-2] [MQTT-3.10.4-2] 3.1.1
    } else {
      this.#sharedCount--;
      this.#groups.leave(owner, session);
    }
  }
}

/** The group of a valid shared subscription's filter; null for other filters. */
function shareOwnerOf(topicFilter: string): ShareOwner | null {
  const shared: SharedFilter | string = topicFilter.startsWith('$share/')
    ? parseSharedFilter(topicFilter, 65_536)
    : '';
  return typeof shared === 'string' ? null : { kind: 'share', ...shared };
}
