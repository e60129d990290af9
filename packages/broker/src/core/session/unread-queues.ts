/**
 * Sessions whose clients are there and for whom something waits that could not be read from the store just now: each is
 * asked for again after a while, at first soon, then less and less often. Nothing else would: what a client is to be
 * given is read when it acknowledges something, or when something comes for it.
 */
import type { Deadline } from '@martlet/protocol';
import type { CoreContext } from '../context.ts';
import type { Session } from './session.ts';

/** Ms to the next attempt; doubled by each that leaves something unread. */
const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 10_000;

export class UnreadQueues {
  readonly #context: CoreContext;
  readonly #pump: (session: Session) => void;
  readonly #sessions: Set<Session>;
  readonly #deadline: Deadline;
  #retryMs: number;

  /** @param pump sends what waits for the session; it adds the session again if that cannot be read yet */
  constructor(context: CoreContext, pump: (session: Session) => void) {
    this.#context = context;
    this.#pump = pump;
    this.#sessions = new Set();
    this.#deadline = { heapIndex: -1, onDue: () => this.#readAgain() };
    this.#retryMs = FIRST_RETRY_MS;
  }

  /** Something waits for this connected session that cannot be read now. */
  add(session: Session): void {
    this.#sessions.add(session);
    if (this.#deadline.heapIndex < 0)
      this.#context.deadlines.set(this.#deadline, this.#context.nowMs + this.#retryMs);
  }

  #readAgain(): void {
    const sessions = [...this.#sessions];
    this.#sessions.clear();
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
    for (const session of sessions) {
      if (session.output === null) continue;
      try {
        this.#pump(session);
      } catch (error) {
        session.holder?.onFailed(error);
      }
    }
    if (this.#sessions.size === 0) this.#retryMs = FIRST_RETRY_MS;
  }
}
