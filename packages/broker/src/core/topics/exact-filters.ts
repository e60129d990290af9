/**
 * Who subscribed the filters that have no wildcard: most filters, and each matches one topic name alone, so they need no tree.
 *
 * Cut into shards, because to enlarge one map of a million entries stops everything for tens of milliseconds, and to enlarge
 * a 32nd of it does not.
 */
import type { Subscribers } from './subscribers.ts';
import { hashText } from './text-hash.ts';

const SHARD_BITS = 5;

export class ExactFilters<S extends object> {
  readonly #shards: readonly Map<string, NonNullable<Subscribers<S>>>[];
  readonly #hashSeed: number;
  #size: number;

  /** @param hashSeed so that peers cannot prepare filters that all fall into one shard */
  constructor(hashSeed: number) {
    this.#shards = Array.from({ length: 1 << SHARD_BITS }, () => new Map());
    this.#hashSeed = hashSeed;
    this.#size = 0;
  }

  /** How many filters there are. */
  get size(): number {
    return this.#size;
  }

  get(topicFilter: string): Subscribers<S> {
    return this.#size === 0 ? null : (this.#shardOf(topicFilter).get(topicFilter) ?? null);
  }

  /** Null deletes. */
  set(topicFilter: string, subscribers: Subscribers<S>): void {
    const shard = this.#shardOf(topicFilter);
    const before = shard.size;
    if (subscribers === null) shard.delete(topicFilter);
    else shard.set(topicFilter, subscribers);
    this.#size += shard.size - before;
  }

  #shardOf(text: string): Map<string, NonNullable<Subscribers<S>>> {
    return this.#shards[hashText(text, 0, text.length, this.#hashSeed) >>> (32 - SHARD_BITS)]!;
  }
}
