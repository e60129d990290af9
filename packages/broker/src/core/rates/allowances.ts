/**
 * The allowances of one scope, by client identifier, user name, listener or address: made on first use, and remembered for a
 * while without connection, so that nobody begins anew by coming again.
 */
import type { RateScope, RateSet } from '../options/rates.ts';
import { Allowance } from './allowance.ts';

/** Of those without connection, how many are looked at whenever another one joins them. */
const LOOKED_AT = 2;

export class Allowances {
  readonly #scope: RateScope;
  readonly #maximumIdle: () => number;
  readonly #all: Map<string, Allowance>;
  /** Those without connection, the one that is so longest first. */
  readonly #idle: Map<string, Allowance>;

  /** @param maximumIdle without connection: the limit as it is now */
  constructor(scope: RateScope, maximumIdle: () => number) {
    this.#scope = scope;
    this.#maximumIdle = maximumIdle;
    this.#all = new Map();
    this.#idle = new Map();
  }

  /** Of those with and without connection. */
  get size(): number {
    return this.#all.size;
  }

  get(key: string): Allowance | undefined {
    return this.#all.get(key);
  }

  /** For one more connection, which gives it back by `release`. */
  take(key: string, rates: RateSet, nowMs: number): Allowance {
    let allowance = this.#all.get(key);
    if (allowance === undefined) {
      allowance = new Allowance(this.#scope, key, rates, nowMs);
      this.#all.set(key, allowance);
    } else if (allowance.rates !== rates) {
      allowance.configure(rates, nowMs);
    }
    if (allowance.references++ === 0) this.#idle.delete(key);
    return allowance;
  }

  release(allowance: Allowance, nowMs: number): void {
    if (--allowance.references > 0 || this.#all.get(allowance.key) !== allowance) return;
    this.#idle.set(allowance.key, allowance);
    let looked = 0;
    for (const idle of this.#idle.values()) {
      const spare = this.#idle.size > this.#maximumIdle();
      if (!spare && looked++ === LOOKED_AT) return;
      if (spare || idle.isUnused(nowMs)) this.#forget(idle);
    }
  }

  /** Nothing is bounded here any more. */
  clear(): void {
    this.#all.clear();
    this.#idle.clear();
  }

  #forget({ key }: Allowance): void {
    this.#idle.delete(key);
    this.#all.delete(key);
  }
}
