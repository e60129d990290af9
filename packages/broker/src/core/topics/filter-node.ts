/**
 * The nodes of the subscription tree, in which the filters with wildcards are. A topic filter is cut at its `+` levels into
 * literal runs, and every run is one node however many levels it has: `home/kitchen/+/lamp/state/#` is the root, the run
 * `home/kitchen`, a plus, and the run `lamp/state`, on which the `#` hangs.
 *
 * ```
 *  root ──"home/kitchen"── + ──"lamp/state"   ofMulti: who subscribed home/kitchen/+/lamp/state/#
 *    └────"home"                              ofMulti: who subscribed home/#
 * ```
 *
 * A run begins at the root or behind a plus, and no run continues another, so the parent of a literal node is always a
 * plus node or the root.
 */

import type { Subscribers } from './subscribers.ts';

export type FilterNode<S extends object> = LiteralNode<S> | PlusNode<S>;

/** A run of literal levels, found by its parent and its text in the table of all runs. */
export class LiteralNode<S extends object> {
  readonly parent: PlusNode<S>;
  readonly text: string;
  /** Who subscribed the filter that ends here. */
  own: Subscribers<S> = null;
  /** Who subscribed the filter that ends with `#` behind this node. */
  ofMulti: Subscribers<S> = null;
  plus: PlusNode<S> | null = null;

  constructor(parent: PlusNode<S>, text: string) {
    this.parent = parent;
    this.text = text;
  }

  get isEmpty(): boolean {
    return this.own === null && this.ofMulti === null && this.plus === null;
  }
}

/** A single `+` level, or the root, which stands for no level at all. */
export class PlusNode<S extends object> {
  readonly parent: FilterNode<S> | null;
  own: Subscribers<S> = null;
  ofMulti: Subscribers<S> = null;
  plus: PlusNode<S> | null = null;
  /** Seeds the hashes of the runs that begin here, so that equal runs under different nodes lie apart. */
  readonly hashSeed: number;
  /** How many runs begin here. */
  runCount = 0;
  /** No run that begins here has more levels; a bound that falls back only when the last one goes. */
  maxRunLevels = 0;

  constructor(parent: FilterNode<S> | null, hashSeed: number) {
    this.parent = parent;
    this.hashSeed = hashSeed;
  }

  get isEmpty(): boolean {
    return this.own === null && this.ofMulti === null && this.plus === null && this.runCount === 0;
  }
}
