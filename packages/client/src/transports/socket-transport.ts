/**
 * A connected socket of Node.js as a {@link Transport}: TCP, TLS or Unix. A chunk is handed on as it was read, in memory of
 * its own that nothing writes to again.
 */
import type { Socket } from 'node:net';
import { connectionLost } from './connection-failure.ts';
import { sentBytes } from './sent-bytes.ts';
import type { ServerAddress } from './server-address.ts';
import type { Transport, TransportListener } from './transport.ts';

/** What can be said about any connection over a socket. */
export interface SocketOptions {
  /** How long the server may take to close its side when `end` has closed ours, in ms. @default 2000 */
  readonly lingerMs?: number;
}

export const DEFAULT_LINGER_MS = 2000;

export class SocketTransport implements Transport {
  readonly #socket: Socket;
  readonly #listener: TransportListener;
  readonly #lingerMs: number;
  /** The opener's promise has been fulfilled, and whoever awaits it has gone on. */
  #started = false;
  #paused = false;
  /** Bytes are neither taken nor handed on any more. */
  #ending = false;
  /** Everything has been said to the server: what now happens to the connection is no failure. */
  #over = false;
  #closed = false;
  /** A write returned false, and `onDrain` has not followed yet. */
  #congested = false;
  #error: Error | undefined;
  #linger: NodeJS.Timeout | undefined;

  /** @param socket One that is connected just now: whose event tells so. */
  constructor(socket: Socket, server: ServerAddress, listener: TransportListener, options: SocketOptions) {
    this.#socket = socket;
    this.#listener = listener;
    this.#lingerMs = options.lingerMs ?? DEFAULT_LINGER_MS;
    socket
      .on('error', (cause: Error) => {
        if (!this.#over) this.#error ??= connectionLost(server, cause);
      })
      .on('drain', () => this.#onDrain())
      // MQTT knows no half-closed connection: nobody reads what could still be written.
      .on('end', () => socket.destroy())
      .on('close', () => this.#onClose());
    // By then all that waits for the opener's promise has run. Data could come earlier, with TLS.
    setImmediate(() => this.#start());
  }

  #start(): void {
    this.#started = true;
    if (this.#closed) {
      this.#listener.onClose(this.#error);
      return;
    }
    this.#socket.on('data', (bytes: Uint8Array) => {
      if (!this.#ending) this.#listener.onBytes(bytes);
    });
    if (!this.#paused) this.#socket.resume();
  }

  #onDrain(): void {
    if (!this.#congested) return;
    this.#congested = false;
    this.#listener.onDrain(); // Node.js tells of none after `end` and `destroy`.
  }

  #onClose(): void {
    this.#closed = true;
    clearTimeout(this.#linger);
    if (this.#started) this.#listener.onClose(this.#error);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#ending || this.#socket.destroyed || bytes.length === 0) return !this.#congested;
    const socket = this.#socket;
    // What is written in one turn leaves in one call: a large payload comes apart from what stands before it.
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(this.#uncork);
    }
    socket.write(bytes);
    if (socket.writableLength < socket.writableHighWaterMark) return !this.#congested;
    socket.uncork();
    // What `write` returns does not count what the kernel took during the call, and it takes most of it.
    if (socket.writableLength >= socket.writableHighWaterMark) this.#congested = true;
    return !this.#congested;
  }

  readonly #uncork = (): void => this.#socket.uncork();

  get sentBytes(): number {
    return sentBytes(this.#socket);
  }

  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    // Called when everything has left. Until the server closes too, what arrives is read and dropped: closing at once
    // would reset the connection, and the server could lose what it has not read.
    this.#socket.end(() => {
      this.#over = true;
      if (!this.#closed) this.#linger = setTimeout(() => this.#socket.destroy(), this.#lingerMs);
    });
    this.#socket.resume();
  }

  destroy(): void {
    this.#ending = true;
    this.#over = true;
    this.#socket.uncork();
    this.#socket.destroy();
  }

  pause(): void {
    if (this.#ending) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#started) this.#socket.resume();
  }
}
