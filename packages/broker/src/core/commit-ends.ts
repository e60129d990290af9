/** The end of a commit, an input of its own: what waited for it leaves, or who waited for it is told that nothing is kept. */
import type { Connection } from './connection/connection.ts';
import type { CoreContext } from './context.ts';
import type { KeepingRefusal } from './keeping.ts';
import { failureFor } from './keeping.ts';
import type { Outbox } from './output/outbox.ts';
import type { StoreError } from './ports/store.ts';
import type { Outgoing } from './publish/outgoing.ts';
import type { Exchanges } from './session/exchanges.ts';
import type { Session } from './session/session.ts';
import type { Sessions } from './session/sessions.ts';

/** The broker's parts that are concerned. */
interface Parts {
  readonly context: CoreContext;
  readonly sessions: Sessions;
  readonly exchanges: Exchanges;
  readonly outgoing: Outgoing;
}

export class CommitEnds {
  readonly #parts: Parts;
  readonly #connections: Iterable<Connection>;
  readonly #onKept: (commit: number, error: StoreError | null) => void;

  /** @param onKept told of each */
  constructor(
    parts: Parts,
    connections: Iterable<Connection>,
    onKept: (commit: number, error: StoreError | null) => void,
  ) {
    this.#parts = parts;
    this.#connections = connections;
    this.#onKept = onKept;
  }

  onCommitted(commit: number, error: StoreError | null): void {
    const { context, sessions, exchanges } = this.#parts;
    context.sampleClock();
    context.commits.ended(commit, error, context.nowMs);
    if (error === null) {
      context.metrics.commits++;
      context.keeping.onKept(context.nowMs);
    } else {
      context.metrics.commitsFailed++;
      context.keeping.onFailed(error, context.nowMs);
      this.#endWaiting(context.dropHeld(commit), failureFor(error)); // [MQTT-4.8.0-2] 3.1.1
    }
    context.releaseHeld((outbox, failure) => this.endUnwritable(outbox, failure));
    context.stagingRoom.onChange();
    if (error === null) {
      sessions.forgotten.onCommitted();
      for (const session of exchanges.onCommitted(commit)) this.#pump(session);
    }
    context.requestTurn();
    this.#onKept(commit, error);
  }

  /** The peer of this outbox cannot be written to. */
  endUnwritable(outbox: Outbox, error: unknown): void {
    for (const connection of this.#connections) if (connection.outbox === outbox) connection.fail(error);
  }

  #pump(session: Session): void {
    try {
      this.#parts.outgoing.pump(session);
    } catch (error) {
      session.holder?.onFailed(error);
    }
  }

  /**
   * Not PUBACK or PUBREC with a failure: what they sent has been routed and is staged again, so that it may be kept yet.
   * Who comes again and sends it again learns what has become of it.
   */
  #endWaiting(waiting: ReadonlySet<Outbox>, { reasonCode, reasonString }: KeepingRefusal): void {
    for (const connection of this.#connections) {
      if (waiting.has(connection.outbox)) connection.shutDown(reasonCode, reasonString);
    }
  }
}
