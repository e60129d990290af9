/**
 * Connections to another broker over the network, one for each client of the gateway. MQTT 5; a server that does not know it is
 * asked again in 3.1.1, and so are all that come after it.
 */
import type { OpenTransport, ServerAddress, Transport, TransportListener } from '@martlet/client';
import type { ClientPacket, ConnectPacket, ServerPacket } from '@martlet/protocol';
import {
  decodeServerPacket,
  encodePacket,
  FrameResult,
  PacketStream,
  ProtocolVersion,
  ReasonCode,
} from '@martlet/protocol';
import type { Peer } from '../core/ports/link.ts';
import type { Upstream, UpstreamHandler, Upstreams } from '../core/ports/upstream.ts';

export interface Credentials {
  readonly username?: string;
  readonly password?: Uint8Array;
}

export interface MqttUpstreamsOptions {
  readonly server: ServerAddress;
  readonly open: OpenTransport;
  /** Seconds. @default 60 */
  readonly keepAlive?: number;
  /** Ms for a connection to open. @default 10,000 */
  readonly openTimeoutMs?: number;
  /** What a client connects with. @default nothing */
  readonly credentialsOf?: (clientId: string, peer: Peer) => Credentials;
  /** Called before packets are handed on, for the gateway's clock, and after it, for its timer. */
  readonly onTurn: () => void;
  /** Told why a connection could not be had, or ended; for logs. */
  readonly onFailure?: (reason: string) => void;
}

/** Packets that wait for the connection; of QoS 0, no more messages are taken then. */
const MOST_WAITING = 100;
const MAXIMUM_PACKET_BYTES = 268_435_460;
const DEFAULT_OPEN_TIMEOUT_MS = 10_000;
const DEAF: Readonly<TransportListener> = { onBytes: () => {}, onDrain: () => {}, onClose: () => {} };

export class MqttUpstreams implements Upstreams {
  readonly keepAlive: number;
  readonly options: MqttUpstreamsOptions;
  version: ProtocolVersion = ProtocolVersion.V5;
  /** Connections that are open: the server is there. */
  readonly live: Set<MqttConnection> = new Set();
  #wasReachable = true;

  constructor(options: MqttUpstreamsOptions) {
    this.options = options;
    this.keepAlive = options.keepAlive ?? 60;
  }

  open(peer: Peer, handler: UpstreamHandler): Upstream {
    return new MqttConnection(this, peer, handler);
  }

  /** By a connection that is there, or else by one that is made and ended without a packet. */
  reach(onAnswer: (isReachable: boolean) => void): () => void {
    const asking = new AbortController();
    const answer = (isReachable: boolean): void => {
      if (asking.signal.aborted) return;
      this.options.onTurn();
      onAnswer(isReachable);
      this.options.onTurn();
    };
    this.#probe(asking.signal).then(answer);
    return () => asking.abort();
  }

  async #probe(asking: AbortSignal): Promise<boolean> {
    if (this.live.size > 0) {
      this.#wasReachable = true;
      return true;
    }
    const { server, open, openTimeoutMs = DEFAULT_OPEN_TIMEOUT_MS, onFailure } = this.options;
    try {
      const transport = await open(
        server,
        DEAF,
        AbortSignal.any([asking, AbortSignal.timeout(openTimeoutMs)]),
      );
      transport.end();
      this.#wasReachable = true;
    } catch (error) {
      if (this.#wasReachable && !asking.aborted)
        onFailure?.(`no device finds this gateway while there is none: ${(error as Error).message}`);
      this.#wasReachable = false;
    }
    return this.#wasReachable;
  }
}

class MqttConnection implements Upstream {
  readonly #owner: MqttUpstreams;
  readonly #peer: Peer;
  readonly #handler: UpstreamHandler;
  readonly #opening: AbortController;
  /** Sent before the connection was there. */
  readonly #waiting: ClientPacket[] = [];
  #connect: ConnectPacket | null = null;
  #transport: Transport | null = null;
  #stream: PacketStream;
  #version: ProtocolVersion;
  /** Counts the connections: what is told of one before is not heard. */
  #attempt = 0;
  /** The server takes what was written more slowly than it comes. */
  #isFull = false;
  #closed = false;

  constructor(owner: MqttUpstreams, peer: Peer, handler: UpstreamHandler) {
    this.#owner = owner;
    this.#peer = peer;
    this.#handler = handler;
    this.#version = owner.version;
    this.#opening = new AbortController();
    this.#stream = this.#newStream();
    this.#open();
  }

