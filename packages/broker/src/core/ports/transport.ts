import type { DurabilityName } from './durability.ts';

/**
 * A network connection, as the core sees it: a TCP or Unix socket, a WebSocket, a message port, a test's array.
 *
 * A transport hands what it reads to its {@link TransportSink} and tells it when it has drained and when it has closed.
 * It never calls into the core from inside one of the calls below.
 */
export interface Transport {
  /** Where the peer is, for logs, access rules and metrics, such as `127.0.0.1:50312`. */
  readonly peer: string;

  /**
   * Sends bytes, in order.
   *
   * `true`: the transport is done with this memory, which may be overwritten at once.
   * `false`: the transport still reads it; nothing more is written until it calls `TransportSink.onDrained`.
   */
  write(bytes: Uint8Array): boolean;

  /** Like `write`, for several pieces that belong together: payloads too large to be copied. */
  writeAll(pieces: readonly Uint8Array[]): boolean;

  /** Stops handing in bytes (the connection's gate is closed) until `resume`. */
  pause(): void;
  resume(): void;

  /** Closes the connection once everything written has left; what still arrives is not handed in. */
  end(): void;

  /** Closes the connection at once, dropping what has not left. */
  destroy(): void;
}

/** Through which listener a connection came, and what its listener grants or withholds. */
export interface Origin {
  /** The listener's name, such as `tcp:1883`. */
  readonly listener: string;
  /** `mqtt` over a byte stream, or over WebSocket; for metrics and access rules. */
  readonly kind: 'stream' | 'websocket' | 'in-process';
  /** What acknowledgements promise to clients that came this way. @default the broker's `durability` */
  readonly durability?: DurabilityName | undefined;
}

/** What a transport tells the core: one connection's other side of {@link Transport}. */
export interface TransportSink {
  /** Bytes from the peer, between `start` and `end`. They are parsed in place: the memory is valid only during this call. */
  receive(bytes: Uint8Array, start: number, end: number): void;

  /** The memory of the `write` that returned `false` is no longer read, and more may be written. */
  onDrained(): void;

  /**
   * The connection is closed and none of its memory is read any more. Called exactly once, whoever closed it, and
   * never from inside a call of {@link Transport}. `cause` is null for an orderly close (the peer's or ours), and
   * otherwise a short word for the log, such as `ECONNRESET`.
   */
  onClosed(cause: string | null): void;

  /**
   * Where the next bytes should go; asked after each `receive`. Null, or an empty view, is the listener's own buffer.
   *
   * It lets the rest of a large packet be read straight into its place: `receive` is then called with this very view.
   * The memory is lent until the next `receive` or `onClosed`. A transport that cannot do so (TLS, WebSocket) calls
   * `receive` with memory of its own.
   */
  readInto?(): Uint8Array | null;

  /**
   * The bytes of one unfinished message that a message-based transport (WebSocket) may gather for this connection
   * before it gives up, so that a client not yet accepted cannot make it hold much. Absent: the listener's limit.
   */
  readonly maximumMessageBytes?: number;
}

/**
 * Takes a new connection from a listener; null refuses it, and the listener destroys it.
 * The transport is not used before this has returned.
 */
export type Accept = (transport: Transport, origin: Origin) => TransportSink | null;
