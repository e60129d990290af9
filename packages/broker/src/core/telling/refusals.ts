/**
 * What was refused lately, and why: CONNECT, SUBSCRIBE and UNSUBSCRIBE filters, PUBLISH; and why connections ended. A ring
 * for each, within a limit, so that many of one kind do not wash away the others. For people who ask why.
 */
import type { ReasonCode } from '@martlet/protocol';
import type { ClientIdentity, RuleReference } from '../ports/authorizer.ts';

const ACTIONS = ['connect', 'publish', 'subscribe', 'unsubscribe', 'end'] as const;
/** `end`: the connection of a client that had been accepted. */
export type RefusedAction = (typeof ACTIONS)[number];

export interface Refused {
  readonly action: RefusedAction;
  /** Empty if the client had none yet. */
  readonly clientId: string;
  /** Undefined where it does not matter, and for a client without. */
  readonly username: string | undefined;
  /** Of a connection; empty for others. */
  readonly peer: string;
  /** Name of a topic, or filter; empty for a connection. */
  readonly topic: string;
  /** In MQTT 5 terms; undefined where there is none. */
  readonly reasonCode: ReasonCode | undefined;
  readonly reason: string;
  readonly rule: RuleReference | undefined;
}

/** Equal refusals that followed each other are one, with the latest peer. */
export interface NotedRefusal extends Refused {
  readonly count: number;
  /** Wall clock. */
  readonly firstAtWallMs: number;
  readonly lastAtWallMs: number;
}

/** With its place among all, because several are noted at one time. */
type Entry = { -readonly [Field in keyof NotedRefusal]: NotedRefusal[Field] } & { order: number };

export class Refusals {
  readonly #limit: () => number;
  readonly #wallMs: () => number;
  /** Of connections that ended, the latest, oldest first. */
  readonly #lastClients: Map<string, ClientIdentity>;
  #order = 0;
  readonly #rings: { readonly [Action in RefusedAction]: Ring };

  /**
   * @param limit of each ring, as it is now
   * @param wallMs the wall clock
   */
  constructor(limit: () => number, wallMs: () => number) {
    this.#lastClients = new Map();
    this.#limit = limit;
    this.#wallMs = wallMs;
    this.#rings = {
      connect: new Ring(),
      publish: new Ring(),
      subscribe: new Ring(),
      unsubscribe: new Ring(),
      end: new Ring(),
    };
  }

  add(refused: Refused): void {
    this.#rings[refused.action].add(refused, this.#limit(), this.#wallMs(), ++this.#order);
  }

  /** A connection of an accepted client has ended. */
  addEnd(client: ClientIdentity, reasonCode: ReasonCode, reason: string): void {
    const { clientId, username, peer } = client;
    const action = 'end';
    this.#lastClients.delete(clientId);
    this.#lastClients.set(clientId, client);
    for (const oldest of this.#lastClients.keys()) {
      if (this.#lastClients.size <= this.#limit()) break;
      this.#lastClients.delete(oldest);
    }
    this.add({ action, clientId, username, peer, topic: '', reasonCode, reason, rule: undefined });
  }

  /** Who the client was when its connection ended; undefined if that is not remembered. */
  lastIdentityOf(clientId: string): ClientIdentity | undefined {
    return this.#lastClients.get(clientId);
  }

  /** The latest, oldest first: of one client or of all. */
  latest(clientId?: string): NotedRefusal[] {
    return ACTIONS.flatMap((action) => this.#rings[action].entries)
      .filter((entry) => clientId === undefined || entry.clientId === clientId)
      .sort((a, b) => a.order - b.order)
      .map(({ order: _, ...refusal }) => refusal);
  }
}

class Ring {
  /** In no order once the ring has come round. */
  entries: Entry[] = [];
  #last = -1;

  add(refused: Refused, limit: number, wallMs: number, order: number): void {
    if (this.entries.length > limit) this.#forget();
    if (limit === 0) return;
    const last = this.entries[this.#last];
    if (last !== undefined && isSame(last, refused)) {
      last.count++;
      last.peer = refused.peer;
      last.lastAtWallMs = wallMs;
      last.order = order;
      return;
    }
    this.#last = this.entries.length < limit ? this.entries.length : (this.#last + 1) % limit;
    this.entries[this.#last] = { ...refused, count: 1, firstAtWallMs: wallMs, lastAtWallMs: wallMs, order };
  }

  /** The limit has become lower. */
  #forget(): void {
    this.entries = [];
    this.#last = -1;
  }
}

function isSame(a: Refused, b: Refused): boolean {
  return (
    a.clientId === b.clientId &&
    a.topic === b.topic &&
    a.reason === b.reason &&
    a.reasonCode === b.reasonCode &&
    a.username === b.username
  );
}
