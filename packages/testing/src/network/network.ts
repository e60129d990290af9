/** All connections between a test's clients and its broker, and the opener that makes them. */
import type { OpenTransport, Transport, TransportListener } from '@martlet/client';
import { Faults } from '../faults/faults.ts';
import { RecentEntries } from '../recent-entries.ts';
import type { VirtualTime } from '../time/virtual-time.ts';
import { Link } from './link.ts';
import type { LoggedPacket } from './logged-packet.ts';

export class Network {
  readonly faults: Faults;
  readonly log: RecentEntries<LoggedPacket>;
  readonly #time: VirtualTime;
  readonly #accept: (link: Link) => boolean;
  readonly #links: Set<Link>;
  #opened: number;

  /** @param accept gives a new connection to the broker; false if the broker takes none */
  constructor(time: VirtualTime, accept: (link: Link) => boolean) {
    this.#time = time;
    this.#accept = accept;
    this.#links = new Set();
    this.#opened = 0;
    this.log = new RecentEntries();
    this.faults = new Faults({ connections: this.#links, flow: () => this.#flow() });
  }

  /** For clients, in place of a socket. Wherever the server is said to be, it is here. */
  readonly open: OpenTransport = async (_server, listener, signal) => {
    await new Promise<void>((resolve) => this.#time.soon(resolve));
    signal.throwIfAborted();
    return this.#connect(listener);
  };

  /** Every connection breaks. */
  cutAll(): void {
    for (const link of this.#links) link.cut();
  }

  #connect(listener: TransportListener): Transport {
    if (this.faults.takeRefusal()) throw refused('a fault was ordered that refuses connections');
    const parts = {
      time: this.#time,
      faults: this.faults,
      log: this.log,
      onGone: (gone: Link) => {
        this.#links.delete(gone);
        this.faults.onGone(gone);
      },
    };
    const link = new Link(parts, `test:${++this.#opened}`, listener);
    if (!this.#accept(link))
      throw refused('the test broker is down, or has as many connections as it may have');
    this.#links.add(link);
    return link.client;
  }

  #flow(): void {
    for (const link of this.#links) link.flow();
  }
}

function refused(why: string): Error {
  return Object.assign(new Error(`the connection was refused: ${why}`), { code: 'ECONNREFUSED' });
}
