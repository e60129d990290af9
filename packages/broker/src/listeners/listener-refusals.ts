/**
 * Why listeners have closed connections before the broker saw them. Each is counted; the log gets one line for each reason in
 * ten seconds, since whoever knocks once knocks a thousand times.
 */
import type { ListenerRefusal } from '../core/ports/listener-refusal.ts';
import { LISTENER_REFUSALS, noListenerRefusals } from '../core/ports/listener-refusal.ts';
import type { Log } from '../core/ports/log.ts';

const INTERVAL_MS = 10_000;
/** Reasons that are told apart; further ones share the line of their kind. */
const MAXIMUM_REASONS = 64;

interface Reported {
  nextMs: number;
  unreported: number;
}

export class ListenerRefusals {
  readonly counts: Record<ListenerRefusal, number>;
  readonly #log: Log;
  readonly #listener: { readonly name: string };
  readonly #now: () => number;
  readonly #reported = new Map<string, Reported>();

  /** @param now A monotonic clock, in ms. */
  constructor(log: Log, listener: { readonly name: string }, now: () => number = () => performance.now()) {
    this.counts = noListenerRefusals();
    this.#log = log;
    this.#listener = listener;
    this.#now = now;
  }

  /**
   * @param peer Where the connection came from.
   * @param reason What was wrong, in words that do not depend on the peer; the kind's own if there is nothing to add.
   */
  report(kind: ListenerRefusal, peer: string, reason: string = LISTENER_REFUSALS[kind].text): void {
    this.counts[kind]++;
    const reported = this.#reportedOf(`${kind} ${reason}`, kind);
    const nowMs = this.#now();
    if (nowMs < reported.nextMs) {
      reported.unreported++;
      return;
    }
    const more = reported.unreported > 0 ? ` (and ${reported.unreported} more since the last report)` : '';
    reported.nextMs = nowMs + INTERVAL_MS;
    reported.unreported = 0;
    const { level } = LISTENER_REFUSALS[kind];
    this.#log.write(
      level,
      kind,
      `${this.#listener.name}: closed the connection from ${peer}: ${reason}${more}`,
    );
  }

  #reportedOf(reason: string, kind: string): Reported {
    const found = this.#reported.get(reason);
    if (found !== undefined) return found;
    const key = this.#reported.size < MAXIMUM_REASONS ? reason : kind;
    const reported = this.#reported.get(key) ?? { nextMs: Number.NEGATIVE_INFINITY, unreported: 0 };
    this.#reported.set(key, reported);
    return reported;
  }
}
