/**
 * A TCP or Unix socket as a {@link Transport}, straight on its handle, without `net.Socket` (see stream-wrap.ts).
 *
 * Every connection of a listener reads into one shared buffer, and what was read is parsed before the next read. A
 * write is handed to the kernel during the call; only what it does not take stays with the handle.
 *
 *               end()                    flushed
 *     Open ─────────────▶ Ending ─────────────────▶ AwaitingPeer
 *      │                     │                           │
 *      │ FIN while writing   │ FIN                       │ FIN
 *      └──▶ AwaitingFlush ◀──┘                           ▼
 *                  │                flushed           Closing ──▶ onClosed
 *                  └────────────────────────────────────▲
 *
 * From every state, `destroy`, a failure, or the linger time running out leads to Closing.
 */
import { getSystemErrorName } from 'node:util';
import type { Transport, TransportSecurity, TransportSink } from '../core/ports/transport.ts';
import type { Arrival } from './arrival.ts';
import type { Lingering, OpenConnections } from './open-connections.ts';
import type { StreamHandle, StreamWrap, WriteRequest } from './stream-wrap.ts';

const State = {
  Open: 0,
  /** FIN follows what has been written; what still arrives is dropped. */
  Ending: 1,
  /** Our FIN has left; the peer's is awaited. */
  AwaitingPeer: 2,
  /** The peer's FIN has come; what has been written has not all left. */
  AwaitingFlush: 3,
  Closing: 4,
} as const;
type State = (typeof State)[keyof typeof State];

/** Where a handle keeps the transport it belongs to. */
const TRANSPORT: unique symbol = Symbol('transport');
type OwnedHandle = StreamHandle & { [TRANSPORT]: HandleTransport };

/** What the connections of one listener share. */
export class HandleContext {
  readonly wrap: StreamWrap;
  /** What all of them read into. */
  readonly readBuffer: Uint8Array;
  readonly connections: OpenConnections;
  /** For the next write: most are done when the call returns, and leave the request unused. */
  spareRequest: WriteRequest;

  constructor(wrap: StreamWrap, readBuffer: Uint8Array, connections: OpenConnections) {
    this.wrap = wrap;
    this.readBuffer = readBuffer;
    this.connections = connections;
    this.spareRequest = new wrap.WriteWrap();
  }

  /** Lets a handle that was just accepted read into the shared buffer; to be called once, before it reads. */
  lend(handle: StreamHandle): void {
    handle.useUserBuffer(this.readBuffer);
  }
}

export class HandleTransport implements Transport, Lingering {
  readonly peer: string;
  readonly proxyPeer: string | undefined;
  readonly security: TransportSecurity | undefined;
  readonly #handle: StreamHandle;
  readonly #context: HandleContext;
  #sink: TransportSink | null;
  #state: State;
  /** The sink's memory that the next read goes to; null: the shared buffer. */
  #lent: Uint8Array | null;
  /** The kernel has not taken all of the latest write. */
  #writing: boolean;
  #cause: string | null;

  /** @param handle It has been lent the shared buffer, and is not reading. */
  constructor(handle: StreamHandle, context: HandleContext, arrival: Arrival) {
    this.peer = arrival.peer;
    this.proxyPeer = arrival.proxyPeer;
    this.security = arrival.security;
    this.#handle = handle;
    this.#context = context;
    this.#sink = null;
    this.#state = State.Open;
    this.#lent = null;
    this.#writing = false;
    this.#cause = null;
    context.connections.add(this);
    // Before anything can read: a handle that reads and has no `onread` ends the process.
    (handle as OwnedHandle)[TRANSPORT] = this;
    handle.onread = onRead;
  }

