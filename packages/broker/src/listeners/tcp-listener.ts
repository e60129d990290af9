/**
 * Listens on a TCP port or a Unix socket for MQTT over a byte stream.
 *
 * Accepted handles become connections without a `net.Socket` (handle-transport.ts) where this Node.js allows it, and
 * with one (socket-transport.ts) where not. Which of the two makes no difference to the core.
 */
import { chmodSync } from 'node:fs';
import type { AddressInfo, ListenOptions, Server } from 'node:net';
import { createServer, Socket } from 'node:net';
import { getSystemErrorName } from 'node:util';
import type { DurabilityName } from '../core/ports/durability.ts';
import type { Log } from '../core/ports/log.ts';
import type { Accept, Origin } from '../core/ports/transport.ts';
import { AcceptFailures } from './accept-failures.ts';
import { HandleContext, HandleTransport } from './handle-transport.ts';
import type { Listener, ListenerAddress } from './listener.ts';
import { listenError } from './listener.ts';
import { LISTENER_LIMITS } from './listener-limits.ts';
import { OpenConnections } from './open-connections.ts';
import { peerName } from './peer.ts';
import { SocketTransport } from './socket-transport.ts';
import type { StreamHandle } from './stream-wrap.ts';
import { findStreamWrap, handleOf, isServerHandle, isStreamHandle } from './stream-wrap.ts';
import { checkSocketPath, removeStaleSocketFile } from './unix-socket-file.ts';

export interface TcpListenerOptions {
  /** @default `tcp:` and the port, or `unix:` and the path */
  readonly name?: string;
  /** What acknowledgements promise to clients that connect here. @default the broker's `durability` */
  readonly durability?: DurabilityName;
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 takes a free port. @default 1883 */
  readonly port?: number;
  /** The path of a Unix socket, instead of host and port. A file left there by a dead process is replaced. */
  readonly path?: string;
  /** Who may connect to the Unix socket, as permission bits. @default 0o660 */
  readonly pathMode?: number;
  /** How long an ended connection may take to close before it is destroyed, in ms. @default 5000 */
  readonly lingerMs?: number;
  /** Connections that the operating system holds until they are accepted. @default 4096 */
  readonly backlog?: number;
  /**
   * Seconds of silence after which the operating system asks whether a peer is still there; 0: never. Sleeping
   * devices do not answer, so it is off: MQTT has its own keep alive. @default 0
   */
  readonly tcpKeepAlive?: number;
  /** What all connections are read into; one may serve several listeners of a thread. @default 128 KiB of its own */
  readonly readBuffer?: Uint8Array;
  /** How many file descriptors this process may have. @default what the system says */
  readonly descriptors?: number;
  /** Uses `net.Socket` for every connection. @default false */
  readonly plainSockets?: boolean;
  /** How a user chooses another place, for error messages. @default 'another port' or 'another path' */
  readonly choice?: string;
}

/** Larger reads save nothing that was measured; smaller ones cost with large packets (decision 0010). */
export const READ_BUFFER_BYTES: number = 128 * 1024;

/**
 * Starts listening. Rejects with an `EnvironmentError` when the operating system does not allow it.
 * @param accept Called for every connection.
 */
export async function listenTcp(options: TcpListenerOptions, accept: Accept, log: Log): Promise<Listener> {
  const listener = new TcpListener(options, accept, log);
  await listener.open(); // [MQTT-4.2.0-1]
  return listener;
}

class TcpListener implements Listener {
  readonly #options: TcpListenerOptions;
  readonly #accept: Accept;
  readonly #server: Server;
  readonly #connections: OpenConnections;
  readonly #failures: AcceptFailures;
  #address: ListenerAddress;
  #origin: Origin;
  /** Null: every connection has a `net.Socket`. */
  #context: HandleContext | null = null;

