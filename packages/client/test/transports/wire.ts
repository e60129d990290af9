// The other end of a transport under test, by other means: sockets of Node.js and the WebSocket server of `ws`.

import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsOptions as TlsServerOptions } from 'node:tls';
import { createServer as createTlsServer } from 'node:tls';
import type { WebSocket as ServerWebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { parseServerUrl } from '../../src/transports/parse-server-url.ts';
import type { ServerAddress } from '../../src/transports/server-address.ts';
import type { OpenTransport } from '../../src/transports/transport.ts';
import { serverPair } from './certificates.ts';

/** The server's end of one connection. */
export interface Peer {
  readonly socket: Socket;
  send(bytes: Uint8Array): void;
  /** Ends the connection in order. */
  end(): void;
}

/** A server of the test's own. */
export interface TestServer {
  readonly address: ServerAddress;
  /** Connections that were accepted and are not gone. */
  readonly sockets: ReadonlySet<Socket>;
  /** The next connection on which the protocol beneath MQTT is ready. */
  accept(): Promise<PeerReader>;
  close(): Promise<void>;
}

/** One way of connecting: how the client does it, and a server for it. */
export interface Wire {
  readonly name: string;
  /** Whether the transport can be paused. */
  readonly pauses: boolean;
  /** Whether a connection can be reset: not a Unix socket. */
  readonly resets: boolean;
  /** Whether a wait for a server that does not close can be cut short by `lingerMs`. */
  readonly lingers: boolean;
  open(options?: { readonly lingerMs?: number }): OpenTransport;
  /** @param onPeer Called within the event of the connection, before the client can know of it. */
  listen(onPeer?: (peer: Peer) => void): Promise<TestServer>;
}

/** Collects what a peer receives. */
export class PeerReader {
  readonly peer: Peer;
  readonly closed: Promise<void>;
  readonly #received: Buffer[] = [];
  #length = 0;
  #onMore: () => void = () => {};

  constructor(peer: Peer) {
    this.peer = peer;
    this.closed = new Promise((resolve) => peer.socket.once('close', () => resolve()));
  }

  get received(): Buffer {
    return Buffer.concat(this.#received, this.#length);
  }

  take(bytes: Buffer): void {
    this.#received.push(bytes);
    this.#length += bytes.length;
    this.#onMore();
  }

  /** Fulfilled with all that has come when it is so much. */
  async receive(length: number): Promise<Buffer> {
    while (this.#length < length) {
      await new Promise<void>((resolve) => {
        this.#onMore = resolve;
      });
    }
    return this.received;
  }
}

/** Those that wait for a connection, and connections that wait. */
class Arrivals {
  readonly #ready: PeerReader[] = [];
  readonly #waiting: ((reader: PeerReader) => void)[] = [];

  add(reader: PeerReader): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#ready.push(reader);
    else waiting(reader);
  }

  next(): Promise<PeerReader> {
    const reader = this.#ready.shift();
    if (reader !== undefined) return Promise.resolve(reader);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

type OnPeer = (peer: Peer) => void;

async function serve(
  server: Server,
  arrivals: Arrivals,
  urlAt: (port: number) => string,
  path?: string,
): Promise<TestServer> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    if (path === undefined) server.listen(0, '127.0.0.1', resolve);
    else server.listen(path, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    address: parseServerUrl(urlAt(port)).server,
    sockets,
    accept: () => arrivals.next(),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function onSocket(arrivals: Arrivals, onPeer: OnPeer): (socket: Socket) => void {
  return (socket) => {
    const peer: Peer = { socket, send: (bytes) => socket.write(bytes), end: () => socket.end() };
    const reader = new PeerReader(peer);
    socket.on('error', () => {}).on('data', (bytes) => reader.take(bytes));
    onPeer(peer);
    arrivals.add(reader);
  };
}

export function listenTcp(onPeer: OnPeer = () => {}): Promise<TestServer> {
  const arrivals = new Arrivals();
  return serve(createServer(onSocket(arrivals, onPeer)), arrivals, (port) => `mqtt://127.0.0.1:${port}`);
}

export function listenUnix(onPeer: OnPeer = () => {}): Promise<TestServer> {
  const arrivals = new Arrivals();
  const path = join(tmpdir(), `martlet-${process.pid}-${performance.now()}.sock`);
  return serve(createServer(onSocket(arrivals, onPeer)), arrivals, () => `mqtt+unix://${path}`, path);
}

export function listenTls(onPeer: OnPeer = () => {}, options: TlsServerOptions = {}): Promise<TestServer> {
  const arrivals = new Arrivals();
  const server = createTlsServer({ ...serverPair(), ...options }, onSocket(arrivals, onPeer));
  server.on('tlsClientError', () => {});
  return serve(server, arrivals, (port) => `mqtts://localhost:${port}`);
}

export interface WebSocketServerChoices {
  readonly secure?: boolean;
  /** Of the server, if it is secure. */
  readonly tls?: TlsServerOptions;
  /** What the server answers; false for none. */
  readonly subprotocol?: string | false;
  /** Sees the request for each WebSocket. */
  readonly onRequest?: (headers: Readonly<Record<string, string | string[] | undefined>>) => void;
}

export function listenWebSocket(
  onPeer: OnPeer = () => {},
  { secure = false, tls = {}, subprotocol = 'mqtt', onRequest = () => {} }: WebSocketServerChoices = {},
): Promise<TestServer> {
  const arrivals = new Arrivals();
  const server = secure ? createHttpsServer({ ...serverPair(), ...tls }) : createHttpServer();
  server.on('tlsClientError', () => {});
  const webSockets = new WebSocketServer({
    server,
    path: '/mqtt',
    perMessageDeflate: false,
    handleProtocols: () => subprotocol,
  });
  webSockets.on('connection', (webSocket: ServerWebSocket, request) => {
    onRequest(request.headers);
    const peer: Peer = {
      socket: request.socket,
      send: (bytes) => webSocket.send(bytes),
      end: () => webSocket.close(1000),
    };
    const reader = new PeerReader(peer);
    webSocket.on('error', () => {}).on('message', (bytes: Buffer) => reader.take(bytes));
    onPeer(peer);
    arrivals.add(reader);
  });
  return serve(server, arrivals, (port) => `${secure ? 'wss' : 'ws'}://localhost:${port}/mqtt`);
}
