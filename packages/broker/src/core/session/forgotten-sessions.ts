/**
 * Clients whose sessions have ended, while a crash could still bring those back: that a client has no session may be told
 * only when that stays true.
 */
import type { Commits } from '../commits.ts';
import { AT_ONCE } from '../commits.ts';
import { Durability } from '../ports/durability.ts';

export class ForgottenSessions {
  readonly #commits: Commits;
  /** By client identifier the commit that covers the end, in the order of these. */
  readonly #ends: Map<string, number>;

  constructor(commits: Commits) {
    this.#commits = commits;
    this.#ends = new Map();
  }

  /** That the client's session has ended has just been staged. */
  add(clientId: string): void {
    if (!this.#commits.holds(Durability.Disk)) return;
    this.#ends.delete(clientId); // it goes to the end
    this.#ends.set(clientId, this.#commits.gathering);
  }

  has(clientId: string): boolean {
    return this.#ends.has(clientId);
  }

  /** The commit after which it is true, to this level, that the client has no session from before. */
  commitFor(clientId: string, level: Durability): number {
    return this.#ends.has(clientId) ? this.#commits.latest(level) : AT_ONCE;
  }

  /** A commit is done: what survives a power cut is certain. */
  onCommitted(): void {
    for (const [clientId, commit] of this.#ends) {
      if (commit > this.#commits.synced) return;
      this.#ends.delete(clientId);
    }
  }
}
