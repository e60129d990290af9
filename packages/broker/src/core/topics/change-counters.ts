/**
 * Which cached matches a changed subscription leaves valid. Every filter belongs to the literal levels it begins with
 * (`site/7/+/state` to `site/7`), and can only match topics that begin with them; a filter without wildcards matches
 * one topic alone. Each such beginning has a counter of changes, and a topic remembers the sum of the counters it
 * depends on: one for every beginning of its name, one for the name itself. An unchanged sum means an unchanged match.
 *
 * Beginnings share the counters by hash: a clash makes a match look out of date that is not, never the reverse.
 */

import { finishTextHash, stepTextHash } from './text-hash.ts';

const SLASH = 0x2f;
const HASH = 0x23;
const PLUS = 0x2b;
const DOLLAR = 0x24;

const COUNTERS = 4096;
const COUNTER_MASK = COUNTERS - 1;
/** The counter of filters that begin with a wildcard. Names have the second half of the table for themselves. */
const ANY_BEGINNING = 2 * COUNTERS;
/** Beginnings with more levels than this count for the one with so many. */
const MAX_BEGINNING_LEVELS = 8;

/** Sums are taken modulo 2^32; over fewer changes than this, a changed sum cannot come round to what it was. */
export const MAX_CHANGES_BETWEEN_SUMS = 0x1000_0000;

export class ChangeCounters {
  readonly #counters: Int32Array = new Int32Array(2 * COUNTERS + 1);
  /** Changes that concern every name. */
  #ofAll: number;
  readonly #hashSeed: number;

  constructor(hashSeed: number) {
    this.#ofAll = 0;
    this.#hashSeed = hashSeed;
  }

  /** Counts a change of who is subscribed to this filter. */
  countChange(topicFilter: string): void {
    const slot = this.#slotOf(topicFilter);
    this.#counters[slot] = this.#counters[slot]! + 1;
  }

  /** Counts a change that concerns every match. */
  countAll(): void {
    this.#ofAll = (this.#ofAll + 1) | 0;
  }

  /** The counters that the match of a topic name depends on. */
  slotsOf(topicName: string): readonly number[] {
    // Wildcards in the first level do not concern topics that begin with $. [MQTT-4.7.2-1] [MQTT-4.7.2-1] 3.1.1
    const slots: number[] = topicName.charCodeAt(0) === DOLLAR ? [] : [ANY_BEGINNING];
    let hash = this.#hashSeed;
    let levels = 0;
    for (let i = 0; i < topicName.length; i++) {
      const unit = topicName.charCodeAt(i);
      if (unit === SLASH && ++levels <= MAX_BEGINNING_LEVELS) slots.push(finishTextHash(hash) & COUNTER_MASK);
      hash = stepTextHash(hash, unit);
    }
    const slot = finishTextHash(hash) & COUNTER_MASK;
    if (levels < MAX_BEGINNING_LEVELS) slots.push(slot);
    slots.push(COUNTERS + slot);
    return slots;
  }

  sum(slots: readonly number[]): number {
    let sum = this.#ofAll;
    for (let i = 0; i < slots.length; i++) sum = (sum + this.#counters[slots[i]!]!) | 0;
    return sum;
  }

  #slotOf(topicFilter: string): number {
    let slot = ANY_BEGINNING;
    let hash = this.#hashSeed;
    let levels = 0;
    for (let i = 0; i < topicFilter.length; i++) {
      const unit = topicFilter.charCodeAt(i);
      if (unit === PLUS || unit === HASH) return slot;
      if (unit === SLASH && ++levels <= MAX_BEGINNING_LEVELS) slot = finishTextHash(hash) & COUNTER_MASK;
      hash = stepTextHash(hash, unit);
    }
    return COUNTERS + (finishTextHash(hash) & COUNTER_MASK);
  }
}