  /**
   * Starts reading for the sink that has accepted this connection.
   * @param first What was read already, behind a PROXY header.
   */
  start(sink: TransportSink, first?: Uint8Array): void {
    this.#sink = sink;
    this.resume();
    // Reading has begun, and gives nothing before this returns: the sink may pause it.
    if (first !== undefined && first.length > 0 && this.#state === State.Open)
      sink.receive(first, 0, first.length);
  }

  write(bytes: Uint8Array): boolean {
    if (this.#state !== State.Open || bytes.length === 0) return true;
    const request = this.#context.spareRequest;
    return this.#isTaken(this.#handle.writeBuffer(request, bytes), request, bytes);
  }

  writeAll(pieces: readonly Uint8Array[]): boolean {
    if (this.#state !== State.Open || pieces.length === 0) return true;
    const request = this.#context.spareRequest;
    return this.#isTaken(this.#handle.writev(request, pieces, true), request, pieces);
  }

  #isTaken(status: number, request: WriteRequest, memory: unknown): boolean {
    const { wrap } = this.#context;
    if (status === 0 && wrap.streamBaseState[wrap.kLastWriteWasAsync] === 0) return true;
    this.#context.spareRequest = new wrap.WriteWrap();
    if (status !== 0) {
      this.#close(getSystemErrorName(status));
      return true;
    }
    request.owner = this;
    request.memory = memory;
    request.oncomplete = onWritten;
    this.#writing = true;
    return false;
  }

  pause(): void {
    if (this.#state === State.Open) this.#handle.readStop();
  }

  resume(): void {
    if (this.#state === State.Open && this.#sink !== null) this.#check(this.#handle.readStart());
  }

  end(): void {
    if (this.#state !== State.Open) return;
    // Closing with bytes unread would reset the connection and could take from the peer what it has not read yet
    // (a CONNACK that refuses, a DISCONNECT). So they are read and dropped until the peer closes, or its time is up.
    this.#check(this.#handle.readStart());
    this.#finish(State.Ending);
  }

  destroy(): void {
    this.#close(null);
  }

  onLingerTimeout(): void {
    this.#close('linger-timeout');
  }

  onRead(): Uint8Array | undefined {
    const { wrap } = this.#context;
    // The bytes read, 0 if there were none after all, or the number of an error.
    const count = wrap.streamBaseState[wrap.kReadBytesOrError]!;
    if (count > 0) return this.#state === State.Open ? this.#onBytes(count) : this.#readShared();
    if (count === 0) return undefined;
    const error = getSystemErrorName(count);
    if (error === 'EOF') this.#onPeerEnded();
    else this.#close(error);
    return undefined;
  }

  #onBytes(count: number): Uint8Array | undefined {
    const sink = this.#sink!;
    sink.receive(this.#lent ?? this.#context.readBuffer, 0, count);
    if (sink.readInto === undefined || this.#state !== State.Open) return this.#readShared();
    const wanted = sink.readInto();
    if (wanted === null || wanted.length === 0) return this.#readShared();
    this.#lent = wanted;
    return wanted;
  }

  #readShared(): Uint8Array | undefined {
    if (this.#lent === null) return undefined;
    this.#lent = null;
    return this.#context.readBuffer;
  }

  #onPeerEnded(): void {
    if (this.#state === State.Open && this.#writing) this.#finish(State.AwaitingFlush);
    else if (this.#state === State.Ending) this.#state = State.AwaitingFlush;
    else this.#close(null);
  }

  /** Sends FIN after everything written, within the linger time. */
  #finish(state: State): void {
    if (this.#state === State.Closing) return;
    this.#state = state;
    this.#context.connections.linger(this);
    const request = new this.#context.wrap.ShutdownWrap();
    request.oncomplete = () => this.#onFlushed();
    // Not 0: it is done already, or there is nobody left to tell.
    if (this.#handle.shutdown(request) !== 0) this.#onFlushed();
  }

  #onFlushed(): void {
    if (this.#state === State.Ending) this.#state = State.AwaitingPeer;
    else this.#close(null);
  }

  onWritten(status: number): void {
    this.#writing = false;
    if (status !== 0) this.#close(getSystemErrorName(status));
    else if (this.#state === State.Open) this.#sink?.onDrained();
  }

  #check(status: number): void {
    // The only failure that a healthy program sees: the descriptor is gone because the peer reset the connection.
    if (status < 0 && getSystemErrorName(status) !== 'EALREADY') this.#close(getSystemErrorName(status));
  }

  #close(cause: string | null): void {
    if (this.#state === State.Closing) return;
    this.#state = State.Closing;
    this.#cause = cause;
    // Cancels what is under way; the callback comes after the requests' own, at the end of this loop iteration.
    this.#handle.close(() => {
      this.#context.connections.delete(this);
      this.#sink?.onClosed(this.#cause);
    });
  }
}

function onRead(this: StreamHandle): Uint8Array | undefined {
  return (this as OwnedHandle)[TRANSPORT].onRead();
}

function onWritten(this: WriteRequest, status: number): void {
  (this.owner as HandleTransport).onWritten(status);
}
