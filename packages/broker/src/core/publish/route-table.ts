/**
 * Routes by who is in them: topics with the same subscribers share one route. So the messages of many topics can be
 * told to go the same way by one comparison, and a subscriber to everything is not listed once per topic.
 *
 * Bounded like the topics: two generations, of which the old one is forgotten when the young one is full. A route that
 * was forgotten and comes again is made again; nothing depends on there being only one. What has ended stays in a
 * forgotten route for a while, which is why an ended session lets go of all it held.
 */
import { FIXED_BOUNDS } from '../options/fixed-bounds.ts';
import type { Subscriber } from './route.ts';
import { Route } from './route.ts';

/** What a route weighs for each subscriber in it: its target, and its places in arrays and tables. */
const BYTES_PER_SUBSCRIBER = 192;

/** Routes of one generation, and their bytes: enough for those that many topics share. */
const MAXIMUM_ROUTES = FIXED_BOUNDS.routes.value;
const MAXIMUM_BYTES = FIXED_BOUNDS.routeTableBytes.value;

export class RouteTable {
  /** What the latest `routeTo` took in memory; 0 when the route was there. */
  madeBytes: number;
  #young: Map<number, Route>;
  #youngBytes: number;
  #old: Map<number, Route>;
  /** Each subscriber gets one, to hash by; they need not all be different. */
  #nextNumber: number;
  #separates: boolean;

  constructor() {
    this.madeBytes = 0;
    this.#young = new Map();
    this.#youngBytes = 0;
    this.#old = new Map();
    this.#nextNumber = 1;
    this.#separates = false;
  }

  /** Whether overlapping subscriptions of a session make a copy each: all routes are made anew. */
  set separates(separates: boolean) {
    if (separates === this.#separates) return;
    this.#separates = separates;
    this.#young = new Map();
    this.#youngBytes = 0;
    this.#old = new Map();
  }

  /**
   * The route to these subscribers, whose array is the caller's to use again.
   * @param denied who may not receive; the route's own from now on
   */
  routeTo(subscribers: readonly Subscriber[], denied: readonly string[]): Route {
    let hash = subscribers.length + denied.length * 0x10001;
    for (const subscriber of subscribers)
      hash = (Math.imul(hash, 0x01000193) ^ this.#numberOf(subscriber)) | 0;
    const known = this.#young.get(hash) ?? this.#old.get(hash);
    const found = known?.leadsTo(subscribers, denied) === true;
    this.madeBytes = found ? 0 : (subscribers.length + denied.length) * BYTES_PER_SUBSCRIBER;
    const route = found ? known : new Route([...subscribers], denied, this.#separates);
    this.#youngBytes += this.madeBytes;
    if (this.#young.size >= MAXIMUM_ROUTES || this.#youngBytes > MAXIMUM_BYTES) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngBytes = this.madeBytes;
    }
    this.#young.set(hash, route);
    return route;
  }

  #numberOf(subscriber: Subscriber): number {
    if (subscriber.routeNumber === 0) subscriber.routeNumber = this.#nextNumber++;
    return Math.imul(subscriber.routeNumber, 0x9e3779b1);
  }
}
