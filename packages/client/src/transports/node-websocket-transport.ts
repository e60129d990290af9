/**
 * Connects over WebSocket in Node.js, by the library `ws`, for `ws://` and `wss://`: the bytes of binary messages, one after the
 * other, are the MQTT byte stream. Framing, masking, pings and the closing handshake are the library's; the socket beneath
 * is opened here, so that failures and aborting are those of TCP and TLS. Why not the global WebSocket: decision 0040.
 */
import type { Socket } from 'node:net';
import type { ClientOptions, WebSocket } from 'ws';
import { ClientError } from '../client-error.ts';
import type { Dial } from './connect-socket.ts';
import { connectSocket } from './connect-socket.ts';
import { connectionFailed, nameOf } from './connection-failure.ts';
import { httpModule } from './late-modules.ts';
import type { ServerAddress } from './server-address.ts';
import { DEFAULT_LINGER_MS } from './socket-transport.ts';
import type { OpenTransport, Transport, TransportListener } from './transport.ts';
import { WebSocketTransport } from './websocket-transport.ts';

export interface NodeWebSocketOptions {
  /** Headers of the request, such as `authorization` or `origin`. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * The largest WebSocket message that is accepted, in bytes. A message is gathered in memory until it is whole, and may
   * hold several packets. @default 16 MiB and 64 KiB
   */
  readonly maximumMessageBytes?: number;
  /** How long the server may take to answer the close frame and to close, in ms. @default 2000 */
  readonly lingerMs?: number;
}

/** The largest packet that clients accept unless told otherwise, and something for the packets that share its message. */
const MAXIMUM_MESSAGE_BYTES = 16 * 1024 * 1024 + 64 * 1024;

/**
 * Opens WebSockets over sockets that `dial` connects.
 *
 * @throws ClientError INVALID_OPTION when a header cannot be one.
 */
export function nodeWebSocketTransport(dial: Dial, options: NodeWebSocketOptions = {}): OpenTransport {
  checkHeaders(options.headers ?? {});
  return async (server, listener, signal) => {
    // Loaded by the first WebSocket: it takes as long as all the rest of the client, which most programs use over TCP.
    const library = await import('ws');
    return connectSocket(dial, server, signal, (socket) =>
      upgrade(library.WebSocket, server, socket, listener, signal, options),
    );
  };
}

function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    const { validateHeaderName, validateHeaderValue } = httpModule();
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch (cause) {
      throw noHeader(name, cause);
    }
  }
}

/** The value is not shown: it may be a secret. */
function noHeader(name: string, cause: unknown): ClientError {
  return new ClientError(
    'INVALID_OPTION',
    `webSocket.headers: expected names and values that HTTP allows, got another at ${JSON.stringify(name)}`,
    cause,
  );
}

/** Asks a server on a connected socket to speak MQTT over WebSocket. Aborting destroys the socket. */
function upgrade(
  Library: typeof WebSocket,
  server: ServerAddress,
  socket: Socket,
  listener: TransportListener,
  signal: AbortSignal,
  options: NodeWebSocketOptions,
): Promise<Transport> {
  return new Promise((resolve, reject) => {
    const webSocket = new Library(server.href, ['mqtt'], librarysOptions(socket, options)); // [MQTT-6.0.0-3] [MQTT-6.0.0-3] 3.1.1
    const fail = (reason: unknown): void => {
      signal.removeEventListener('abort', onAbort);
      reject(reason);
      socket.destroy();
    };
    const onAbort = (): void => fail(signal.reason);
    const onError = (cause: Error): void => fail(upgradeFailed(server, cause));
    signal.addEventListener('abort', onAbort);
    webSocket
      // The first stays: an error without a listener would end the process.
      .on('error', () => {})
      .on('error', onError)
      .on('unexpected-response', (_request, { statusCode }) => fail(refused(server, statusCode)))
      .on('upgrade', ({ headers }) => {
        const subprotocol = headers['sec-websocket-protocol'];
        if (subprotocol !== 'mqtt') fail(otherSubprotocol(server, subprotocol));
      })
      .on('open', () => {
        signal.removeEventListener('abort', onAbort);
        webSocket.off('error', onError);
        resolve(new WebSocketTransport(webSocket, socket, server, listener));
      });
  });
}

function librarysOptions(socket: Socket, options: NodeWebSocketOptions): ClientOptions {
  const all: ClientOptions & { readonly closeTimeout: number } = {
    createConnection: () => socket,
    headers: { ...options.headers },
    perMessageDeflate: false,
    maxPayload: options.maximumMessageBytes ?? MAXIMUM_MESSAGE_BYTES,
    skipUTF8Validation: true, // A text frame ends the connection, whatever it says.
    closeTimeout: options.lingerMs ?? DEFAULT_LINGER_MS,
  };
  return all;
}

function refused(server: ServerAddress, statusCode: number | undefined): ClientError {
  const advice =
    statusCode === 401 || statusCode === 403
      ? 'does it want a header (webSocket.headers), or refuse this origin?'
      : 'is the path right? Many servers, Martlet among them, have MQTT at /mqtt';
  return connectionFailed(
    server,
    `expected a WebSocket (HTTP status 101), got HTTP status ${statusCode}: ${advice}`,
  );
}

function otherSubprotocol(server: ServerAddress, subprotocol: string | undefined): ClientError {
  const got = subprotocol === undefined ? 'none' : JSON.stringify(subprotocol.slice(0, 50));
  return connectionFailed(
    server,
    `expected the WebSocket subprotocol mqtt, got ${got}: is it MQTT what this server has at ${nameOf(server)}?`,
  );
}

function upgradeFailed(server: ServerAddress, cause: Error): ClientError {
  const { code } = cause as NodeJS.ErrnoException;
  if (code?.startsWith('ERR_SSL_') === true) return connectionFailed(server, cause);
  return connectionFailed(
    server,
    new Error(
      `expected an answer in HTTP, got ${cause.message} (${code}): does the server speak ${server.scheme} on port ${server.port}?`,
      { cause },
    ),
  );
}
