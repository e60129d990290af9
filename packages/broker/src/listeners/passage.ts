/** One connection on its way through a listener: its PROXY header, then the handshake of TLS, within one time limit. */
import type { Socket } from 'node:net';
import type { ListenerRefusal } from '../core/ports/listener-refusal.ts';
import type { TransportSecurity } from '../core/ports/transport.ts';
import type { Arrival } from './arrival.ts';
import type { ListenerRefusals } from './listener-refusals.ts';
import type { PendingConnection, PendingConnections } from './pending-connections.ts';
import type { ProxyHeader } from './proxy/proxy-header.ts';
import type { ProxySettings } from './proxy/proxy-settings.ts';
import { takeSocketHeader } from './proxy/socket-header.ts';
import type { TlsGate } from './tls/tls-gate.ts';

export class Passage implements PendingConnection {
  readonly #socket: Socket;
  /** Where the socket comes from: the client, or the proxy. */
  readonly #socketPeer: string;
  readonly #proxy: ProxySettings | null;
  readonly #tls: TlsGate | null;
  readonly #pending: PendingConnections;
  readonly #refusals: ListenerRefusals;
  readonly #onThrough: (socket: Socket, arrival: Arrival) => void;
  /** It is through, or it has been reported why not. */
  #over: boolean;

  constructor(
    socket: Socket,
    socketPeer: string,
    proxy: ProxySettings | null,
    tls: TlsGate | null,
    pending: PendingConnections,
    refusals: ListenerRefusals,
    onThrough: (socket: Socket, arrival: Arrival) => void,
  ) {
    this.#socket = socket;
    this.#socketPeer = socketPeer;
    this.#proxy = proxy;
    this.#tls = tls;
    this.#pending = pending;
    this.#refusals = refusals;
    this.#onThrough = onThrough;
    this.#over = false;
  }

  begin(): void {
    this.#pending.add(this);
    this.#socket.on('error', () => {}); // Its closing follows, and nobody has come in yet.
    this.#socket.once('close', () => this.#pending.delete(this));
    const proxy = this.#proxy;
    if (proxy === null) {
      this.#secure({ peer: this.#socketPeer, proxyPeer: undefined, security: undefined });
      return;
    }
    takeSocketHeader(this.#socket, proxy, (result) => {
      if (result.kind === 'header') this.#onHeader(result.header, proxy);
      else this.#refuse('proxy-header-refused', result.reason);
    });
  }

  onTimeout(): void {
    this.#refuse('handshake-timeout');
  }

  destroy(): void {
    this.#over = true;
    this.#socket.destroy();
  }

  #onHeader(header: ProxyHeader, proxy: ProxySettings): void {
    const refusal = proxy.refusalOf(header);
    if (refusal !== undefined) {
      this.#refuse('proxy-header-refused', refusal);
      return;
    }
    const peer = header.peer ?? this.#socketPeer;
    this.#secure({ peer, proxyPeer: this.#socketPeer, security: header.security });
  }

  #secure(arrival: Arrival): void {
    if (this.#tls === null) {
      this.#through(this.#socket, arrival);
      return;
    }
    this.#tls.secure(this.#socket, {
      onSecured: (socket, security: TransportSecurity) => this.#through(socket, { ...arrival, security }),
      onFailed: (kind, reason) => {
        this.#pending.delete(this);
        if (this.#over) return;
        this.#over = true;
        this.#refusals.report(kind, arrival.peer, reason);
      },
    });
  }

  #through(socket: Socket, arrival: Arrival): void {
    this.#over = true;
    this.#pending.delete(this);
    this.#onThrough(socket, arrival);
  }

  #refuse(kind: ListenerRefusal, reason?: string): void {
    this.#over = true;
    this.#pending.delete(this);
    this.#refusals.report(kind, this.#socketPeer, reason);
    this.#socket.destroy();
  }
}
