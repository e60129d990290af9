/**
 * Where MQTT is spoken over WebSocket, at one path of an HTTP server that listens nowhere itself. The `ws` library does the
 * protocol; here are the limits around it, the choice of subprotocol, and what everybody else on that port is told.
 */
import type { IncomingMessage, Server } from 'node:http';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import type { Accept, Origin } from '../core/ports/transport.ts';
import type { Arrival } from './arrival.ts';
import type { Entrance } from './entrance.ts';
import type { HttpAnswer } from './http-answer.ts';
import { answerTo, isAt, rawAnswer, sendAnswer, textAnswer } from './http-answer.ts';
import type { ListenerRefusals } from './listener-refusals.ts';
import type { OpenConnections } from './open-connections.ts';
import { hostOfPeer } from './peer.ts';
import { chooseSubprotocol, offeredSubprotocols, SUBPROTOCOLS } from './subprotocol.ts';
import { mayConnect } from './web-origin.ts';
import type { WebSocketSettings } from './websocket-settings.ts';
import { WebSocketTransport } from './websocket-transport.ts';

const MAXIMUM_HEADER_BYTES = 16 * 1024;
const MAXIMUM_HEADERS = 100;
/** Fragments of a message, and reads it is gathered from: many small ones would cost far more than their bytes. */
const MAXIMUM_FRAGMENTS = 16 * 1024;

interface Visitor {
  readonly arrival: Arrival;
  readonly origin: Origin;
}

export class WebSocketEntrance implements Entrance {
  /** A client may ask, stop sending, and still be answered. */
  readonly allowHalfOpen = true;
  readonly handles = undefined;
  readonly #accept: Accept;
  readonly #connections: OpenConnections;
  readonly #refusals: ListenerRefusals;
  readonly #http: Server;
  readonly #visitors = new WeakMap<Duplex, Visitor>();
  /** Connections that are not, or not yet, WebSockets. */
  readonly #waiting = new Set<Duplex>();
  #settings: WebSocketSettings;
  #webSockets: WebSocketServer;

  constructor(
    accept: Accept,
    connections: OpenConnections,
    refusals: ListenerRefusals,
    settings: WebSocketSettings,
  ) {
    this.#accept = accept;
    this.#connections = connections;
    this.#refusals = refusals;
    this.#settings = settings;
    this.#webSockets = webSocketServer(settings);
    const { headersTimeoutMs } = settings;
    this.#http = createServer({
      maxHeaderSize: MAXIMUM_HEADER_BYTES,
      headersTimeout: headersTimeoutMs,
      requestTimeout: headersTimeoutMs,
      connectionsCheckingInterval: Math.min(headersTimeoutMs, 5000),
      keepAliveTimeout: 5000,
    });
    this.#http.maxHeadersCount = MAXIMUM_HEADERS;
    this.#http.on('request', (request, response) => {
      const isSecure = this.#visitors.get(request.socket)?.arrival.security !== undefined;
      sendAnswer(response, answerTo(request, this.#settings.path, isSecure), request.method);
    });
    this.#http.on('upgrade', (request, stream, head) => this.#onUpgrade(request, stream, head));
    // Connections are given to it one by one, and it has to watch over their headers as if it listened.
    this.#http.emit('listening');
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** For those that come from now on. */
  configure(settings: WebSocketSettings): void {
    this.#settings = settings;
    this.#webSockets = webSocketServer(settings);
    this.#http.headersTimeout = settings.headersTimeoutMs;
    this.#http.requestTimeout = settings.headersTimeoutMs;
  }

  enter(socket: Socket, arrival: Arrival, origin: Origin): void {
    if (this.#waiting.size >= this.#settings.maximumHttpConnections) {
      this.#refusals.report('too-many-http-connections', arrival.peer);
      socket.destroy();
      return;
    }
    this.#waiting.add(socket);
    this.#visitors.set(socket, { arrival, origin });
    socket.once('close', () => this.#waiting.delete(socket));
    this.#http.emit('connection', socket);
  }

  close(): void {
    this.#http.close();
    for (const socket of this.#waiting) socket.destroy();
  }

  #onUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const visitor = this.#visitors.get(request.socket);
    const refusal = this.#refusalOf(request, visitor);
    if (refusal !== undefined || visitor === undefined) {
      stream.on('error', () => stream.destroy());
      stream.end(refusal === undefined ? '' : rawAnswer(refusal), () => stream.destroy());
      return;
    }
    this.#webSockets.handleUpgrade(request, stream, head, (webSocket) => {
      this.#waiting.delete(stream);
      this.#onWebSocket(webSocket, request.socket, visitor);
    });
  }

  #refusalOf(request: IncomingMessage, visitor: Visitor | undefined): HttpAnswer | undefined {
    const { path, origins } = this.#settings;
    const isSecure = visitor?.arrival.security !== undefined;
    if (!isAt(request, path) || request.headers.upgrade?.toLowerCase() !== 'websocket')
      return answerTo(request, path, isSecure);
    const { origin } = request.headers;
    if (!mayConnect(origin, this.#placeOf(request, visitor), origins))
      return textAnswer(
        403,
        'Pages of this origin may not connect: name it in the option origins (--ws-origin).',
      );
    const offered = offeredSubprotocols(request.headers['sec-websocket-protocol']);
    if (chooseSubprotocol(offered) !== undefined) return undefined;
    // A client has to offer `mqtt`; other brokers refuse those that do not, too.
    return textAnswer(400, `Offer one of these subprotocols: ${SUBPROTOCOLS.join(', ')}.`); // [MQTT-6.0.0-3] [MQTT-6.0.0-3] 3.1.1
  }

  /**
   * The address that says whether the client is on this machine. Behind a proxy on the same machine every connection comes to a
   * loopback address, so it is the client's own there.
   */
  #placeOf(request: IncomingMessage, visitor: Visitor | undefined): string | undefined {
    const { localAddress } = request.socket;
    return visitor?.arrival.proxyPeer === undefined ? localAddress : hostOfPeer(visitor.arrival.peer);
  }

  #onWebSocket(webSocket: WebSocket, socket: Socket, { arrival, origin }: Visitor): void {
    const transport = new WebSocketTransport(webSocket, socket, this.#connections, arrival);
    const sink = this.#accept(transport, origin);
    if (sink === null) transport.destroy();
    else transport.start(sink);
  }
}

function webSocketServer({ maximumMessageBytes }: WebSocketSettings): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    skipUTF8Validation: true, // A text frame closes the connection, whatever it says.
    maxPayload: maximumMessageBytes,
    maxFragments: MAXIMUM_FRAGMENTS,
    maxBufferedChunks: MAXIMUM_FRAGMENTS,
    handleProtocols: (offered) => chooseSubprotocol(offered) ?? false,
  });
}
