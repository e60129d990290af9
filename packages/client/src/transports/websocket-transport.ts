/** An open WebSocket of the library `ws` as a {@link Transport}. */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { ClientError } from '../client-error.ts';
import { connectionLost, nameOf } from './connection-failure.ts';
import { sentBytes } from './sent-bytes.ts';
import type { ServerAddress } from './server-address.ts';
import type { Transport, TransportListener } from './transport.ts';
import { closedByServer } from './websocket-close.ts';

/** RFC 6455, 7.4.1. */
const NORMAL_CLOSURE = 1000;
const UNSUPPORTED_DATA = 1003;

export class WebSocketTransport implements Transport {
  readonly #webSocket: WebSocket;
  readonly #socket: Socket;
  readonly #server: ServerAddress;
  readonly #listener: TransportListener;
  /** The opener's promise has been fulfilled, and whoever awaits it has gone on. */
  #started = false;
  #paused = false;
  /** Bytes are neither taken nor handed on any more. */
  #ending = false;
  /** What now happens to the connection is no failure of it: this side wanted its end, or has told why already. */
  #over = false;
  #closed = false;
  /** A write returned false, and `onDrain` has not followed yet. */
  #congested = false;
  #error: Error | undefined;
  /** Messages that the library had read already when it was paused: no more than one read of the socket holds. */
  #held: Uint8Array[] = [];
  #release: NodeJS.Immediate | undefined;

  /** @param webSocket One that is open just now: whose event tells so. @param socket What it stands on. */
  constructor(webSocket: WebSocket, socket: Socket, server: ServerAddress, listener: TransportListener) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#server = server;
    this.#listener = listener;
    webSocket.pause();
    webSocket
      .on('message', (data: Buffer, isBinary: boolean) => {
        if (isBinary) this.#onBytes(data);
        else this.#onTextFrame();
      })
      .on('error', (cause: NodeJS.ErrnoException) => this.#fail(this.#brokenBy(cause)))
      .on('close', (code: number, reason: Buffer) => this.#onClose(code, reason));
    socket
      .on('error', (cause: Error) => this.#fail(connectionLost(server, cause)))
      .on('drain', () => this.#onDrain());
    // By then all that waits for the opener's promise has run. The library's first message could come earlier.
    setImmediate(() => this.#start());
  }

  #start(): void {
    this.#started = true;
    if (this.#closed) this.#listener.onClose(this.#error);
    else if (!this.#paused) this.#webSocket.resume();
  }

  #onBytes(bytes: Uint8Array): void {
    if (this.#ending || bytes.length === 0) return;
    if (this.#paused) this.#held.push(bytes);
    else this.#listener.onBytes(bytes); // [MQTT-6.0.0-2] [MQTT-6.0.0-2] 3.1.1
  }

  #onTextFrame(): void {
    if (this.#ending) return;
    this.#fail(
      new ClientError(
        'PROTOCOL_BROKEN',
        `expected binary WebSocket frames from ${nameOf(this.#server)}, got a text frame`,
      ),
    );
    this.#close(UNSUPPORTED_DATA); // [MQTT-6.0.0-1] [MQTT-6.0.0-1] 3.1.1
  }

  #brokenBy(cause: NodeJS.ErrnoException): ClientError {
    if (cause.code?.startsWith('WS_ERR_') !== true) return connectionLost(this.#server, cause);
    return new ClientError(
      'PROTOCOL_BROKEN',
      `expected WebSocket frames within the limits from ${nameOf(this.#server)}, got ${cause.message} (${cause.code})`,
      cause,
    );
  }

  #fail(error: Error): void {
    if (!this.#over) this.#error ??= error;
  }

  #onDrain(): void {
    if (!this.#congested) return;
    this.#congested = false;
    if (this.#ending) this.#close(NORMAL_CLOSURE);
    else this.#listener.onDrain();
  }

  #onClose(code: number, reason: Buffer): void {
    this.#closed = true;
    clearImmediate(this.#release);
    if (!this.#over) this.#error ??= closedByServer(this.#server, code, reason.toString());
    if (this.#started) this.#listener.onClose(this.#error);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#ending || this.#webSocket.readyState !== this.#webSocket.OPEN || bytes.length === 0)
      return !this.#congested;
    // The library masks a copy: `bytes` stay as they are.
    this.#webSocket.send(bytes); // [MQTT-6.0.0-1] [MQTT-6.0.0-1] 3.1.1
    if (this.#socket.writableLength >= this.#socket.writableHighWaterMark) this.#congested = true;
    return !this.#congested;
  }

  get sentBytes(): number {
    return sentBytes(this.#socket);
  }

  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    // The library gives the closing handshake a time limit that begins at once, so what waits must leave before.
    if (!this.#congested) this.#close(NORMAL_CLOSURE);
    this.#webSocket.resume();
  }

  #close(code: number): void {
    this.#ending = true;
    this.#over = true;
    this.#webSocket.close(code);
    this.#webSocket.resume();
  }

  destroy(): void {
    this.#ending = true;
    this.#over = true;
    this.#webSocket.terminate();
  }

  pause(): void {
    if (this.#ending) return;
    this.#paused = true;
    clearImmediate(this.#release);
    this.#release = undefined;
    if (this.#started) this.#webSocket.pause();
  }

  resume(): void {
    if (this.#ending || !this.#paused || this.#release !== undefined) return;
    // Never within this call, which the client makes while it handles bytes.
    this.#release = setImmediate(() => this.#releaseHeld());
  }

  #releaseHeld(): void {
    this.#release = undefined;
    this.#paused = false;
    const held = this.#held;
    this.#held = [];
    for (const bytes of held) this.#onBytes(bytes);
    if (this.#started && !this.#paused) this.#webSocket.resume();
  }
}
