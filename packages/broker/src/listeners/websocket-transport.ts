/**
 * A WebSocket as a {@link Transport}: the bytes of its binary messages, one after the other, are the MQTT byte stream.
 * Where messages begin and end means nothing.
 *
 * Framing, masking, pings and the closing handshake are the library's; here are the order of calls that the port
 * promises, and the bound on what an unfinished message may hold.
 */
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Transport, TransportSecurity, TransportSink } from '../core/ports/transport.ts';
import type { Arrival } from './arrival.ts';
import type { Lingering, OpenConnections } from './open-connections.ts';

/** Pieces that make no more than this are joined into one message, others travel as they are. */
const JOINED_BYTES = 64 * 1024;

/** Close codes, RFC 6455, 7.4.1. */
const NORMAL_CLOSURE = 1000;
const UNSUPPORTED_DATA = 1003;
const MESSAGE_TOO_BIG = 1009;
/** Orderly ends: normal, going away, no code given, and a connection closed without a close frame, as TCP clients do. */
const ORDERLY: readonly number[] = [NORMAL_CLOSURE, 1001, 1005, 1006];

/** A control frame from a client: two bytes of header, four of mask. */
const CONTROL_FRAME_BYTES = 6;

export class WebSocketTransport implements Transport, Lingering {
  readonly peer: string;
  readonly proxyPeer: string | undefined;
  readonly security: TransportSecurity | undefined;
  readonly #webSocket: WebSocket;
  readonly #stream: Socket;
  readonly #connections: OpenConnections;
  readonly #onSent: () => void;
  #sink: TransportSink | null = null;
  /** Nothing more is handed in or sent. */
  #ending = false;
  #cause: string | null = null;
  /** Sends whose memory the library may still read. */
  #sending = 0;
  /** A write returned `false`, and `onDrained` has not followed yet. */
  #writing = false;
  #paused = false;
  /** Messages that were already under way when the core paused: at most what one read of the stream held. */
  #held: Uint8Array[] = [];
  /** They are about to be handed in, outside the core's call of `resume`. */
  #releasing: NodeJS.Immediate | null = null;
  /** How many bytes the stream had read when the latest message was whole. */
  #readAtMessage: number;

  constructor(webSocket: WebSocket, stream: Socket, connections: OpenConnections, arrival: Arrival) {
    this.peer = arrival.peer;
    this.proxyPeer = arrival.proxyPeer;
    this.security = arrival.security;
    this.#webSocket = webSocket;
    this.#stream = stream;
    this.#connections = connections;
    this.#onSent = () => this.#sent();
    this.#readAtMessage = stream.bytesRead;
    connections.add(this);
    stream.on('error', (error: NodeJS.ErrnoException) => this.#fail(error.code ?? error.message));
    stream.on('end', () => connections.linger(this));
    // The library has answered a broken frame by closing; it is told here only for the log.
    webSocket.on('error', (error: NodeJS.ErrnoException) => {
      this.#fail(error.code ?? error.message);
      connections.linger(this);
    });
    webSocket.on('close', (code: number) => {
      connections.delete(this);
      if (!this.#ending && !ORDERLY.includes(code)) this.#fail(`websocket-close-${code}`);
      this.#sink?.onClosed(this.#cause);
    });
  }

  /** Starts reading for the sink that has accepted this connection. */
  start(sink: TransportSink): void {
    this.#sink = sink;
    this.#webSocket.on('message', (data: Buffer, isBinary: boolean) => {
      this.#readAtMessage = this.#stream.bytesRead;
      if (isBinary) this.#onBytes(data);
      else this.#refuse(UNSUPPORTED_DATA, 'websocket-text-frame'); // [MQTT-6.0.0-1] [MQTT-6.0.0-1] 3.1.1
    });
    const onControlFrame = (data: Buffer) => {
      this.#readAtMessage += data.length + CONTROL_FRAME_BYTES;
    };
    this.#webSocket.on('ping', onControlFrame);
    this.#webSocket.on('pong', onControlFrame);
    this.#stream.on('data', () => this.#boundMessage());
  }

  #onBytes(bytes: Uint8Array): void {
    if (this.#ending || bytes.length === 0) return;
    if (this.#paused) this.#held.push(bytes);
    else this.#sink!.receive(bytes, 0, bytes.length); // [MQTT-6.0.0-2] [MQTT-6.0.0-2] 3.1.1
  }

  /** The library gathers a message until it is whole; the core says how much of that it allows. */
  #boundMessage(): void {
    const maximum = this.#sink?.maximumMessageBytes ?? Number.POSITIVE_INFINITY;
    if (this.#stream.bytesRead - this.#readAtMessage <= maximum) return;
    this.#refuse(MESSAGE_TOO_BIG, 'websocket-message-too-big');
    // What follows is read and dropped, so that the close frame arrives; the library is not given more to gather.
    this.#stream.removeAllListeners('data');
    this.#stream.resume();
  }

  #refuse(code: number, cause: string): void {
    if (this.#ending) return;
    this.#fail(cause);
    this.#close(code);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isOver || bytes.length === 0) return true;
    return this.#isTaken([bytes]);
  }

  writeAll(pieces: readonly Uint8Array[]): boolean {
    if (this.#isOver || pieces.length === 0) return true;
    const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
    return this.#isTaken(bytes > JOINED_BYTES ? pieces : [Buffer.concat(pieces, bytes)]);
  }

  get #isOver(): boolean {
    return this.#ending || this.#webSocket.readyState !== this.#webSocket.OPEN;
  }

  #isTaken(messages: readonly Uint8Array[]): boolean {
    for (const message of messages) {
      this.#sending++;
      this.#webSocket.send(message, { binary: true }, this.#onSent); // [MQTT-6.0.0-1] [MQTT-6.0.0-1] 3.1.1
    }
    this.#writing = this.#webSocket.bufferedAmount > 0;
    return !this.#writing;
  }

  #sent(): void {
    this.#sending--;
    if (!this.#writing || this.#sending > 0) return;
    this.#writing = false;
    if (!this.#isOver) this.#sink?.onDrained();
  }

  pause(): void {
    if (this.#ending) return;
    this.#paused = true;
    if (this.#releasing !== null) clearImmediate(this.#releasing);
    this.#releasing = null;
    this.#webSocket.pause();
  }

  resume(): void {
    if (this.#ending || !this.#paused || this.#releasing !== null) return;
    if (this.#held.length > 0) this.#releasing = setImmediate(() => this.#release());
    else this.#read();
  }

  #release(): void {
    this.#releasing = null;
    this.#paused = false;
    const held = this.#held;
    this.#held = [];
    for (const bytes of held) this.#onBytes(bytes);
    if (!this.#paused) this.#read();
  }

  #read(): void {
    this.#paused = false;
    this.#webSocket.resume();
  }

  end(): void {
    if (!this.#ending) this.#close(NORMAL_CLOSURE);
  }

  destroy(): void {
    this.#ending = true;
    this.#webSocket.terminate();
  }

  onLingerTimeout(): void {
    this.#fail('linger-timeout');
    this.#webSocket.terminate();
  }

  /** Begins the closing handshake; what still arrives is dropped until the peer has answered, or its time is up. */
  #close(code: number): void {
    this.#ending = true;
    this.#webSocket.resume();
    this.#webSocket.close(code);
    this.#connections.linger(this);
  }

  #fail(cause: string): void {
    this.#cause ??= cause;
  }
}
