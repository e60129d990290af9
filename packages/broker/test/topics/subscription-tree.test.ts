import { checkTopicFilter, matches } from '@martlet/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MatchCache } from '../../src/core/topics/subscription-tree.ts';
import { SubscriptionTree } from '../../src/core/topics/subscription-tree.ts';
import { deepTopicName, filterNear, topicFilter, topicName } from './arbitraries.ts';

interface Subscription {
  readonly id: number;
}

const subscriptions: readonly Subscription[] = Array.from({ length: 6 }, (_, id) => ({ id }));

/** What the tree is to agree with: a list of filters, each compared with the name. */
class NaiveTree {
  readonly #filters = new Map<string, Set<Subscription>>();

  add(filter: string, subscription: Subscription): boolean {
    const set = this.#filters.get(filter) ?? new Set();
    this.#filters.set(filter, set);
    const isNew = !set.has(subscription);
    set.add(subscription);
    return isNew;
  }

  remove(filter: string, subscription: Subscription): boolean {
    const set = this.#filters.get(filter);
    if (!set?.delete(subscription)) return false;
    if (set.size === 0) this.#filters.delete(filter);
    return true;
  }

  match(name: string): number[] {
    const matching = [...this.#filters].filter(([filter]) => matches(filter, name));
    return matching.flatMap(([, set]) => [...set].map(({ id }) => id)).sort();
  }

  get size(): number {
    return [...this.#filters.values()].reduce((sum, set) => sum + set.size, 0);
  }

  get filterCount(): number {
    return this.#filters.size;
  }
}

function matched(tree: SubscriptionTree<Subscription>, name: string): number[] {
  const into: Subscription[] = [];
  expect(tree.match(name, into)).toBe(into.length);
  return into.map(({ id }) => id).sort();
}

class Cache implements MatchCache {
  readonly name: string;
  matchGeneration = -1;
  matchSum = 0;
  matchSlots: readonly number[] | null = null;
  held: readonly number[] = [];

  constructor(name: string) {
    this.name = name;
  }

  refill(tree: SubscriptionTree<Subscription>): void {
    this.held = matched(tree, this.name);
    tree.markCurrent(this);
  }
}

function cacheOf(tree: SubscriptionTree<Subscription>, name: string): Cache {
  const cache = new Cache(name);
  cache.refill(tree);
  return cache;
}

const change = fc.record({
  add: fc.boolean(),
  filter: topicFilter,
  subscription: fc.constantFrom(...subscriptions),
});

describe('The subscription tree', () => {
  test('matches nothing when it is empty', () => {
    expect(matched(new SubscriptionTree(), 'a/b')).toEqual([]);
  });

  test('finds a subscription once for each filter that matches', () => {
    const tree = new SubscriptionTree<Subscription>();
    for (const filter of ['a/b', 'a/+', 'a/#', '+/b', '#', 'a/b/#', 'a/b/c'])
      tree.add(filter, subscriptions[0]!);
    expect(matched(tree, 'a/b')).toEqual([0, 0, 0, 0, 0, 0]);
    expect(tree.size).toBe(7);
    expect(tree.filterCount).toBe(7);
  });

  test('[MQTT-4.7.2-1] v5 [MQTT-4.7.2-1] v3.1.1 leaves out topics that begin with $ for a wildcard in the first level', () => {
    const tree = new SubscriptionTree<Subscription>();
    for (const filter of ['#', '+/a', '+/#', '+/+', '+']) tree.add(filter, subscriptions[0]!);
    expect(matched(tree, '$SYS/a')).toEqual([]);
    expect(matched(tree, '$SYS')).toEqual([]);
    expect(matched(tree, 'SYS/a')).toEqual([0, 0, 0, 0]);
    tree.add('$SYS/+', subscriptions[1]!);
    tree.add('$SYS/#', subscriptions[2]!);
    expect(matched(tree, '$SYS/a')).toEqual([1, 2]);
    expect(matched(tree, 'a/$SYS')).toEqual([0, 0, 0]);
  });

  test('[MQTT-4.7.3-4] v5 [MQTT-4.7.3-4] v3.1.1 compares characters as they are', () => {
    const tree = new SubscriptionTree<Subscription>();
    tree.add('caf\u00e9', subscriptions[0]!);
    tree.add('caf\u00e9/#', subscriptions[1]!);
    expect(matched(tree, 'cafe\u0301')).toEqual([]);
    expect(matched(tree, 'Caf\u00e9')).toEqual([]);
    expect(matched(tree, 'caf\u00e9')).toEqual([0, 1]);
  });

  test('[MQTT-3.10.4-1] v5 [MQTT-3.10.4-1] v3.1.1 removes only what was subscribed with the very same filter', () => {
    const tree = new SubscriptionTree<Subscription>();
    tree.add('a/b', subscriptions[0]!);
    tree.add('a/+', subscriptions[0]!);
    for (const filter of ['a/#', '+/b', '#', 'a', 'a/b/', '/a/b', 'A/b', '+/+']) {
      expect(tree.remove(filter, subscriptions[0]!)).toBe(false);
    }
    expect(tree.remove('a/b', subscriptions[1]!)).toBe(false);
    expect(tree.remove('a/+', subscriptions[0]!)).toBe(true);
    expect(matched(tree, 'a/b')).toEqual([0]);
  });

  test('holds the same subscription on a filter once', () => {
    const tree = new SubscriptionTree<Subscription>();
    expect(tree.add('a/#', subscriptions[0]!)).toBe(true);
    expect(tree.add('a/#', subscriptions[0]!)).toBe(false);
    tree.add('a/#', subscriptions[1]!);
    expect(tree.add('a/#', subscriptions[1]!)).toBe(false);
    expect(tree.size).toBe(2);
    expect(matched(tree, 'a')).toEqual([0, 1]);
    expect(tree.remove('a/#', subscriptions[0]!)).toBe(true);
    expect(tree.remove('a/#', subscriptions[0]!)).toBe(false);
  });

  test('tells who was the first to subscribe exactly a filter', () => {
    for (const filter of ['a/b', 'a/+', 'a/#', '+', '#']) {
      const tree = new SubscriptionTree<Subscription>();
      expect(tree.firstOn(filter)).toBeUndefined();
      tree.add(filter, subscriptions[2]!);
      expect(tree.firstOn(filter)).toBe(subscriptions[2]);
      tree.add(filter, subscriptions[1]!);
      expect(tree.firstOn(filter)).toBe(subscriptions[2]);
      tree.remove(filter, subscriptions[2]!);
      expect(tree.firstOn(filter)).toBe(subscriptions[1]);
      for (const other of ['a', 'a/b/c', 'b/#', '+/+', '+/#']) expect(tree.firstOn(other)).toBeUndefined();
      tree.remove(filter, subscriptions[1]!);
      expect(tree.firstOn(filter)).toBeUndefined();
    }
  });

  test('keeps the order of subscribing with few and with many on one filter', () => {
    const tree = new SubscriptionTree<Subscription>();
    const many = Array.from({ length: 100 }, (_, id) => ({ id }));
    for (const subscription of many) tree.add('a', subscription);
    for (let i = 0; i < 98; i += 2) expect(tree.remove('a', many[i]!)).toBe(true);
    const into: Subscription[] = [];
    tree.match('a', into);
    expect(into.map(({ id }) => id)).toEqual(
      many.map(({ id }) => id).filter((id) => id % 2 === 1 || id === 98),
    );
    for (const subscription of into) tree.remove('a', subscription);
    expect([tree.size, tree.filterCount, tree.nodeCount]).toEqual([0, 0, 0]);
  });

  test('agrees with comparing every filter, under any order of subscribing and unsubscribing', () => {
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 60, size: 'max' }),
        fc.array(topicName, { minLength: 1, maxLength: 8 }),
        fc.integer(),
        (changes, names, hashSeed) => {
          const tree = new SubscriptionTree<Subscription>({ hashSeed });
          const naive = new NaiveTree();
          for (const { add, filter, subscription } of changes) {
            expect(checkTopicFilter(filter)).toBeNull();
            if (add) expect(tree.add(filter, subscription)).toBe(naive.add(filter, subscription));
            else expect(tree.remove(filter, subscription)).toBe(naive.remove(filter, subscription));
            expect([tree.size, tree.filterCount]).toEqual([naive.size, naive.filterCount]);
          }
          for (const name of names) expect(matched(tree, name)).toEqual(naive.match(name));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('agrees with comparing every filter where names are deep and filters near them', () => {
    const nameAndFilters = deepTopicName.chain((name) =>
      fc.tuple(fc.constant(name), fc.array(filterNear(name), { minLength: 1, maxLength: 30, size: 'max' })),
    );
    fc.assert(
      fc.property(nameAndFilters, ([name, filters]) => {
        const tree = new SubscriptionTree<Subscription>();
        for (const filter of filters) tree.add(filter, subscriptions[0]!);
        const expected = [...new Set(filters)].filter((filter) => matches(filter, name)).length;
        expect(matched(tree, name)).toHaveLength(expected);
      }),
    );
  });

  test('withstands a filter of 32,768 plus levels', () => {
    const tree = new SubscriptionTree<Subscription>();
    tree.add(Array(32_768).fill('+').join('/'), subscriptions[0]!);
    tree.add(Array(16_384).fill('a/+').join('/'), subscriptions[1]!);
    expect(matched(tree, Array(32_768).fill('a').join('/'))).toEqual([0, 1]);
    tree.remove(Array(32_768).fill('+').join('/'), subscriptions[0]!);
    tree.remove(Array(16_384).fill('a/+').join('/'), subscriptions[1]!);
    expect(tree.nodeCount).toBe(0);
  });

  test('is as small after 100,000 changes as it was before', () => {
    const tree = new SubscriptionTree<Subscription>();
    const filters = ['a/b', 'a/+/c', '#', 'x/y/#', '+/+/+/z', 'a/+'];
    for (const filter of filters) tree.add(filter, subscriptions[0]!);
    const before = [tree.size, tree.filterCount, tree.nodeCount];
    const shapes = [
      (i: number) => `a/${i}`,
      (i: number) => `a/+/${i}/#`,
      (i: number) => `+/${i}/+`,
      (i: number) => `${i}/#`,
    ];
    for (let i = 0; i < 50_000; i++) {
      tree.add(shapes[i & 3]!(i), subscriptions[1]!);
      if (i >= 100) expect(tree.remove(shapes[(i - 100) & 3]!(i - 100), subscriptions[1]!)).toBe(true);
    }
    expect(tree.size).toBe(filters.length + 100);
    for (let i = 49_900; i < 50_000; i++) tree.remove(shapes[i & 3]!(i), subscriptions[1]!);
    expect([tree.size, tree.filterCount, tree.nodeCount]).toEqual(before);
  });
});

describe('A match that is kept', () => {
  test('is not current before it was marked so', () => {
    const tree = new SubscriptionTree<Subscription>();
    expect(tree.isCurrent(new Cache('a'))).toBe(false);
    tree.add('b', subscriptions[0]!);
    expect(tree.isCurrent(new Cache('a'))).toBe(false);
  });

  test('is current for as long as nothing changes', () => {
    const tree = new SubscriptionTree<Subscription>();
    const cache = cacheOf(tree, 'a/b');
    expect(tree.isCurrent(cache)).toBe(true);
    tree.remove('a/b', subscriptions[0]!);
    expect(tree.isCurrent(cache)).toBe(true);
  });

  test('stays current when filters change that begin otherwise', () => {
    const tree = new SubscriptionTree<Subscription>();
    const cache = cacheOf(tree, 'site/7/state');
    for (const filter of [
      'site/7',
      'site/7/state/x',
      'site/8/#',
      'site/8/+',
      'other/+/state',
      'site/7/stat',
      '/site/#',
    ]) {
      tree.add(filter, subscriptions[0]!);
      expect(tree.isCurrent(cache), filter).toBe(true);
    }
  });

  test('of a $-topic stays current when filters change that begin with a wildcard', () => {
    const tree = new SubscriptionTree<Subscription>();
    const cache = cacheOf(tree, '$SYS/broker');
    tree.add('#', subscriptions[0]!);
    tree.add('+/broker', subscriptions[0]!);
    expect(tree.isCurrent(cache)).toBe(true);
    tree.add('$SYS/#', subscriptions[0]!);
    expect(tree.isCurrent(cache)).toBe(false);
  });

  test('is out of date after each change that alters it, a repeated subscription included', () => {
    const tree = new SubscriptionTree<Subscription>();
    const cache = new Cache('site/7/state');
    for (const filter of [
      'site/7/state',
      'site/7/state/#',
      'site/7/+',
      'site/+/state',
      '#',
      '+/+/+',
      'site/#',
    ]) {
      for (const alter of [
        () => tree.add(filter, subscriptions[0]!),
        () => tree.remove(filter, subscriptions[0]!),
      ]) {
        cache.refill(tree);
        alter();
        expect(tree.isCurrent(cache), filter).toBe(false);
      }
    }
    tree.add('site/#', subscriptions[0]!);
    cache.refill(tree);
    tree.add('site/#', subscriptions[0]!);
    expect(tree.isCurrent(cache)).toBe(false);
  });

  test('is out of date after such a change at any depth', () => {
    for (let depth = 1; depth <= 12; depth++) {
      const levels = Array.from({ length: depth }, (_, i) => `${i}`);
      const tree = new SubscriptionTree<Subscription>();
      const cache = new Cache(levels.join('/'));
      for (let kept = 0; kept <= depth; kept++) {
        const beginning = levels.slice(0, kept);
        const rest = levels.slice(kept).map(() => '+');
        for (const filter of [
          [...beginning, '#'],
          [...beginning, ...rest],
        ]) {
          cache.refill(tree);
          tree.add(filter.join('/'), subscriptions[0]!);
          expect(tree.isCurrent(cache), `${filter.join('/')} for ${cache.name}`).toBe(false);
        }
      }
    }
  });

  test('mostly survives the subscriptions of others', () => {
    const tree = new SubscriptionTree<Subscription>();
    const caches = Array.from({ length: 1000 }, (_, i) => cacheOf(tree, `site/${i % 10}/device/${i}/state`));
    for (let i = 0; i < 100; i++) tree.add(`site/${i % 10}/device/${5000 + i}/#`, subscriptions[0]!);
    const outdated = caches.filter((cache) => !tree.isCurrent(cache)).length;
    expect(outdated).toBeLessThan(200);
  });

  test('is never called current when it would come out otherwise now', () => {
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 40, size: 'max' }),
        fc.array(topicName, { minLength: 1, maxLength: 8 }),
        fc.integer(),
        (changes, names, hashSeed) => {
          const tree = new SubscriptionTree<Subscription>({ hashSeed });
          const caches = names.map((name) => cacheOf(tree, name));
          for (const { add, filter, subscription } of changes) {
            if (add) tree.add(filter, subscription);
            else tree.remove(filter, subscription);
            // Some are looked at after each change, some only after several.
            for (const cache of caches.slice(tree.generation % 2)) {
              if (tree.isCurrent(cache)) expect(cache.held).toEqual(matched(tree, cache.name));
              else cache.refill(tree);
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('is never called current wrongly where names are deep', () => {
    const nameAndFilters = deepTopicName.chain((name) =>
      fc.tuple(fc.constant(name), fc.array(filterNear(name), { minLength: 1, maxLength: 20, size: 'max' })),
    );
    fc.assert(
      fc.property(nameAndFilters, ([name, filters]) => {
        const tree = new SubscriptionTree<Subscription>();
        const cache = cacheOf(tree, name);
        for (const filter of filters) {
          tree.add(filter, subscriptions[0]!);
          if (matches(filter, name)) expect(tree.isCurrent(cache)).toBe(false);
          cache.refill(tree);
        }
      }),
    );
  });
});
