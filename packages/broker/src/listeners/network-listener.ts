/**
 * A listener on sockets of the operating system, for MQTT over the byte stream or over WebSocket.
 *
 *     accepted ──▶ maximumConnections ──▶ PROXY header ──▶ TLS ──▶ Entrance ──▶ accept
 *                                         └── PendingConnections: so many, so long ──┘
 *
 * A connection without PROXY header and TLS goes straight to the entrance, as a handle where there are handles. What the listener
 * does is in its settings, which a reload replaces as a whole; connections stay.
 */
import type { Socket } from 'node:net';
import type { ListenerRefusalCounts } from '../core/ports/listener-refusal.ts';
import type { Log } from '../core/ports/log.ts';
import type { Origin } from '../core/ports/transport.ts';
import { AcceptFailures } from './accept-failures.ts';
import type { Arrival } from './arrival.ts';
import type { Entrance } from './entrance.ts';
import type { Listener, ListenerAddress } from './listener.ts';
import { ListenerRefusals } from './listener-refusals.ts';
import type { ListenerSettings } from './listener-settings.ts';
import type { Arrivals, ListeningOptions } from './listening-sockets.ts';
import { ListeningSockets } from './listening-sockets.ts';
import type { OpenConnections } from './open-connections.ts';
import { Passage } from './passage.ts';
import { peerName } from './peer.ts';
import { PendingConnections } from './pending-connections.ts';
import { takeHandleHeader } from './proxy/handle-header.ts';
import type { StreamHandle } from './stream-wrap.ts';

export interface NetworkListenerParts {
  readonly place: ListeningOptions;
  /** How many file descriptors this process may have; undefined: what the system says. */
  readonly descriptors: number | undefined;
  readonly connections: OpenConnections;
  readonly kind: Origin['kind'];
  /** Given the listener's refusals, so that it counts its own there. */
  readonly entrance: (refusals: ListenerRefusals) => Entrance;
}

export class NetworkListener implements Listener, Arrivals {
  readonly #entrance: Entrance;
  readonly #connections: OpenConnections;
  readonly #kind: Origin['kind'];
  readonly #sockets: ListeningSockets;
  readonly #failures: AcceptFailures;
  readonly #refusals: ListenerRefusals;
  readonly #pending: PendingConnections;
  readonly #log: Log;
  #settings: ListenerSettings;
  #origin: Origin;

  constructor(parts: NetworkListenerParts, settings: ListenerSettings, log: Log) {
    this.#log = log;
    this.#connections = parts.connections;
    this.#kind = parts.kind;
    this.#failures = new AcceptFailures(log, this, parts.descriptors);
    this.#refusals = new ListenerRefusals(log, this);
    this.#entrance = parts.entrance(this.#refusals);
    this.#pending = new PendingConnections(settings.maximumHandshakes, settings.handshakeTimeoutMs);
    this.#sockets = new ListeningSockets(parts.place, this, this.#failures);
    this.#settings = settings;
    this.#origin = this.#originOf(settings);
  }

  get name(): string {
    return this.#origin.listener;
  }

  get address(): ListenerAddress {
    return this.addresses[0]!;
  }