  constructor(options: TcpListenerOptions, accept: Accept, log: Log) {
    this.#options = options;
    this.#accept = accept;
    this.#server = createServer();
    this.#connections = new OpenConnections(options.lingerMs ?? LISTENER_LIMITS.lingerMs.default);
    const { host = '127.0.0.1', port = 1883, path } = options;
    this.#address = path === undefined ? { kind: 'tcp', host, port } : { kind: 'unix', path };
    this.#origin = this.#originAt(this.#address);
    this.#failures = new AcceptFailures(log, this, options.descriptors);
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
    const address = this.#address;
    const { backlog = LISTENER_LIMITS.backlog.default, pathMode = 0o660, choice } = this.#options;
    try {
      if (address.kind === 'tcp') {
        await listening(this.#server, { host: address.host, port: address.port, backlog });
        const { port } = this.#server.address() as AddressInfo;
        this.#address = { ...address, port };
      } else {
        await this.#listenAtPath(address.path, backlog);
        chmodSync(address.path, pathMode);
      }
    } catch (error) {
      this.#server.close();
      throw listenError(error, address, choice ?? (address.kind === 'tcp' ? 'another port' : 'another path'));
    }
    this.#origin = this.#originAt(this.#address);
    this.#takeConnections();
  }

  async stop(): Promise<void> {
    this.#server.close();
    await this.#connections.empty();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await this.#connections.drain();
    await closed;
  }

  async #listenAtPath(path: string, backlog: number): Promise<void> {
    checkSocketPath(path);
    try {
      await listening(this.#server, { path, backlog });
    } catch (error) {
      const inUse = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!inUse || !(await removeStaleSocketFile(path))) throw error;
      await listening(this.#server, { path, backlog });
    }
  }

  #originAt(address: ListenerAddress): Origin {
    const place = address.kind === 'tcp' ? `tcp:${address.port}` : `unix:${address.path}`;
    return { listener: this.#options.name ?? place, kind: 'stream', durability: this.#options.durability };
  }

  #takeConnections(): void {
    const onFailure = (error: string) => this.#failures.report(error);
    this.#server.on('connection', (socket) => this.#onSocket(socket));
    this.#server.on('error', (error: NodeJS.ErrnoException) => onFailure(error.code ?? error.message));

    const wrap = this.#options.plainSockets === true ? null : findStreamWrap();
    const serverHandle = handleOf(this.#server);
    if (wrap === null || !isServerHandle(serverHandle)) return;
    const readBuffer = this.#options.readBuffer ?? new Uint8Array(READ_BUFFER_BYTES);
    this.#context = new HandleContext(wrap, readBuffer, this.#connections);
    // From here on the server emits no 'connection' and counts none; the latter is what `connections` is for.
    serverHandle.onconnection = (status, handle) => {
      if (status !== 0) onFailure(getSystemErrorName(status));
      else if (isStreamHandle(handle)) this.#onHandle(handle);
      else this.#onSocket(new Socket({ handle } as ConstructorParameters<typeof Socket>[0]));
    };
  }

  #onHandle(handle: StreamHandle): void {
    const { tcpKeepAlive = 0 } = this.#options;
    handle.setNoDelay?.(true);
    if (tcpKeepAlive > 0) handle.setKeepAlive?.(true, tcpKeepAlive);
    const remote: { address?: string; port?: number } = {};
    handle.getpeername?.(remote);
    this.#failures.watch(handle);
    this.#offer(new HandleTransport(handle, this.#context!, this.#peer(remote.address, remote.port)));
  }

  #onSocket(socket: Socket): void {
    const { tcpKeepAlive = 0 } = this.#options;
    socket.setNoDelay(true);
    if (tcpKeepAlive > 0) socket.setKeepAlive(true, tcpKeepAlive * 1000);
    this.#failures.watchSocket(socket);
    this.#offer(
      new SocketTransport(socket, this.#connections, this.#peer(socket.remoteAddress, socket.remotePort)),
    );
  }

  #peer(address: string | undefined, port: number | undefined): string {
    return this.#address.kind === 'unix' ? `unix:${this.#address.path}` : peerName(address, port);
  }

  #offer(transport: HandleTransport | SocketTransport): void {
    const sink = this.#accept(transport, this.#origin);
    if (sink === null) transport.destroy();
    else transport.start(sink);
  }
}

function listening(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
