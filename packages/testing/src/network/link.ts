/**
 * One connection between a client and the broker, without a network: two pipes, an end at each side, and somebody who
 * reads along.
 *
 *     client ──write──▶ splitter ──▶ log, faults ──▶ pipe ──▶ broker
 *     client ◀── pipe ◀── log, faults ◀── splitter ◀──write── broker
 *
 * It ends like a TCP connection: who ends it is told after the other side, and what was written before arrives first;
 * who destroys it is told soon, and the other side when the end has come through; and a cut is told to both.
 */
import type { Transport as BrokerTransport, TransportSink } from '@martlet/broker';
import type { Transport as ClientTransport, TransportListener } from '@martlet/client';
import type { Faults } from '../faults/faults.ts';
import type { RecentEntries } from '../recent-entries.ts';
import type { VirtualTime } from '../time/virtual-time.ts';
import type { Direction, LoggedPacket } from './logged-packet.ts';
import type { ReadPiece } from './packet-reading.ts';
import { PacketReading } from './packet-reading.ts';
import { joined } from './packet-splitter.ts';
import type { PipeEnds } from './pipe.ts';
import { Pipe } from './pipe.ts';

export interface LinkParts {
  readonly time: VirtualTime;
  readonly faults: Faults;
  readonly log: RecentEntries<LoggedPacket>;
  /** Both sides have been told of the end. */
  readonly onGone: (link: Link) => void;
}

export class Link {
  readonly client: ClientTransport;
  readonly broker: BrokerTransport;
  readonly #parts: LinkParts;
  readonly #reading: PacketReading;
  readonly #toBroker: Pipe;
  readonly #toClient: Pipe;
  /** Null once it has been told of the end. */
  #listener: TransportListener | null;
  #sink: TransportSink | null;
  /** It has ended the connection: what still arrives is not handed in. */
  #brokerEnded: boolean;

  /** @param peer what the broker is told of where the client is */
  constructor(parts: LinkParts, peer: string, listener: TransportListener) {
    this.#parts = parts;
    this.#reading = new PacketReading(parts.time, parts.log);
    this.#listener = listener;
    this.#sink = null;
    this.#brokerEnded = false;
    this.#toBroker = new Pipe(parts.time, this.#brokerEnds());
    this.#toClient = new Pipe(parts.time, this.#clientEnds());
    this.client = this.#clientTransport();
    this.broker = this.#brokerTransport(peer);
  }

  /** Who has connected; undefined before CONNECT, or before the broker has given a client identifier. */
  get clientId(): string | undefined {
    return this.#reading.clientId;
  }

  /** The broker has taken the connection. Nothing has been written yet. */
  attached(sink: TransportSink): void {
    this.#sink = sink;
  }

  /** Conditions have changed: what was held up may flow. */
  flow(): void {
    this.#toBroker.flow();
    this.#toClient.flow();
  }

  /** The connection breaks: both sides are told, soon, and what is on its way is lost. */
  cut(): void {
    this.#toBroker.abandon();
    this.#toClient.abandon();
    this.#parts.time.soon(() => {
      this.#tellBroker('ECONNRESET');
      this.#tellClient(connectionReset());
    });
  }

  #write(direction: Direction, pipe: Pipe, bytes: Uint8Array): boolean {
    for (const { bytes: piece, packet } of this.#reading.read(direction, bytes)) {
      const instead = packet === null ? undefined : this.#replacementOf(direction, packet);
      if (packet === null || instead === undefined) {
        pipe.push(piece, packet);
        continue;
      }
      packet.state = 'lost';
      for (const forged of instead) pipe.push(forged.bytes, forged.packet);
    }
    return pipe.hasRoom;
  }

  /** A mistake in what the test gives in place of a packet is the test's to see, not the broker's or the client's. */
  #replacementOf(direction: Direction, packet: LoggedPacket): readonly ReadPiece[] | undefined {
    try {
      const instead = this.#parts.faults.replacementOf(this, packet);
      return instead && this.#reading.forge(direction, instead);
    } catch (error) {
      this.#parts.time.soon(() => {
        throw error;
      });
      return undefined;
    }
  }

  #clientTransport(): ClientTransport {
    return {
      write: (bytes) => this.#write('toBroker', this.#toBroker, bytes),
      end: () => this.#toBroker.end(),
      destroy: () => {
        if (this.#listener === null) return;
        this.#toClient.abandon();
        this.#toBroker.breakOff();
        this.#parts.time.soon(() => this.#tellClient());
      },
      pause: () => this.#toClient.pause(),
      resume: () => this.#toClient.resume(),
    };
  }

  #brokerTransport(peer: string): BrokerTransport {
    // What the broker writes it may overwrite afterwards.
    const write = (pieces: readonly Uint8Array[]): boolean =>
      this.#write('toClient', this.#toClient, joined(pieces));
    return {
      peer,
      write: (bytes) => write([bytes]),
      writeAll: write,
      pause: () => this.#toBroker.pause(),
      resume: () => this.#toBroker.resume(),
      end: () => {
        this.#brokerEnded = true;
        this.#toBroker.resume();
        this.#toClient.end();
      },
      destroy: () => {
        if (this.#sink === null) return;
        this.#toBroker.abandon();
        this.#toClient.breakOff();
        this.#parts.time.soon(() => this.#tellBroker(null));
      },
    };
  }

  /** Where what the client writes arrives. */
  #brokerEnds(): PipeEnds {
    return {
      conditions: () => this.#parts.faults.conditionsFor(this, 'toBroker'),
      onBytes: (bytes) => {
        if (!this.#brokerEnded) this.#sink?.receive(bytes, 0, bytes.length);
      },
      onCarried: (bytes) => this.#parts.faults.onCarried(this, 'toBroker', bytes),
      onEnd: () => {
        this.#tellBroker(null);
        this.#toClient.end();
      },
      onRoom: () => this.#listener?.onDrain(),
    };
  }

  /** Where what the broker writes arrives. */
  #clientEnds(): PipeEnds {
    return {
      conditions: () => this.#parts.faults.conditionsFor(this, 'toClient'),
      onBytes: (bytes) => this.#listener?.onBytes(bytes),
      onCarried: (bytes) => this.#parts.faults.onCarried(this, 'toClient', bytes),
      onEnd: () => {
        this.#tellClient();
        this.#toBroker.breakOff();
      },
      onRoom: () => this.#sink?.onDrained(),
    };
  }

  #tellBroker(cause: string | null): void {
    const sink = this.#sink;
    this.#sink = null;
    sink?.onClosed(cause);
    this.#goneIfTold();
  }

  #tellClient(error?: Error): void {
    const listener = this.#listener;
    this.#listener = null;
    if (error === undefined) listener?.onClose();
    else listener?.onClose(error);
    this.#goneIfTold();
  }

  #goneIfTold(): void {
    if (this.#sink === null && this.#listener === null) this.#parts.onGone(this);
  }
}

function connectionReset(): Error {
  return Object.assign(new Error('the test has cut the connection'), { code: 'ECONNRESET' });
}