  get addresses(): readonly ListenerAddress[] {
    return this.#sockets.addresses;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Connections whose PROXY header or handshake of TLS is under way. */
  get pending(): number {
    return this.#pending.size;
  }

  get refusals(): ListenerRefusalCounts {
    return this.#refusals.counts;
  }

  get files(): readonly string[] {
    return this.#settings.tls?.tls.files ?? [];
  }

  /** Rejects with an `EnvironmentError` when the operating system does not allow it. */
  async open(): Promise<void> {
    await this.#sockets.open(); // [MQTT-4.2.0-1]
    this.configure(this.#settings);
  }

  /** From now on; connections that are there stay as they are, and with the origin they came with. */
  configure(settings: ListenerSettings): void {
    this.#settings = settings;
    if (settings.webSocket !== undefined) this.#entrance.configure?.(settings.webSocket);
    this.#origin = this.#originOf(settings);
    this.#pending.maximum = settings.maximumHandshakes;
    this.#pending.timeoutMs = settings.handshakeTimeoutMs;
    this.tellExpiries();
  }

  /** Says in the log which certificates and revocation lists expire soon, or have. */
  tellExpiries(): void {
    for (const { level, code, text } of this.#settings.tls?.remarks ?? [])
      this.#log.write(level, code, `${this.name}: ${text}`);
  }

  async stop(): Promise<void> {
    void this.#sockets.close();
    this.#pending.clear();
    this.#entrance.close();
    await this.#connections.empty();
  }

  async close(): Promise<void> {
    const closed = this.#sockets.close();
    this.#pending.clear();
    this.#entrance.close();
    await this.#connections.drain();
    await closed;
  }

  get takesHandles(): boolean {
    return this.#entrance.handles !== undefined && this.#settings.tls === null;
  }

  get allowHalfOpen(): boolean {
    return this.#entrance.allowHalfOpen;
  }

  onHandle(handle: StreamHandle): void {
    const { proxy, tcpKeepAlive } = this.#settings;
    this.#failures.watch(handle);
    const remote: { address?: string; port?: number } = {};
    handle.getpeername?.(remote);
    const peer = this.#peer(remote.address, remote.port);
    if (!this.#mayEnter(peer, remote.address)) {
      handle.close(() => {});
      return;
    }
    handle.setNoDelay?.(true);
    if (tcpKeepAlive > 0) handle.setKeepAlive?.(true, tcpKeepAlive);
    const handles = this.#entrance.handles!;
    handles.lend(handle);
    if (proxy === null) {
      handles.enter(handle, { peer, proxyPeer: undefined, security: undefined }, this.#origin, undefined);
    } else {
      this.#takeHandleHeader(handle, peer);
    }
  }

  onSocket(socket: Socket): void {
    const { tcpKeepAlive, proxy, tls } = this.#settings;
    this.#failures.watchSocket(socket);
    const peer = this.#peer(socket.remoteAddress, socket.remotePort);
    if (!this.#mayEnter(peer, socket.remoteAddress)) {
      socket.destroy();
      return;
    }
    socket.setNoDelay(true);
    if (tcpKeepAlive > 0) socket.setKeepAlive(true, tcpKeepAlive * 1000);
    const enter = (secured: Socket, arrival: Arrival) => this.#entrance.enter(secured, arrival, this.#origin);
    if (proxy === null && tls === null) enter(socket, { peer, proxyPeer: undefined, security: undefined });
    else new Passage(socket, peer, proxy, tls, this.#pending, this.#refusals, enter).begin();
  }

  /** Whether there is room, and the peer is one that may send a PROXY header. */
  #mayEnter(peer: string, address: string | undefined): boolean {
    const { maximumConnections, proxy, tls } = this.#settings;
    if (this.#connections.size + this.#pending.size + this.#entrance.waiting >= maximumConnections) {
      this.#refusals.report('maximum-connections', peer);
      return false;
    }
    if ((proxy !== null || tls !== null) && this.#pending.isFull) {
      this.#refusals.report('too-many-handshakes', peer);
      return false;
    }
    if (proxy === null || proxy.trusted.has(address)) return true;
    this.#refusals.report('proxy-not-trusted', peer);
    return false;
  }

  #takeHandleHeader(handle: StreamHandle, peer: string): void {
    const handles = this.#entrance.handles!;
    const proxy = this.#settings.proxy!;
    const pending = {
      onTimeout: () => {
        this.#refusals.report('handshake-timeout', peer);
        pending.destroy();
      },
      destroy: () => {
        handle.readStop();
        handle.close(() => {});
      },
    };
    const close = (): void => {
      this.#pending.delete(pending);
      pending.destroy();
    };
    const refuse = (reason: string): void => {
      this.#refusals.report('proxy-header-refused', peer, reason);
      close();
    };
    this.#pending.add(pending);
    takeHandleHeader(handle, handles.wrap, handles.readBuffer, proxy, {
      onHeader: (header, rest) => {
        const refusal = proxy.refusalOf(header);
        if (refusal !== undefined) {
          refuse(refusal);
          return;
        }
        this.#pending.delete(pending);
        const arrival = { peer: header.peer ?? peer, proxyPeer: peer, security: header.security };
        handles.enter(handle, arrival, this.#origin, rest);
      },
      onRefused: refuse,
      onGone: close,
    });
  }

  #originOf({ name, durability, policy }: ListenerSettings): Origin {
    return { listener: name ?? this.#defaultName(), kind: this.#kind, durability, policy };
  }

  /** Before it listens, the port may not be known. */
  #defaultName(): string {
    const [address] = this.#sockets.addresses;
    if (address === undefined) return 'a listener';
    if ('path' in address) return `unix:${address.path}`;
    const [plain, secure] = this.#kind === 'websocket' ? ['websocket', 'wss'] : ['tcp', 'tls'];
    return `${this.#settings.tls === null ? plain : secure}:${address.port}`;
  }

  #peer(address: string | undefined, port: number | undefined): string {
    const [place] = this.#sockets.addresses;
    return place?.kind === 'unix' ? `unix:${place.path}` : peerName(address, port);
  }
}
