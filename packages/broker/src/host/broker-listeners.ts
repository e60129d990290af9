/**
 * The listeners of one broker: each is opened with the broker's own way in, so that it is known through which of them a
 * connection came, and each can be stopped by itself.
 */
import { BrokerClosedError } from '../broker-closed-error.ts';
import type { ListenerRefusal, ListenerRefusalCounts } from '../core/ports/listener-refusal.ts';
import { noListenerRefusals } from '../core/ports/listener-refusal.ts';
import type { Log } from '../core/ports/log.ts';
import type { Accept, Origin, Transport, TransportSink } from '../core/ports/transport.ts';
import type { Listener } from '../listeners/listener.ts';

/** Opens a listener that hands its connections to `accept`. */
export type OpenListener = (accept: Accept, log: Log) => Promise<Listener>;

/** What the broker does with connections; `listener` stands for the listener through which they came. */
interface ListenerConnections {
  attach(transport: Transport, origin: Origin, listener: object): TransportSink | null;
  disconnect(listener: object): void;
}

export class BrokerListeners {
  readonly #connections: ListenerConnections;
  readonly #log: Log;
  /** What stands for each of them in the core. */
  readonly #open: Map<Listener, object>;
  /** They accept nothing any more, and have connections yet. */
  readonly #stopped: Set<Listener>;
  /** Of those that are closed. */
  readonly #formerRefusals: Record<ListenerRefusal, number>;
  #closed: boolean;

  constructor(connections: ListenerConnections, log: Log) {
    this.#connections = connections;
    this.#log = log;
    this.#open = new Map();
    this.#stopped = new Set();
    this.#formerRefusals = noListenerRefusals();
    this.#closed = false;
  }

  /** Those that accept connections. */
  get all(): readonly Listener[] {
    return [...this.#open.keys()];
  }

  /** Of all listeners that there have been: no count falls when one is closed. */
  get refusals(): ListenerRefusalCounts {
    const sum = { ...this.#formerRefusals };
    for (const listener of [...this.#open.keys(), ...this.#stopped]) addRefusals(sum, listener);
    return sum;
  }

  async open(open: OpenListener, operation: string): Promise<Listener> {
    if (this.#closed) throw new BrokerClosedError(operation);
    const key = {};
    const accept: Accept = (transport, origin) => this.#connections.attach(transport, origin, key);
    const listener = await open(accept, this.#log);
    if (this.#closed) {
      await listener.close();
      throw new BrokerClosedError(operation);
    }
    this.#open.set(listener, key);
    return listener;
  }

  /** Accepts nothing more there; fulfils when the last of its connections has closed. */
  async stop(listener: Listener, disconnect: boolean): Promise<void> {
    const key = this.#open.get(listener);
    if (key === undefined) return;
    this.#open.delete(listener);
    this.#stopped.add(listener);
    try {
      // The lingering of `close` is for connections that the core has ended; those that stay are left alone.
      const stopped = disconnect ? listener.close() : listener.stop();
      if (disconnect) this.#connections.disconnect(key);
      await stopped;
    } finally {
      this.#stopped.delete(listener);
      addRefusals(this.#formerRefusals, listener);
    }
  }

  /** Accepts nothing more anywhere; fulfils when the last connection has closed. */
  async close(): Promise<void> {
    this.#closed = true;
    const listeners = [...this.#open.keys(), ...this.#stopped];
    await Promise.all(listeners.map((listener) => listener.close()));
    for (const listener of this.#open.keys()) addRefusals(this.#formerRefusals, listener);
    this.#open.clear();
  }
}

function addRefusals(sum: Record<ListenerRefusal, number>, { refusals }: Listener): void {
  if (refusals === undefined) return;
  for (const refusal of Object.keys(sum) as ListenerRefusal[]) sum[refusal] += refusals[refusal];
}
