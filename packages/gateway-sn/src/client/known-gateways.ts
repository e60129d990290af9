/**
 * The gateways that were heard (section 6.1). One that advertises itself is given up when N_ADV of its ADVERTISE in a row have
 * not come; one that has only answered promised nothing, and is kept.
 */
import type { Deadline, Deadlines } from '@martlet/protocol';

export interface FoundGateway {
  readonly gatewayId: number;
  readonly host: string;
  readonly port: number;
  /** ADVERTISE said when the next one comes, in seconds; undefined for GWINFO. */
  readonly duration: number | undefined;
}

interface Known extends Deadline {
  gateway: FoundGateway;
}

/** As many as there are identifiers of gateways; anyone may claim to be one. */
const MOST_KNOWN = 256;
const MS_PER_SECOND = 1000;
/** An ADVERTISE that comes a little late is not missed. */
const LATE = 0.1;

export class KnownGateways {
  readonly #deadlines: Deadlines;
  readonly #missed: number;
  readonly #onFound: (gateway: FoundGateway) => void;
  readonly #onGone: (gateway: FoundGateway) => void;
  readonly #known = new Map<string, Known>();

  /** @param missed N_ADV */
  constructor(
    deadlines: Deadlines,
    missed: number,
    onFound: (gateway: FoundGateway) => void,
    onGone: (gateway: FoundGateway) => void,
  ) {
    this.#deadlines = deadlines;
    this.#missed = missed;
    this.#onFound = onFound;
    this.#onGone = onGone;
  }

  /** Those that are there as far as is known, the one that was found first in front. */
  get all(): readonly FoundGateway[] {
    return [...this.#known.values()].map(({ gateway }) => gateway);
  }

  heard(gateway: FoundGateway, nowMs: number): void {
    const key = `${gateway.gatewayId} ${gateway.host} ${gateway.port}`;
    let known = this.#known.get(key);
    const isNew = known === undefined;
    if (known === undefined) {
      if (this.#known.size >= MOST_KNOWN) return;
      known = { gateway, heapIndex: -1, onDue: () => this.#giveUp(key) };
      this.#known.set(key, known);
    }
    if (gateway.duration !== undefined) {
      known.gateway = gateway;
      const lastsMs = gateway.duration * MS_PER_SECOND * (this.#missed + LATE);
      this.#deadlines.set(known, nowMs + lastsMs);
    }
    if (isNew) this.#onFound(gateway);
  }

  #giveUp(key: string): void {
    const known = this.#known.get(key);
    if (known === undefined) return;
    this.#known.delete(key);
    this.#onGone(known.gateway);
  }

  stop(): void {
    for (const known of this.#known.values()) this.#deadlines.clear(known);
  }
}