  #newStream(): PacketStream {
    return new PacketStream(
      {
        onFrame: (bytes, start, body, end) => {
          this.#onPacket(decodeServerPacket(bytes, start, body, end, this.#version));
          return FrameResult.Next;
        },
      },
      MAXIMUM_PACKET_BYTES,
    );
  }

  #open(): void {
    const { server, open, openTimeoutMs = DEFAULT_OPEN_TIMEOUT_MS } = this.#owner.options;
    const attempt = ++this.#attempt;
    const isCurrent = () => attempt === this.#attempt;
    const listener = {
      onBytes: (bytes: Uint8Array) => {
        if (isCurrent()) this.#onBytes(bytes);
      },
      onDrain: () => {
        if (isCurrent()) this.#isFull = false;
      },
      onClose: (error?: Error) => {
        if (isCurrent()) this.#onClosed(error?.message ?? 'the server closed the connection');
      },
    };
    const signal = AbortSignal.any([this.#opening.signal, AbortSignal.timeout(openTimeoutMs)]);
    open(server, listener, signal).then(
      (transport) => this.#onOpen(transport),
      (error: Error) => this.#onClosed(error.message),
    );
  }

  #onOpen(transport: Transport): void {
    if (this.#closed) {
      transport.destroy();
      return;
    }
    this.#transport = transport;
    this.#owner.live.add(this);
    for (const packet of this.#waiting.splice(0)) this.#write(packet);
  }

  send(packet: ClientPacket): boolean {
    if (this.#closed) return true;
    const isQos0 = packet.type === 'publish' && packet.qos === 0;
    if (isQos0 && (this.#isFull || this.#waiting.length >= MOST_WAITING)) return false;
    const own = packet.type === 'connect' ? this.#withCredentials(packet) : packet;
    if (own.type === 'connect') this.#connect = own;
    if (this.#transport === null) this.#waiting.push(own);
    else this.#write(own);
    return true;
  }

  #withCredentials(packet: ConnectPacket): ConnectPacket {
    const credentials = this.#owner.options.credentialsOf?.(packet.clientId, this.#peer) ?? {};
    return { ...packet, ...credentials };
  }

  #write(packet: ClientPacket): void {
    const isV5 = this.#version === ProtocolVersion.V5;
    if (packet.type === 'disconnect' && !isV5 && packet.reasonCode !== ReasonCode.NormalDisconnection) {
      // Before MQTT 5.0 a will is published for who goes without a word.
      this.#transport?.destroy();
      return;
    }
    const versioned = packet.type === 'connect' ? { ...packet, protocolVersion: this.#version } : packet;
    if (this.#transport?.write(encodePacket(versioned, this.#version)) === false) this.#isFull = true;
  }

  #onBytes(bytes: Uint8Array): void {
    this.#owner.options.onTurn();
    try {
      this.#stream.receive(bytes, 0, bytes.length);
    } catch (error) {
      this.#transport?.destroy();
      this.#onClosed(`the server broke the protocol: ${(error as Error).message}`);
    }
    this.#owner.options.onTurn();
  }

  #onPacket(packet: ServerPacket): void {
    if (this.#closed) return;
    const isUnsupported =
      packet.type === 'connack' && packet.reasonCode === ReasonCode.UnsupportedProtocolVersion;
    if (isUnsupported && this.#version === ProtocolVersion.V5 && this.#connect !== null) {
      this.#tryOlder(this.#connect);
      return;
    }
    this.#handler.onPacket(packet);
  }

  #tryOlder(connect: ConnectPacket): void {
    this.#owner.version = ProtocolVersion.V311;
    this.#version = ProtocolVersion.V311;
    const refused = this.#transport;
    this.#transport = null;
    this.#stream = this.#newStream();
    this.#waiting.unshift(connect);
    this.#open();
    refused?.destroy();
  }

  close(): void {
    this.#closed = true;
    this.#owner.live.delete(this);
    if (this.#transport === null) this.#opening.abort();
    else this.#transport.end();
  }

  #onClosed(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#owner.live.delete(this);
    this.#owner.options.onFailure?.(reason);
    this.#owner.options.onTurn();
    this.#handler.onClosed(reason);
    this.#owner.options.onTurn();
  }
}
