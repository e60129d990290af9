/**
 * Connections to a broker in this process, through its connection port: no socket, no second keep alive. What the broker
 * writes is handed on after its turn, because neither side calls the other from inside a call.
 */
import type { Origin, Transport, TransportSink } from '@martlet/broker';
import type { ClientPacket, ConnectPacket } from '@martlet/protocol';
import { encodePacket, ProtocolVersion } from '@martlet/protocol';
import type { Peer } from '../core/ports/link.ts';
import type { Upstream, UpstreamHandler, Upstreams } from '../core/ports/upstream.ts';
import { PacketChannel } from './packet-channel.ts';

export interface BrokerUpstreamsOptions {
  /** Of the broker: `(transport, origin) => broker.attach(transport, origin)`. */
  readonly attach: (transport: Transport, origin: Origin) => TransportSink | null;
  readonly origin: Origin;
  /** Runs it after the inputs of this round, before the process sleeps. */
  readonly soon: (run: () => void) => void;
  /** Messages of a client that have not come to their end: `(clientId) => broker.unfinishedMessages(clientId)`. */
  readonly unfinishedMessages: (clientId: string) => number;
  /** The user name that a client has in the broker, since MQTT-SN has none. @default none */
  readonly usernameOf?: (clientId: string, peer: Peer) => string | undefined;
  /** Called before packets are handed on, for the gateway's clock, and after it, for its timer. */
  readonly onTurn: () => void;
}

/** Packets that wait while the broker reads nothing; of QoS 0, no more messages are taken then. */
const MOST_TO_BROKER = 100;

export class BrokerUpstreams implements Upstreams {
  readonly keepAlive = 0;
  readonly #options: BrokerUpstreamsOptions;
  readonly #markThis: (connection: BrokerConnection) => void;
  #dirty: BrokerConnection[] = [];

  constructor(options: BrokerUpstreamsOptions) {
    this.#options = options;
    this.#markThis = (connection) => this.#mark(connection);
  }

  open(peer: Peer, handler: UpstreamHandler): Upstream | null {
    const { attach, origin } = this.#options;
    const connection = new BrokerConnection(peer, handler, this.#options, this.#markThis);
    const sink = attach(connection, origin);
    if (sink === null) return null;
    connection.start(sink);
    return connection;
  }

  #mark(connection: BrokerConnection): void {
    if (this.#dirty.length === 0) this.#options.soon(() => this.#drain());
    this.#dirty.push(connection);
  }

  #drain(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    this.#options.onTurn();
    for (const connection of dirty) connection.drain();
    this.#options.onTurn();
  }
}

class BrokerConnection implements Transport, Upstream {
  readonly peer: string;
  readonly #handler: UpstreamHandler;
  readonly #from: Peer;
  readonly #options: BrokerUpstreamsOptions;
  readonly #mark: (connection: BrokerConnection) => void;
  readonly #channel: PacketChannel;
  #sink: TransportSink | null = null;
  #clientId = '';
  /** Written by the broker, and not handed on yet. */
  #written: Uint8Array[] = [];
  #marked = false;
  #paused = false;
  readonly #toBroker: Uint8Array[] = [];
  /** The broker has ended it; the gateway has. */
  #ended = false;
  #closed = false;

  constructor(
    peer: Peer,
    handler: UpstreamHandler,
    options: BrokerUpstreamsOptions,
    mark: (connection: BrokerConnection) => void,
  ) {
    this.peer = peer.text;
    this.#from = peer;
    this.#handler = handler;
    this.#options = options;
    this.#mark = mark;
    this.#channel = new PacketChannel((packet) => {
      if (!this.#closed) handler.onPacket(packet);
    });
  }

  start(sink: TransportSink): void {
    this.#sink = sink;
  }

  // ---- of the gateway ------------------------------------------------------------------------------------------------

  get unfinishedMessages(): number {
    return this.#options.unfinishedMessages(this.#clientId);
  }

  send(packet: ClientPacket): boolean {
    const sink = this.#sink;
    if (sink === null || this.#ended || this.#closed) return true;
    const bytes = encodePacket(
      packet.type === 'connect' ? this.#withUsername(packet) : packet,
      ProtocolVersion.V5,
    );
    if (!this.#paused && this.#toBroker.length === 0) {
      sink.receive(bytes, 0, bytes.length);
      return true;
    }
    // The broker reads nothing from this connection now, such as while an authenticator thinks.
    const isQos0 = packet.type === 'publish' && packet.qos === 0;
    if (isQos0 && this.#toBroker.length >= MOST_TO_BROKER) return false;
    this.#toBroker.push(bytes);
    return true;
  }

  #withUsername(packet: ConnectPacket): ConnectPacket {
    this.#clientId = packet.clientId;
    const username = this.#options.usernameOf?.(packet.clientId, this.#from);
    return username === undefined ? packet : { ...packet, username };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#schedule();
  }

  // ---- of the broker -------------------------------------------------------------------------------------------------

  write(bytes: Uint8Array): boolean {
    if (!this.#closed) this.#written.push(bytes.slice());
    this.#schedule();
    return true;
  }

  writeAll(pieces: readonly Uint8Array[]): boolean {
    for (const piece of pieces) this.write(piece);
    return true;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    if (this.#toBroker.length > 0) this.#schedule();
  }

  end(): void {
    this.#ended = true;
    this.#schedule();
  }

  destroy(): void {
    this.#written = [];
    this.end();
  }

  #schedule(): void {
    if (this.#marked) return;
    this.#marked = true;
    this.#mark(this);
  }

  /** Hands on what came, outside of any call of the broker. */
  drain(): void {
    this.#marked = false;
    const sink = this.#sink;
    const written = this.#written;
    this.#written = [];
    try {
      for (const bytes of written) this.#channel.receive(bytes);
    } catch {
      // The broker of this process speaks MQTT; should it ever not, the client begins anew.
      this.#ended = true;
    }
    while (sink !== null && !this.#paused && !this.#ended && this.#toBroker.length > 0) {
      const bytes = this.#toBroker.shift()!;
      sink.receive(bytes, 0, bytes.length);
    }
    if (sink === null || (!this.#ended && !this.#closed)) return;
    this.#sink = null;
    const wasClosed = this.#closed;
    this.#closed = true;
    sink.onClosed(null);
    if (!wasClosed) this.#handler.onClosed('the broker has closed the connection');
  }
}
