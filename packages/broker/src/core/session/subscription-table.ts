/**
 * The subscriptions of one session, by topic filter, in the order in which they came. Most sessions have one, so that one is
 * stored bare, without a map around it: an empty map alone would be the largest part of a session whose client is away.
 */

interface Filtered {
  readonly topicFilter: string;
}

/** None, one, or more. */
export type Subscribed<S extends Filtered> = S | SubscriptionTable<S> | null;

export class SubscriptionTable<S extends Filtered> {
  readonly #byFilter: Map<string, S>;
  /** Of all topic filters, in characters. */
  filterBytes: number;

  constructor(first: S, second: S) {
    this.#byFilter = new Map([
      [first.topicFilter, first],
      [second.topicFilter, second],
    ]);
    this.filterBytes = first.topicFilter.length + second.topicFilter.length;
  }

  get size(): number {
    return this.#byFilter.size;
  }

  get(topicFilter: string): S | undefined {
    return this.#byFilter.get(topicFilter);
  }

  all(): S[] {
    return [...this.#byFilter.values()];
  }

  put(subscription: S): void {
    const { topicFilter } = subscription;
    if (!this.#byFilter.has(topicFilter)) this.filterBytes += topicFilter.length;
    this.#byFilter.set(topicFilter, subscription);
  }

  delete(topicFilter: string): void {
    if (this.#byFilter.delete(topicFilter)) this.filterBytes -= topicFilter.length;
  }
}

/** The one to exactly this filter. */
export function subscriptionTo<S extends Filtered>(
  subscribed: Subscribed<S>,
  topicFilter: string,
): S | undefined {
  if (subscribed instanceof SubscriptionTable) return subscribed.get(topicFilter);
  return subscribed !== null && subscribed.topicFilter === topicFilter ? subscribed : undefined;
}

export function subscriptionsOf<S extends Filtered>(subscribed: Subscribed<S>): readonly S[] {
  if (subscribed instanceof SubscriptionTable) return subscribed.all();
  return subscribed === null ? [] : [subscribed];
}

/** Adds a subscription, or puts it in the place of the one to the same filter. */
export function withSubscription<S extends Filtered>(subscribed: Subscribed<S>, added: S): Subscribed<S> {
  if (subscribed instanceof SubscriptionTable) {
    subscribed.put(added);
    return subscribed;
  }
  if (subscribed === null || subscribed.topicFilter === added.topicFilter) return added;
  return new SubscriptionTable(subscribed, added);
}

/** Takes away the one to this filter, if there is one. */
export function withoutSubscription<S extends Filtered>(
  subscribed: Subscribed<S>,
  topicFilter: string,
): Subscribed<S> {
  if (subscribed instanceof SubscriptionTable) {
    subscribed.delete(topicFilter);
    return subscribed.size > 1 ? subscribed : subscribed.all()[0]!;
  }
  return subscribed !== null && subscribed.topicFilter === topicFilter ? null : subscribed;
}
