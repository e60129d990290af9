import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { NetConnectOpts, Socket } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { Log } from '../../src/core/ports/log.ts';
import type { Accept } from '../../src/core/ports/transport.ts';
import type { Listener } from '../../src/listeners/listener.ts';
import type { TcpListenerOptions } from '../../src/listeners/tcp-listener.ts';
import { listenTcp } from '../../src/listeners/tcp-listener.ts';
import type { TlsOptions } from '../../src/listeners/tls/tls-options.ts';
import { listenWebSocket } from '../../src/listeners/websocket-listener.ts';
import type { MadeAuthority } from './tls/made-authority.ts';
import { clientFrame, Opcode, ServerFrames } from './websocket-frames.ts';

export const noLog: Log = { write: () => {} };

/** The client's end of a connection: a plain socket, with or without WebSocket framing, which can also misbehave. */
export class Peer {
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  readonly #frames: ServerFrames | null;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  /** What stands below TLS. */
  readonly #raw: Socket;
  /** Answers the server's close, as a well-behaved client does. */
  answersClose = true;
  readonly #waiting: { readonly length: number; readonly resolve: () => void }[] = [];

  constructor(socket: Socket, framed: boolean, raw: Socket = socket) {
    this.socket = socket;
    this.#raw = raw;
    this.#frames = framed ? new ServerFrames() : null;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    socket.on('data', (bytes) => this.#onData(bytes));
    socket.on('end', () => {
      if (this.answersClose) socket.end();
    });
    socket.resume();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  send(bytes: Uint8Array): void {
    this.socket.write(this.#frames === null ? bytes : clientFrame(Opcode.Binary, bytes));
  }

  /** The first `length` bytes of MQTT that arrive. */
  async receive(length: number): Promise<Buffer> {
    if (this.#length < length) await new Promise<void>((resolve) => this.#waiting.push({ length, resolve }));
    return this.bytes.subarray(0, length);
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Closes in order: FIN, after a close frame where there are frames. */
  end(): void {
    if (this.#frames !== null) this.socket.write(clientFrame(Opcode.Close, Uint8Array.of(0x03, 0xe8)));
    else this.socket.end();
  }

  /** Closes without order: RST, where the socket has such a thing. */
  reset(): void {
    if (this.#raw.remotePort === undefined) this.#raw.destroy();
    else this.#raw.resetAndDestroy();
  }

  #onData(bytes: Buffer): void {
    if (this.#frames === null) this.#add(bytes);
    for (const { opcode, payload } of this.#frames?.push(bytes) ?? []) {
      if (opcode === Opcode.Binary) this.#add(payload);
      if (opcode === Opcode.Close && this.answersClose && this.socket.writable)
        this.socket.write(clientFrame(Opcode.Close, payload));
    }
  }

  #add(bytes: Buffer): void {
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    for (const waiting of this.#waiting.splice(0)) {
      if (this.#length >= waiting.length) waiting.resolve();
      else this.#waiting.push(waiting);
    }
  }
}

/** One way of connecting, with a listener and clients for it. */
export interface Wire {
  readonly name: string;
  /** False where a reset cannot be told from a close: Unix sockets know none. */
  readonly resets: boolean;
  /** False where a write is never done when it returns: TLS tells later. */
  readonly takesAtOnce: boolean;
  listen(accept: Accept, options?: { readonly lingerMs?: number }): Promise<Listener>;
  dial(listener: Listener): Promise<Peer>;
}

export function tcpWire(name: string, plainSockets: boolean): Wire {
  return {
    name,
    resets: true,
    takesAtOnce: true,
    listen: (accept, options) => listenTcp({ port: 0, plainSockets, ...options }, accept, noLog),
    dial: async (listener) => new Peer(await dialSocket(listener), false),
  };
}

export function unixWire(name: string): Wire {
  return {
    name,
    resets: false,
    takesAtOnce: true,
    listen: async (accept, options) => {
      const directory = mkdtempSync(join(tmpdir(), 'martlet-'));
      const listener = await listenTcp({ path: join(directory, 'mqtt.sock'), ...options }, accept, noLog);
      const close = listener.close.bind(listener);
      listener.close = async () => {
        await close();
        rmSync(directory, { recursive: true });
      };
      return listener;
    },
    dial: async (listener) => new Peer(await dialSocket(listener), false),
  };
}

export const webSocketWire: Wire = {
  name: 'a WebSocket',
  resets: true,
  takesAtOnce: true,
  listen: (accept, options) => listenWebSocket({ port: 0, ...options }, accept, noLog),
  dial: async (listener) => new Peer(await dialWebSocket(listener), true),
};

/** Over TLS, with the certificate of `authority.certify('localhost', …)`. */
export function tlsWire(name: string, authority: () => MadeAuthority, minimumVersion: '1.2' | '1.3'): Wire {
  return {
    name,
    resets: true,
    takesAtOnce: false,
    listen: (accept, options) =>
      listenTcp({ port: 0, tls: serverTls(authority()), ...options }, accept, noLog),
    dial: async (listener) => {
      const raw = await dialSocket(listener);
      return new Peer(await secured(raw, authority(), minimumVersion), false, raw);
    },
  };
}

export function secureWebSocketWire(authority: () => MadeAuthority): Wire {
  return {
    name: 'a WebSocket over TLS',
    resets: true,
    takesAtOnce: false,
    listen: (accept, options) =>
      listenWebSocket({ port: 0, tls: serverTls(authority()), ...options }, accept, noLog),
    dial: async (listener) => {
      const raw = await dialSocket(listener);
      const socket = await secured(raw, authority(), '1.3');
      return new Peer(await upgraded(socket), true, raw);
    },
  };
}

/** Behind a proxy, whose header comes together with nothing, or with the first bytes of MQTT. */
export function proxiedWire(name: string, options: TcpListenerOptions): Wire {
  return {
    name,
    resets: true,
    takesAtOnce: true,
    listen: (accept, more) => listenTcp({ port: 0, proxyProtocol: {}, ...options, ...more }, accept, noLog),
    dial: async (listener) => {
      const socket = await dialSocket(listener);
      socket.write('PROXY TCP4 127.0.0.1 127.0.0.1 50000 1883\r\n');
      return new Peer(socket, false);
    },
  };
}

function serverTls(authority: MadeAuthority): TlsOptions {
  return { certificates: [authority.certify('localhost', { subjectAltName: 'DNS:localhost' })] };
}

async function secured(socket: Socket, authority: MadeAuthority, version: '1.2' | '1.3'): Promise<Socket> {
  const secure = connectTls({
    socket,
    ca: authority.certificate,
    servername: 'localhost',
    minVersion: `TLSv${version}`,
    maxVersion: `TLSv${version}`,
  });
  await once(secure, 'secureConnect');
  return secure;
}

export async function dialSocket(listener: Listener): Promise<Socket> {
  const { address } = listener;
  const place: NetConnectOpts =
    'path' in address ? { path: address.path } : { host: address.host, port: address.port };
  const socket = connect({ ...place, noDelay: true, allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

/** The opening handshake of a WebSocket, by hand; returns the socket after the server's headers. */
export async function dialWebSocket(
  listener: Listener,
  headers: Readonly<Record<string, string>> = {},
): Promise<Socket> {
  return upgraded(await dialSocket(listener), headers);
}

async function upgraded(socket: Socket, headers: Readonly<Record<string, string>> = {}): Promise<Socket> {
  socket.write(upgradeRequest('/mqtt', headers));
  const { status, rest } = await readHeaders(socket);
  if (status !== 101) throw new Error(`expected status 101, got ${status}`);
  if (rest.length > 0) socket.unshift(rest);
  return socket;
}

export function upgradeRequest(path: string, headers: Readonly<Record<string, string>> = {}): string {
  const all = {
    Host: 'localhost',
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Protocol': 'mqtt',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return [`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

export interface Response {
  readonly status: number;
  readonly headers: string;
  readonly rest: Buffer;
}

export function readHeaders(socket: Socket): Promise<Response> {
  return new Promise((resolve, reject) => {
    let text = Buffer.alloc(0);
    const onData = (bytes: Buffer) => {
      text = Buffer.concat([text, bytes]);
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', onData);
      socket.pause();
      const headers = text.subarray(0, end).toString();
      resolve({ status: Number(headers.split(' ')[1]), headers, rest: text.subarray(end + 4) });
    };
    socket.on('data', onData);
    socket.once('close', () => reject(new Error('closed before the headers were whole')));
  });
}
