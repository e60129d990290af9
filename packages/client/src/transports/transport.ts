/**
 * A network connection as the client sees it: bytes out, bytes in, and its end. Whatever carries bytes in order and
 * without loss can be one: a socket, a WebSocket, a message port, another process.
 *
 *     const overPort: OpenTransport = async (_server, listener) => {
 *       const { port1, port2 } = new MessageChannel();
 *       port1.onmessage = ({ data }) => listener.onBytes(data);
 *       serve(port2);
 *       return {
 *         write: (bytes) => (port1.postMessage(bytes), true),
 *         end: () => port1.close(),
 *         destroy: () => port1.close(),
 *       };
 *     };
 */
import type { ServerAddress } from './server-address.ts';

export interface Transport {
  /**
   * Sends bytes; they are not changed afterwards. False when so much is waiting to leave that the client should hold
   * back: it writes no more messages until `onDrain`, but may still write what the protocol demands.
   */
  write(bytes: Uint8Array): boolean;
  /**
   * How many bytes have left so far, roughly: it changes when some do. By it the client tells a slow connection from a dead
   * one while much waits to leave. Left out where nobody knows.
   */
  readonly sentBytes?: number | undefined;
  /** Ends the connection once everything written has left. `onClose` follows. */
  end(): void;
  /** Ends the connection at once. `onClose` follows; nothing when it has closed already. */
  destroy(): void;
  /** Stops `onBytes` until `resume`, so that the peer is held back. Left out where the platform cannot. */
  pause?(): void;
  resume?(): void;
}

/** What a transport tells the client. Nothing is told before the promise of its opener has been fulfilled. */
export interface TransportListener {
  /** Bytes that arrived; they belong to the listener from now on and are not written to again. */
  onBytes(bytes: Uint8Array): void;
  /** More may be written, after `write` returned false. */
  onDrain(): void;
  /**
   * The connection has ended: once, and last. With an error when it broke. One that is `refused` says that the server
   * closed because of what it got: the client sets a message aside over which it does so again and again.
   */
  onClose(error?: Error & { readonly refused?: boolean }): void;
}

/**
 * Opens a network connection.
 *
 * @returns a promise of the connection, on which bytes can be written at once. It is rejected when there is none to be
 * had, with a text that says what was tried, and when `signal` aborts, which leaves nothing open.
 */
export type OpenTransport = (
  server: ServerAddress,
  listener: TransportListener,
  signal: AbortSignal,
) => Promise<Transport>;
