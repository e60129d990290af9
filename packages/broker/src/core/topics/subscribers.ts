/**
 * The subscriptions that hang on one topic filter. Most filters have one, so one is stored bare, without a list around
 * it; a filter with many subscribers keeps them in a set, so that the hundred-thousandth leaves as fast as the first.
 * Either way they stay in the order in which they came.
 */

/** None, one, or a list. */
export type Subscribers<S extends object> = S | SubscriberList<S> | null;

/** Above this many, searching an array costs more than a set does. */
const MAX_ARRAY_SUBSCRIBERS = 32;

export class SubscriberList<S extends object> {
  #array: S[] | null;
  #set: Set<S> | null = null;

  constructor(first: S, second: S) {
    this.#array = [first, second];
  }

  get size(): number {
    return this.#array === null ? this.#set!.size : this.#array.length;
  }

  /** The first of them; the only one when the size is 1. */
  get first(): S {
    return this.#array === null ? (this.#set!.values().next().value as S) : this.#array[0]!;
  }

  /** @returns whether it was not there before. */
  add(subscription: S): boolean {
    if (this.#array !== null) {
      if (this.#array.includes(subscription)) return false;
      this.#array.push(subscription);
      if (this.#array.length > MAX_ARRAY_SUBSCRIBERS) {
        this.#set = new Set(this.#array);
        this.#array = null;
      }
      return true;
    }
    const set = this.#set!;
    const before = set.size;
    return set.add(subscription).size > before;
  }

  /** @returns whether it was there. */
  remove(subscription: S): boolean {
    if (this.#array !== null) {
      const index = this.#array.indexOf(subscription);
      if (index === -1) return false;
      this.#array.splice(index, 1);
      return true;
    }
    const set = this.#set!;
    if (!set.delete(subscription)) return false;
    // Half the bound, so that one subscriber who comes and goes does not convert the list each time.
    if (set.size <= MAX_ARRAY_SUBSCRIBERS / 2) {
      this.#array = [...set];
      this.#set = null;
    }
    return true;
  }

  pushTo(into: S[]): void {
    if (this.#array !== null) {
      for (let i = 0; i < this.#array.length; i++) into.push(this.#array[i]!);
    } else {
      for (const subscription of this.#set!) into.push(subscription);
    }
  }
}

export function pushSubscribers<S extends object>(subscribers: Subscribers<S>, into: S[]): void {
  if (subscribers === null) return;
  if (subscribers instanceof SubscriberList) subscribers.pushTo(into);
  else into.push(subscribers);
}
