/**
 * Listens on an HTTP port for MQTT over WebSocket, at one path. The `ws` library does the protocol; here are the
 * limits around it, the choice of subprotocol, and what everybody else on that port is told.
 */
import type { IncomingMessage, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import type { DurabilityName } from '../core/ports/durability.ts';
import type { Log } from '../core/ports/log.ts';
import type { Accept, Origin } from '../core/ports/transport.ts';
import { AcceptFailures } from './accept-failures.ts';
import type { HttpAnswer } from './http-answer.ts';
import { answerTo, pathOf, rawAnswer, sendAnswer, textAnswer } from './http-answer.ts';
import type { Listener, ListenerAddress } from './listener.ts';
import { listenError } from './listener.ts';
import { LISTENER_LIMITS } from './listener-limits.ts';
import { OpenConnections } from './open-connections.ts';
import { peerName } from './peer.ts';
import { chooseSubprotocol, offeredSubprotocols, SUBPROTOCOLS } from './subprotocol.ts';
import { mayConnect } from './web-origin.ts';
import { WebSocketTransport } from './websocket-transport.ts';

export interface WebSocketListenerOptions {
  /** @default `websocket:` and the port */
  readonly name?: string;
  /** What acknowledgements promise to clients that connect here. @default the broker's `durability` */
  readonly durability?: DurabilityName;
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 takes a free port. @default 8080 */
  readonly port?: number;
  /** Where clients connect. @default '/mqtt' */
  readonly path?: string;
  /**
   * The web pages whose scripts may connect, as the browser names them (`https://example.org`).
   * Clients that are no browsers name none and are not concerned.
   * @default over a loopback address, pages of this machine; else all
   */
  readonly origins?: readonly string[];
  /** The largest WebSocket message, in bytes; it bounds MQTT packets too. @default 16 MiB and 64 KiB */
  readonly maximumMessageBytes?: number;
  /** HTTP connections that are not, or not yet, WebSockets. @default 1000 */
  readonly maximumHttpConnections?: number;
  /** How long a request's headers may take, in ms. @default 10000 */
  readonly headersTimeoutMs?: number;
  /** How long an ended connection may take to close before it is destroyed, in ms. @default 5000 */
  readonly lingerMs?: number;
  /** Connections that the operating system holds until they are accepted. @default 4096 */
  readonly backlog?: number;
  /** How many file descriptors this process may have. @default what the system says */
  readonly descriptors?: number;
  /** How a user chooses another place, for error messages. @default 'another port' */
  readonly choice?: string;
}

/** A default MQTT packet limit, and something for the packets that share its message. */
const MAXIMUM_MESSAGE_BYTES = 16 * 1024 * 1024 + 64 * 1024;
const MAXIMUM_HEADER_BYTES = 16 * 1024;
const MAXIMUM_HEADERS = 100;
/** Fragments of a message, and reads it is gathered from: many small ones would cost far more than their bytes. */
const MAXIMUM_FRAGMENTS = 16 * 1024;

/**
 * Starts listening. Rejects with an `EnvironmentError` when the operating system does not allow it.
 * @param accept Called for every WebSocket of an MQTT client.
 */
export async function listenWebSocket(
  options: WebSocketListenerOptions,
  accept: Accept,
  log: Log,
): Promise<Listener> {
  const listener = new WebSocketListener(options, accept, log);
  await listener.open();
  return listener;
}

class WebSocketListener implements Listener {
  readonly #options: WebSocketListenerOptions;
  readonly #path: string;
  readonly #accept: Accept;
  readonly #failures: AcceptFailures;
  readonly #server: Server;
  readonly #webSockets: WebSocketServer;
  readonly #connections: OpenConnections;
  /** Connections that are not, or not yet, WebSockets. */
  readonly #http = new Set<Duplex>();
  #address: ListenerAddress & { readonly kind: 'tcp' };
  #origin: Origin;

  constructor(options: WebSocketListenerOptions, accept: Accept, log: Log) {
    const {
      host = '127.0.0.1',
      port = 8080,
      path = '/mqtt',
      headersTimeoutMs = LISTENER_LIMITS.headersTimeoutMs.default,
    } = options;
    this.#options = options;
    this.#path = path;
    this.#accept = accept;
    this.#failures = new AcceptFailures(log, this, options.descriptors);
    this.#connections = new OpenConnections(options.lingerMs ?? LISTENER_LIMITS.lingerMs.default);
    this.#server = createServer({
      maxHeaderSize: MAXIMUM_HEADER_BYTES,
      headersTimeout: headersTimeoutMs,
      requestTimeout: headersTimeoutMs,
      connectionsCheckingInterval: Math.min(headersTimeoutMs, 5000),
      keepAliveTimeout: 5000,
    });
    this.#server.maxHeadersCount = MAXIMUM_HEADERS;
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      skipUTF8Validation: true, // A text frame closes the connection, whatever it says.
      maxPayload: options.maximumMessageBytes ?? MAXIMUM_MESSAGE_BYTES,
      maxFragments: MAXIMUM_FRAGMENTS,
      maxBufferedChunks: MAXIMUM_FRAGMENTS,
      handleProtocols: (offered) => chooseSubprotocol(offered) ?? false,
    });
    this.#address = { kind: 'tcp', host, port };
    this.#origin = this.#originAt(port);
  }

  get name(): string {
    return this.#origin.listener;
  }

  get address(): ListenerAddress {
    return this.#address;
  }

  get connections(): number {
    return this.#connections.size;
  }

  async open(): Promise<void> {
    const { host, port } = this.#address;
    const { backlog = LISTENER_LIMITS.backlog.default, choice = 'another port' } = this.#options;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) => reject(listenError(cause, this.#address, choice)));
      this.#server.listen({ host, port, backlog }, resolve);
    });
    this.#server.removeAllListeners('error');
    const bound = (this.#server.address() as AddressInfo).port;
    this.#address = { ...this.#address, port: bound };
    this.#origin = this.#originAt(bound);

    this.#server.on('error', (error: NodeJS.ErrnoException) =>
      this.#failures.report(error.code ?? error.message),
    );
    this.#server.on('connection', (socket: Socket) => this.#onHttpConnection(socket));
    this.#server.on('request', (request, response) => {
      sendAnswer(response, answerTo(request, this.#path), request.method);
    });
    this.#server.on('upgrade', (request, stream, head) => this.#onUpgrade(request, stream, head));
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#http) socket.destroy();
    await this.#connections.empty();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#http) socket.destroy();
    await this.#connections.drain();
    await closed;
  }

  #originAt(port: number): Origin {
    const { name = `websocket:${port}`, durability } = this.#options;
    return { listener: name, kind: 'websocket', durability };
  }

  #onHttpConnection(socket: Socket): void {
    this.#failures.watchSocket(socket);
    if (
      this.#http.size >=
      (this.#options.maximumHttpConnections ?? LISTENER_LIMITS.maximumHttpConnections.default)
    ) {
      this.#failures.report('too many HTTP connections');
      socket.destroy();
      return;
    }
    this.#http.add(socket);
    socket.once('close', () => this.#http.delete(socket));
  }

  #onUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) {
      stream.on('error', () => stream.destroy());
      stream.end(rawAnswer(refusal), () => stream.destroy());
      return;
    }
    this.#webSockets.handleUpgrade(request, stream, head, (webSocket) => {
      this.#http.delete(stream);
      this.#onWebSocket(webSocket, request.socket);
    });
  }

  #refusalOf(request: IncomingMessage): HttpAnswer | undefined {
    if (pathOf(request) !== this.#path || request.headers.upgrade?.toLowerCase() !== 'websocket')
      return answerTo(request, this.#path);
    const { origin } = request.headers;
    if (!mayConnect(origin, request.socket.localAddress, this.#options.origins))
      return textAnswer(
        403,
        'Pages of this origin may not connect: name it in the option origins (--ws-origin).',
      );
    const offered = offeredSubprotocols(request.headers['sec-websocket-protocol']);
    if (chooseSubprotocol(offered) !== undefined) return undefined;
    // A client has to offer `mqtt`; other brokers refuse those that do not, too.
    return textAnswer(400, `Offer one of these subprotocols: ${SUBPROTOCOLS.join(', ')}.`); // [MQTT-6.0.0-3] [MQTT-6.0.0-3] 3.1.1
  }

  #onWebSocket(webSocket: WebSocket, socket: Socket): void {
    const peer = peerName(socket.remoteAddress, socket.remotePort);
    const transport = new WebSocketTransport(webSocket, socket, this.#connections, peer);
    const sink = this.#accept(transport, this.#origin);
    if (sink === null) transport.destroy();
    else transport.start(sink);
  }
}
