/**
 * Routes by who is in them: topics with the same subscribers share one route. So the messages of many topics can be
 * told to go the same way by one comparison, and a subscriber to everything is not listed once per topic.
 *
 * Bounded like the topics: two generations, of which the old one is forgotten when the young one is full. A route that
 * was forgotten and comes again is made again; nothing depends on there being only one.
 */
import type { Subscriber } from './route.ts';
import { Route } from './route.ts';

export class RouteTable {
  readonly #limit: number;
  #young: Map<number, Route>;
  #old: Map<number, Route>;
  /** A number for each subscriber, to hash by. */
  readonly #numbers: WeakMap<Subscriber, number>;
  #nextNumber: number;

  constructor(limit: number) {
    this.#limit = limit;
    this.#young = new Map();
    this.#old = new Map();
    this.#numbers = new WeakMap();
    this.#nextNumber = 1;
  }

  /** The route to these subscribers. The array is the caller's to use again. */
  routeTo(subscribers: readonly Subscriber[]): Route {
    let hash = subscribers.length;
    for (const subscriber of subscribers)
      hash = (Math.imul(hash, 0x01000193) ^ this.#numberOf(subscriber)) | 0;
    const known = this.#young.get(hash) ?? this.#old.get(hash);
    const route = known?.leadsTo(subscribers) ? known : new Route([...subscribers]);
    if (this.#young.size >= this.#limit) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(hash, route);
    return route;
  }

  #numberOf(subscriber: Subscriber): number {
    let number = this.#numbers.get(subscriber);
    if (number === undefined) {
      number = Math.imul(this.#nextNumber++, 0x9e3779b1);
      this.#numbers.set(subscriber, number);
    }
    return number;
  }
}
