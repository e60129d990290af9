/** Why things failed, in words, and how often. Bounded: the words may be a server's. */
import type { Reasons } from './thread-messages.ts';

/** Different reasons that are kept; further ones are counted together. */
export const KEPT_REASONS = 20;
const OTHER = 'other reasons';

export class ReasonTally {
  readonly #counts: Map<string, number>;

  constructor() {
    this.#counts = new Map();
  }

  add(reason: string, count = 1): void {
    const isKept = this.#counts.has(reason) || this.#counts.size < KEPT_REASONS;
    const key = isKept ? reason : OTHER;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
  }

  addAll(reasons: Reasons): void {
    for (const [reason, count] of Object.entries(reasons)) this.add(reason, count);
  }

  get total(): number {
    let total = 0;
    for (const count of this.#counts.values()) total += count;
    return total;
  }

  /** The most frequent first. */
  get reasons(): Reasons {
    return Object.fromEntries([...this.#counts].sort(([, a], [, b]) => b - a));
  }
}

/** What was thrown, in words. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
