/** The connections of one thread: those that are online, by what they are for. A connection that is lost stays lost. */
import type { Client, ConnectOptions } from '@martlet/client';
import type { BenchPlan } from './bench-plan.ts';
import { shareOf } from './bench-plan.ts';
import { openConnections } from './connecting.ts';
import type { LoadMeter } from './load-meter.ts';
import { ReasonTally, reasonOf } from './reason-tally.ts';
import type { LoopHost } from './send-loop.ts';
import { clearSessions } from './session-clearing.ts';
import type { NumberedClient } from './subscribing-load.ts';

export type Role = 'receiver' | 'publisher' | 'idle';

/** What a connection is for. */
export interface Place {
  readonly role: Role;
  /** Among all of its role in the run. */
  readonly index: number;
}

/** What connections have of their thread. */
export interface ConnectionsHost {
  /** Of every connection, but for its client identifier. */
  readonly options: ConnectOptions;
  connect(options: ConnectOptions): Client;
  readonly meter: LoadMeter;
  readonly loop: LoopHost;
  /** No more are opened from then on. */
  readonly signal: AbortSignal;
  /** One that was online is so no more, and not by `close`. */
  onLost(place: Place, error: unknown): void;
}

export class LoadConnections {
  readonly #plan: BenchPlan;
  readonly #thread: number;
  readonly #host: ConnectionsHost;
  readonly #online: Map<Place, Client>;
  #isClosing: boolean;

  constructor(plan: BenchPlan, thread: number, host: ConnectionsHost) {
    this.#plan = plan;
    this.#thread = thread;
    this.#host = host;
    this.#online = new Map();
    this.#isClosing = false;
  }

  /** Whether none is left. */
  get isEmpty(): boolean {
    return this.#online.size === 0;
  }

  /** Those that are online, in the order of their numbers. */
  of(role: Role): readonly NumberedClient[] {
    const numbered: NumberedClient[] = [];
    for (const [place, client] of this.#online) {
      if (place.role === role) numbered.push({ index: place.index, client });
    }
    return numbered.sort((a, b) => a.index - b.index);
  }

  /** Fulfils when each was answered: with the reasons for which some are not there. */
  async open(): Promise<ReasonTally> {
    const plan = this.#plan;
    const placesOf = (role: Role, count: number): readonly Place[] =>
      shareOf(plan, this.#thread, count).map((index) => ({ role, index }));
    const places = [
      ...placesOf('receiver', plan.subscribers),
      ...placesOf('publisher', plan.publishers),
      ...placesOf('idle', plan.idle),
    ];
    const refused = new ReasonTally();
    const open = (number: number, intendedUs: number): Promise<Client | null> =>
      this.#open(places[number]!, intendedUs, refused);
    const { loop, signal } = this.#host;
    await openConnections(plan, this.#thread, places.length, open, loop, signal);
    return refused;
  }

  /**
   * Closes all, and takes away the sessions that they had asked the server to keep.
   * @param waitMs for what is under way, each
   * @param clearMs for each session
   */
  async close(waitMs: number, clearMs: number): Promise<void> {
    this.#isClosing = true;
    const clients = [...this.#online.values()];
    const clientIds = clients.map(({ clientId }) => clientId);
    await Promise.all(clients.map((client) => client.close({ timeoutMs: waitMs })));
    await clearSessions(clientIds, this.#host.options, this.#host.connect, clearMs);
  }

  async #open(place: Place, intendedUs: number, refused: ReasonTally): Promise<Client | null> {
    const { options, connect, meter, loop, signal } = this.#host;
    const client = connect({ ...options, clientId: `${options.clientId}-${place.role[0]}${place.index}` });
    // What failed is asked of each message; and a client that nobody listens to writes to the console.
    client.on('error', () => {});
    client.on('warning', () => {});
    let offlineBy: unknown;
    client.on('offline', ({ error }) => {
      offlineBy = error;
      if (this.#online.delete(place) && !this.#isClosing) this.#host.onLost(place, error);
    });
    try {
      await client.connected({ signal });
    } catch (error) {
      if (!signal.aborted) refused.add(reasonOf(offlineBy ?? error));
      void client.close({ timeoutMs: 0 });
      return null;
    }
    this.#online.set(place, client);
    meter.onAnswered(loop.nowUs(), intendedUs);
    meter.counts.connected++;
    return client;
  }
}
