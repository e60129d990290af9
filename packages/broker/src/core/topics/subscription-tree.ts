/**
 * Who is subscribed to a topic: the index over all topic filters of a broker.
 *
 * It knows filters and what hangs on them, nothing of sessions, shares or quality of service: overlapping filters of one
 * session come out once each, and `$share/` must have been taken off. Filters and names must have been checked before.
 *
 * The result of a match can be kept with the topic: {@link SubscriptionTree.isCurrent} says, nearly always with a
 * single comparison, whether it still holds.
 *
 * Filters with wildcards make the tree. Those without stand beside it in a table: see `exact-filters.ts`.
 */

import { ChangeCounters, MAX_CHANGES_BETWEEN_SUMS } from './change-counters.ts';
import { ChildTable } from './child-table.ts';
import { ExactFilters } from './exact-filters.ts';
import type { FilterNode } from './filter-node.ts';
import { LiteralNode, PlusNode } from './filter-node.ts';
import type { Subscribers } from './subscribers.ts';
import { pushSubscribers, SubscriberList } from './subscribers.ts';
import { finishTextHash, hashText, stepTextHash } from './text-hash.ts';

const SLASH = 0x2f;
const HASH = 0x23;
const PLUS = 0x2b;
const DOLLAR = 0x24;

/** Something that keeps the result of a match for one topic name. The three fields are the tree's to write. */
export interface MatchCache {
  readonly name: string;
  /** The tree's generation when the match was last known to hold; -1 when there is none. */
  matchGeneration: number;
  /** Sum of the change counters at that time. */
  matchSum: number;
  /** Which counters those are, once they have been asked for. */
  matchSlots: readonly number[] | null;
}

export interface SubscriptionTreeOptions {
  /** Any 32-bit integer; random, so that peers cannot prepare filters that collide. @default 0 */
  readonly hashSeed?: number;
}

/** @typeParam S what is subscribed: an object, compared by identity. */
export class SubscriptionTree<S extends object> {
  /** Counts every change that could alter a match. */
  generation = 0;
  #size = 0;
  #filterCount = 0;
  #plusCount = 0;
  readonly #exact: ExactFilters<S>;
  readonly #root: PlusNode<S>;
  readonly #runs: ChildTable<PlusNode<S>, LiteralNode<S>> = new ChildTable();
  readonly #changes: ChangeCounters;
  #nextHashSeed: number;
  /** While matching: plus nodes still to be followed, and where in the name the level behind each begins. */
  readonly #pendingNodes: PlusNode<S>[] = [];
  readonly #pendingStarts: number[] = [];

  constructor(options: SubscriptionTreeOptions = {}) {
    const hashSeed = (options.hashSeed ?? 0) | 0;
    this.#exact = new ExactFilters(hashSeed);
    this.#root = new PlusNode(null, hashSeed);
    this.#changes = new ChangeCounters(hashSeed);
    this.#nextHashSeed = hashSeed;
  }

  /** How many subscriptions there are. */
  get size(): number {
    return this.#size;
  }

  /** How many different topic filters they have. */
  get filterCount(): number {
    return this.#filterCount;
  }

  /** How many nodes the filters have made: entries of the table, and nodes of the tree but for the root. */
  get nodeCount(): number {
    return this.#exact.size + this.#runs.size + this.#plusCount;
  }

