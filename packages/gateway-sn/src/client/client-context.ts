/** What the parts of a client share. */
import type { Deadlines } from '@martlet/protocol';
import type { SnMessage } from '../core/codec/message.ts';
import type { ResolvedSnOptions } from './checked.ts';
import type { ClientTopics } from './client-topics.ts';
import type { Congestion } from './congestion.ts';
import type { OneRequest, Request } from './one-request.ts';

export interface ClientContext {
  readonly options: ResolvedSnOptions;
  readonly deadlines: Deadlines;
  readonly requests: OneRequest;
  readonly topics: ClientTopics;
  readonly congestion: Congestion;
  readonly packetIds: ClientPacketIds;
  /** Monotonic. */
  nowMs: number;
  /** @returns false if it is longer than the way to the gateway carries */
  send(message: SnMessage): boolean;
}

const HIGHEST = 65_535;

/**
 * Packet identifiers of what this client asks. One is under way at a time and takes its identifier when its turn comes, so no
 * two are open under one, however often they begin anew. The gateway's are a space of their own.
 */
export class ClientPacketIds {
  #last = 0;

  next(): number {
    this.#last = this.#last === HIGHEST ? 1 : this.#last + 1;
    return this.#last;
  }
}

/** Asks when the turn comes, of what is known then. @param make settles and returns null if there is nothing to ask */
export function askLater(
  context: ClientContext,
  make: () => Request | null,
  onFailed: Request['onFailed'],
): void {
  context.requests.ask({ begin: make, onFailed }, context.nowMs);
}
