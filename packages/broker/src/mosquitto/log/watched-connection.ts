/**
 * A connection whose packets are told of in Mosquitto's words.
 *
 * Mosquitto says that a client is connected before it says that it sends CONNACK; here the broker tells after the turn in which it
 * did. So lines from CONNACK on wait until the broker has told who the client is. Where packets are not logged, only CONNECT is
 * looked at.
 */
import type { ConnectPacket, Packet } from '@martlet/protocol';
import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import type { Transport, TransportSink } from '../../core/ports/transport.ts';
import { publishText, receivedLines, sentLines, willLines } from './packet-lines.ts';
import { WatchedPackets } from './watched-packets.ts';

/** What a connection tells. */
export interface ConnectionWatcher {
  /** A line about a packet. */
  onLine(line: string): void;
  /** CONNECT has come: once the client is accepted, it is to be identified. */
  onConnect(connection: WatchedConnection): void;
  onClosed(connection: WatchedConnection): void;
}

/** PUBLISH packets of one client whose text is remembered for the case that they are refused. */
const MOST_REMEMBERED = 64;

export class WatchedConnection {
  /** As the broker's events name it. */
  readonly key: string;
  /** Stands for a client that is not known. */
  readonly #address: string;
  readonly #watcher: ConnectionWatcher;
  readonly #showsPackets: boolean;
  readonly #received: WatchedPackets;
  readonly #sent: WatchedPackets;
  /** By topic name, of the latest. */
  readonly #published: Map<string, string>;
  #version: ProtocolVersion;
  #connect: ConnectPacket | null;
  #client: string | null;
  /** What makes the lines from CONNACK on, until it is known who the client is. */
  #waiting: ((client: string) => readonly string[])[];
  #isAccepted: boolean;

  constructor(key: string, address: string, showsPackets: boolean, watcher: ConnectionWatcher) {
    this.key = key;
    this.#address = address;
    this.#watcher = watcher;
    this.#showsPackets = showsPackets;
    this.#version = ProtocolVersion.V311;
    const version = (): ProtocolVersion => this.#version;
    this.#received = new WatchedPackets(version, (packet) => this.#onReceived(packet));
    this.#sent = new WatchedPackets(version, (packet) => this.#onSent(packet));
    this.#published = new Map();
    this.#connect = null;
    this.#client = null;
    this.#waiting = [];
    this.#isAccepted = false;
  }

  get cleanStart(): boolean {
    return this.#connect?.cleanStart ?? true;
  }

  /** The broker has told who it is: what waited is told. */
  identify(clientId: string): void {
    this.#client = clientId;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const linesFor of waiting) this.#tell(linesFor);
  }

  /** What stands in parentheses about the latest PUBLISH to that topic; undefined if none is remembered. */
  publishTextOf(topicName: string): string | undefined {
    return this.#published.get(topicName);
  }

  watchedTransport(transport: Transport): Transport {
    return new WatchedTransport(transport, (bytes) => this.#sent.receive(bytes, 0, bytes.length));
  }

  watchedSink(sink: TransportSink): TransportSink {
    return new WatchedSink(
      sink,
      (bytes, start, end) => this.#received.receive(bytes, start, end),
      () => this.#watcher.onClosed(this),
    );
  }

  #onReceived(packet: Packet): void {
    if (packet.type === 'connect') {
      this.#version = packet.protocolVersion;
      this.#connect = packet;
      if (!this.#showsPackets) {
        this.#received.end();
        this.#sent.end();
      }
      this.#watcher.onConnect(this);
      return;
    }
    if (packet.type === 'publish') this.#remember(packet);
    this.#tell((client) => receivedLines(packet, client));
  }

  #remember(packet: Extract<Packet, { type: 'publish' }>): void {
    const { topicName } = packet;
    this.#published.delete(topicName);
    this.#published.set(topicName, publishText(packet));
    if (this.#published.size <= MOST_REMEMBERED) return;
    for (const oldest of this.#published.keys()) {
      this.#published.delete(oldest);
      break;
    }
  }

  #onSent(packet: Packet): void {
    if (packet.type === 'connack' && packet.reasonCode === ReasonCode.Success) {
      this.#isAccepted = true;
      const connect = this.#connect;
      if (connect !== null) this.#tell(() => willLines(connect));
    }
    this.#tell((client) => sentLines(packet, client, this.#version));
  }

  #tell(linesFor: (client: string) => readonly string[]): void {
    if (this.#isAccepted && this.#client === null) this.#waiting.push(linesFor);
    else for (const line of linesFor(this.#client ?? this.#address)) this.#watcher.onLine(line);
  }
}

class WatchedTransport implements Transport {
  readonly #inner: Transport;
  readonly #onSent: (bytes: Uint8Array) => void;

  constructor(inner: Transport, onSent: (bytes: Uint8Array) => void) {
    this.#inner = inner;
    this.#onSent = onSent;
  }

  get peer(): string {
    return this.#inner.peer;
  }

  get proxyPeer(): Transport['proxyPeer'] {
    return this.#inner.proxyPeer;
  }

  get security(): Transport['security'] {
    return this.#inner.security;
  }

  write(bytes: Uint8Array): boolean {
    this.#onSent(bytes);
    return this.#inner.write(bytes);
  }

  writeAll(pieces: readonly Uint8Array[]): boolean {
    for (const piece of pieces) this.#onSent(piece);
    return this.#inner.writeAll(pieces);
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  end(): void {
    this.#inner.end();
  }

  destroy(): void {
    this.#inner.destroy();
  }
}

class WatchedSink implements TransportSink {
  readonly #inner: TransportSink;
  readonly #onReceived: (bytes: Uint8Array, start: number, end: number) => void;
  readonly #onClosed: () => void;

  constructor(
    inner: TransportSink,
    onReceived: (bytes: Uint8Array, start: number, end: number) => void,
    onClosed: () => void,
  ) {
    this.#inner = inner;
    this.#onReceived = onReceived;
    this.#onClosed = onClosed;
  }

  receive(bytes: Uint8Array, start: number, end: number): void {
    this.#onReceived(bytes, start, end);
    this.#inner.receive(bytes, start, end);
  }

  onDrained(): void {
    this.#inner.onDrained();
  }

  onClosed(cause: string | null): void {
    this.#inner.onClosed(cause);
    this.#onClosed();
  }

  readInto(): Uint8Array | null {
    return this.#inner.readInto?.() ?? null;
  }

  get maximumMessageBytes(): number {
    return this.#inner.maximumMessageBytes ?? Number.POSITIVE_INFINITY;
  }
}