  /** The first of those that are subscribed to exactly this filter. */
  firstOn(topicFilter: string): S | undefined {
    const current = hasWildcard(topicFilter)
      ? subscribersOn(this.#nodeOf(topicFilter, false), isMulti(topicFilter))
      : this.#exact.get(topicFilter);
    return current instanceof SubscriberList ? current.first : (current ?? undefined);
  }

  /**
   * Subscribes. The same subscription on the same filter is there once, but counts as a change: its options may differ.
   * @returns whether it was not there before.
   */
  add(topicFilter: string, subscription: S): boolean {
    const node = hasWildcard(topicFilter) ? this.#nodeOf(topicFilter, true)! : null;
    const multi = isMulti(topicFilter);
    const current = node === null ? this.#exact.get(topicFilter) : subscribersOn(node, multi);
    this.#changed(topicFilter);
    if (current === subscription) return false;
    if (current instanceof SubscriberList) {
      if (!current.add(subscription)) return false;
    } else {
      const now = current === null ? subscription : new SubscriberList(current, subscription);
      if (node === null) this.#exact.set(topicFilter, now);
      else setSubscribers(node, multi, now);
      if (current === null) this.#filterCount++;
    }
    this.#size++;
    return true;
  }

  /** Unsubscribes. @returns whether it was subscribed to exactly this filter. */
  remove(topicFilter: string, subscription: S): boolean {
    const node = hasWildcard(topicFilter) ? this.#nodeOf(topicFilter, false) : null;
    if (node === undefined) return false;
    const multi = isMulti(topicFilter);
    const current = node === null ? this.#exact.get(topicFilter) : subscribersOn(node, multi);
    let left = current;
    if (current === subscription) left = null;
    else if (!(current instanceof SubscriberList && current.remove(subscription))) return false;
    else if (current.size === 1) left = current.first;
    if (left !== current) {
      if (node === null) this.#exact.set(topicFilter, left);
      else setSubscribers(node, multi, left);
    }
    if (left === null) {
      this.#filterCount--;
      if (node !== null) this.#prune(node);
    }
    this.#changed(topicFilter);
    this.#size--;
    return true;
  }

  /** What hangs on this filter is the same, but what was made of a match with it holds no more. */
  touch(topicFilter: string): void {
    this.#changed(topicFilter);
  }

  /** The same for all filters. */
  touchAll(): void {
    this.generation++;
    this.#changes.countAll();
  }

  /**
   * Appends what is subscribed to a topic name, once for each filter that matches.
   * @returns how many were appended.
   */
  match(topicName: string, into: S[]): number {
    const before = into.length;
    pushSubscribers(this.#exact.get(topicName), into);
    this.#matchBehind(this.#root, topicName, 0, into);
    // No recursion: a peer decides how many + a filter has.
    for (let plus = this.#pendingNodes.pop(); plus !== undefined; plus = this.#pendingNodes.pop()) {
      this.#matchBehind(plus, topicName, this.#pendingStarts.pop()!, into);
    }
    return into.length - before;
  }

  /** Whether what was matched when {@link markCurrent} was last called for this cache would come out the same now. */
  isCurrent(cache: MatchCache): boolean {
    return cache.matchGeneration === this.generation || this.#isUnchanged(cache);
  }

  /** Says that this cache holds the match as it is now. */
  markCurrent(cache: MatchCache): void {
    cache.matchSlots ??= this.#changes.slotsOf(cache.name);
    cache.matchSum = this.#changes.sum(cache.matchSlots);
    cache.matchGeneration = this.generation;
  }

  #isUnchanged(cache: MatchCache): boolean {
    if (cache.matchGeneration < 0 || cache.matchSlots === null) return false;
    if (this.generation - cache.matchGeneration > MAX_CHANGES_BETWEEN_SUMS) return false;
    if (this.#changes.sum(cache.matchSlots) !== cache.matchSum) return false;
    cache.matchGeneration = this.generation;
    return true;
  }

  #changed(topicFilter: string): void {
    this.generation++;
    this.#changes.countChange(topicFilter);
  }

  /** The node on which a filter hangs, made when asked for; without its `#`, which the node itself stands for. */
  #nodeOf(topicFilter: string, make: boolean): FilterNode<S> | undefined {
    const length = topicFilter.length;
    let node: FilterNode<S> = this.#root;
    let base = this.#root;
    let start = 0;
    while (start <= length) {
      const unit = topicFilter.charCodeAt(start);
      if (unit === HASH) break;
      if (unit === PLUS) {
        if (node.plus === null) {
          if (!make) return undefined;
          this.#nextHashSeed = stepTextHash(this.#nextHashSeed, PLUS);
          node.plus = new PlusNode(node, this.#nextHashSeed);
          this.#plusCount++;
        }
        base = node.plus;
        node = base;
        start += 2;
        continue;
      }
      const end = endOfRun(topicFilter, start);
      const hash = hashText(topicFilter, start, end, base.hashSeed);
      const found = this.#runs.find(base, topicFilter, start, end, hash);
      if (found === undefined && !make) return undefined;
      node = found ?? this.#addRun(base, topicFilter.slice(start, end), hash);
      start = end + 1;
    }
    return node;
  }

  #addRun(base: PlusNode<S>, run: string, hash: number): LiteralNode<S> {
    const node = new LiteralNode(base, run);
    this.#runs.add(node, hash);
    base.runCount++;
    base.maxRunLevels = Math.max(base.maxRunLevels, countLevels(run));
    return node;
  }

