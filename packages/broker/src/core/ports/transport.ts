/**
 * A network connection, as the core sees it: a TCP or Unix socket, a WebSocket, a message port, a test's array.
 *
 * A transport hands what it reads to `Connection.receive` and calls `Connection.onDrained` and `Connection.onClosed`.
 * It never calls into the core from inside one of the calls below.
 */
export interface Transport {
  /** Where the peer is, for logs, access rules and metrics, such as `127.0.0.1:50312`. */
  readonly peer: string;

  /**
   * Sends bytes, in order.
   *
   * `true`: the transport is done with this memory, which may be overwritten at once.
   * `false`: the transport still reads it; nothing more is written until it calls `Connection.onDrained`.
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
}
