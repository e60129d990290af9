/**
 * A `net.Socket` (or a TLS one) as a {@link Transport}, by its documented interface alone: for whatever
 * handle-transport.ts cannot serve. Each read arrives in memory of its own.
 */
import type { Socket } from 'node:net';
import type { Transport, TransportSecurity, TransportSink } from '../core/ports/transport.ts';
import type { Arrival } from './arrival.ts';
import type { Lingering, OpenConnections } from './open-connections.ts';

export class SocketTransport implements Transport, Lingering {
  readonly peer: string;
  readonly proxyPeer: string | undefined;
  readonly security: TransportSecurity | undefined;
  readonly #socket: Socket;
  readonly #connections: OpenConnections;
  readonly #onWritten: () => void;
  #sink: TransportSink | null = null;
  /** Writes and reads are over: `end` was called. */
  #ending = false;
  /** A write returned `false`, and `onDrained` has not followed yet. */
  #writing = false;
  #cause: string | null = null;

  constructor(socket: Socket, connections: OpenConnections, arrival: Arrival) {
    this.peer = arrival.peer;
    this.proxyPeer = arrival.proxyPeer;
    this.security = arrival.security;
    this.#socket = socket;
    this.#connections = connections;
    this.#onWritten = () => this.#drained();
    connections.add(this);
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#cause ??= error.code ?? error.message;
    });
    // The socket then ends its own side (allowHalfOpen is off) once what has been written has left.
    socket.on('end', () => connections.linger(this));
    socket.on('close', () => {
      connections.delete(this);
      this.#sink?.onClosed(this.#cause);
    });
  }

  /** Starts reading for the sink that has accepted this connection. */
  start(sink: TransportSink): void {
    this.#sink = sink;
    this.#socket.on('data', (bytes: Uint8Array) => {
      if (!this.#ending && !this.#socket.destroyed) sink.receive(bytes, 0, bytes.length);
    });
  }

  write(bytes: Uint8Array): boolean {
    if (!this.#socket.writable || bytes.length === 0) return true;
    this.#socket.write(bytes, this.#onWritten);
    return this.#isTaken();
  }

  writeAll(pieces: readonly Uint8Array[]): boolean {
    if (!this.#socket.writable || pieces.length === 0) return true;
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece, this.#onWritten);
    this.#socket.uncork();
    return this.#isTaken();
  }

  /** Nothing is left in the socket when the kernel took everything during the call. */
  #isTaken(): boolean {
    this.#writing = this.#socket.writableLength > 0;
    return !this.#writing;
  }

  #drained(): void {
    if (!this.#writing || this.#ending || this.#socket.destroyed || this.#socket.writableLength > 0) return;
    this.#writing = false;
    this.#sink?.onDrained();
  }

  pause(): void {
    if (!this.#ending) this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    if (this.#ending || this.#socket.destroyed) return;
    this.#ending = true;
    this.#connections.linger(this);
    this.#socket.end();
    // What still arrives is read and dropped, so that closing does not reset what the peer has not read yet.
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  onLingerTimeout(): void {
    this.#cause ??= 'linger-timeout';
    this.#socket.destroy();
  }
}