  /** Takes away a node on which nothing hangs any more, and so on towards the root. */
  #prune(emptied: FilterNode<S>): void {
    let node = emptied;
    while (node.isEmpty && node.parent !== null) {
      const parent: FilterNode<S> = node.parent;
      if (node instanceof LiteralNode) {
        const base = node.parent;
        this.#runs.delete(node, hashText(node.text, 0, node.text.length, base.hashSeed));
        base.runCount--;
        if (base.runCount === 0) base.maxRunLevels = 0;
      } else {
        parent.plus = null;
        this.#plusCount--;
      }
      node = parent;
    }
  }

  /** Matches the levels of a name from `start` against what follows the root or a plus. */
  #matchBehind(base: PlusNode<S>, name: string, start: number, into: S[]): void {
    // A filter that begins with a wildcard matches no topic that begins with $. [MQTT-4.7.2-1] [MQTT-4.7.2-1] 3.1.1
    if (base !== this.#root || name.charCodeAt(0) !== DOLLAR) {
      pushSubscribers(base.ofMulti, into);
      if (start > name.length) pushSubscribers(base.own, into);
      else if (base.plus !== null) this.#leaveForLater(base.plus, name, start);
    }
    if (base.runCount === 0) return;
    let hash = base.hashSeed;
    let levels = 0;
    for (let i = start; i <= name.length; i++) {
      const unit = i === name.length ? SLASH : name.charCodeAt(i);
      if (unit === SLASH) {
        const node = this.#runs.find(base, name, start, i, finishTextHash(hash));
        if (node !== undefined) this.#matchRun(node, name, i + 1, into);
        if (++levels === base.maxRunLevels) return;
      }
      hash = stepTextHash(hash, unit);
    }
  }

  #matchRun(node: LiteralNode<S>, name: string, next: number, into: S[]): void {
    pushSubscribers(node.ofMulti, into);
    if (next > name.length) pushSubscribers(node.own, into);
    else if (node.plus !== null) this.#leaveForLater(node.plus, name, next);
  }

  /** A plus takes the level at `start`; what follows it is matched from the next one. */
  #leaveForLater(plus: PlusNode<S>, name: string, start: number): void {
    const slash = name.indexOf('/', start);
    this.#pendingNodes.push(plus);
    this.#pendingStarts.push(slash === -1 ? name.length + 1 : slash + 1);
  }
}

function hasWildcard(topicFilter: string): boolean {
  return isMulti(topicFilter) || topicFilter.includes('+');
}

function isMulti(topicFilter: string): boolean {
  return topicFilter.charCodeAt(topicFilter.length - 1) === HASH;
}

function subscribersOn<S extends object>(node: FilterNode<S> | undefined, multi: boolean): Subscribers<S> {
  if (node === undefined) return null;
  return multi ? node.ofMulti : node.own;
}

function setSubscribers<S extends object>(node: FilterNode<S>, multi: boolean, to: Subscribers<S>): void {
  if (multi) node.ofMulti = to;
  else node.own = to;
}

/** Where the literal levels that begin at `start` end: before the slash of a wildcard level, or with the filter. */
function endOfRun(topicFilter: string, start: number): number {
  for (let i = start + 1; i < topicFilter.length; i++) {
    const unit = topicFilter.charCodeAt(i);
    if (unit === PLUS || unit === HASH) return i - 1;
  }
  return topicFilter.length;
}

function countLevels(run: string): number {
  let levels = 1;
  for (let i = 0; i < run.length; i++) if (run.charCodeAt(i) === SLASH) levels++;
  return levels;
}
