/** Opening a socket of Node.js, until somebody owns what happens on it. */
import type { Socket } from 'node:net';
import { connectionFailed } from './connection-failure.ts';
import type { ServerAddress } from './server-address.ts';

/** Begins to connect, and says which event tells that it has: `connect`, or `secureConnect` over TLS. */
export interface Dial {
  readonly readyEvent: 'connect' | 'secureConnect';
  begin(server: ServerAddress, signal: AbortSignal): Socket | Promise<Socket>;
}

/**
 * Connects in place of this library, as through a proxy or from an address of one's own: to `host` and `port`, or to `path`
 * of a Unix socket. TLS and WebSocket are put on top of it.
 *
 * @returns a socket that is connected or is about to be. A promise is rejected with why not, and when `signal` aborts, which
 *   leaves nothing open.
 */
export type DialSocket = (server: ServerAddress, signal: AbortSignal) => Socket | Promise<Socket>;

/** Small packets leave at once. A peer that vanished is found out even where the MQTT keep alive is off. */
export const DIAL_OPTIONS: Readonly<{ noDelay: true; keepAlive: true; keepAliveInitialDelay: number }> = {
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: 60_000,
};

/**
 * Connects a socket. Aborting destroys it, whatever it waits for: a name, a connection, a handshake.
 *
 * @param use Makes something of the socket, within the event that tells that it is connected: nothing on it is missed.
 * @returns a promise of what `use` makes. It is rejected with CONNECTION_FAILED, or with the reason of the signal.
 */
export async function connectSocket<T>(
  dial: Dial,
  server: ServerAddress,
  signal: AbortSignal,
  use: (socket: Socket) => T | Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const begun = begin(dial, server, signal);
  // What is there at once gets its listeners at once: it may fail before a promise goes on.
  const socket = begun instanceof Promise ? await connectedBelow(begun, server, signal) : begun;
  return await new Promise<T>((resolve, reject) => {
    const onAbort = (): void => {
      settle();
      socket.destroy();
      reject(signal.reason);
    };
    const onError = (cause: Error): void => {
      settle();
      reject(connectionFailed(server, cause));
    };
    const onReady = (): void => {
      settle();
      // Nobody else would: an application that has corked its socket has let go of it.
      while (socket.writableCorked > 0) socket.uncork();
      resolve(use(socket));
    };
    const settle = (): void => {
      signal.removeEventListener('abort', onAbort);
      socket.off('error', onError).off(dial.readyEvent, onReady);
    };
    signal.addEventListener('abort', onAbort);
    // The first stays: an error without a listener would end the process.
    socket
      .on('error', () => {})
      .on('error', onError)
      .on(dial.readyEvent, onReady);
    if (dial.readyEvent !== 'connect' || socket.connecting) return;
    // Its events have been: nothing would tell of the end.
    if (socket.destroyed || socket.readableEnded) {
      socket.destroy();
      onError(new Error('expected a socket that is open, got one that was closed'));
    } else onReady();
  });
}

async function connectedBelow(
  begun: Promise<Socket>,
  server: ServerAddress,
  signal: AbortSignal,
): Promise<Socket> {
  let socket: Socket;
  try {
    socket = await begun;
  } catch (cause) {
    signal.throwIfAborted();
    throw connectionFailed(server, cause);
  }
  if (signal.aborted) socket.destroy();
  signal.throwIfAborted();
  return socket;
}

function begin(dial: Dial, server: ServerAddress, signal: AbortSignal): Socket | Promise<Socket> {
  try {
    return dial.begin(server, signal);
  } catch (cause) {
    // An address that the platform does not even try, such as a path that is too long.
    throw connectionFailed(server, cause);
  }
}
