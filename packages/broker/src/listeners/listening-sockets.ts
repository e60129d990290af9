/**
 * The sockets that one listener listens on: one for each of its addresses. They hand on what they accept as handles
 * (see stream-wrap.ts) where this Node.js allows it, and as `net.Socket` where not.
 */
import { chmodSync } from 'node:fs';
import type { AddressInfo, ListenOptions, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { EnvironmentError } from '../environment-error.ts';
import type { AcceptFailures } from './accept-failures.ts';
import type { ListenerAddress } from './listener.ts';
import { listenError } from './listener.ts';
import type { ListeningPlace, PlaceOptions } from './listening-places.ts';
import { listeningPlaces } from './listening-places.ts';
import type { StreamHandle } from './stream-wrap.ts';
import { handleOf, isServerHandle, isStreamHandle, socketOf } from './stream-wrap.ts';
import { checkSocketPath, removeStaleSocketFile } from './unix-socket-file.ts';
import { giveSocketTo } from './unix-socket-owner.ts';

export interface ListeningOptions extends PlaceOptions {
  readonly backlog: number;
  /** Permission bits of a Unix socket. */
  readonly pathMode: number;
  readonly pathOwner?: string | undefined;
  readonly pathGroup?: string | undefined;
  /** How a user chooses another place, for error messages. */
  readonly choice?: string | undefined;
}

/** Takes what was accepted. */
export interface Arrivals {
  /** Whether the next connection is wanted as a handle. */
  readonly takesHandles: boolean;
  /** Whether a `net.Socket` may still write after its peer has stopped sending. */
  readonly allowHalfOpen: boolean;
  onHandle(handle: StreamHandle): void;
  onSocket(socket: Socket): void;
}

/** Free ports are looked for again when one is free at one address and taken at another. */
const PORT_ATTEMPTS = 10;

export class ListeningSockets {
  readonly #options: ListeningOptions;
  readonly #arrivals: Arrivals;
  readonly #failures: AcceptFailures;
  #servers: Server[] = [];
  #addresses: readonly ListenerAddress[] = [];

  constructor(options: ListeningOptions, arrivals: Arrivals, failures: AcceptFailures) {
    this.#options = options;
    this.#arrivals = arrivals;
    this.#failures = failures;
  }

  /** At least one, once it is open. */
  get addresses(): readonly ListenerAddress[] {
    return this.#addresses;
  }

  /** Rejects with an `EnvironmentError`; then nothing listens. */
  async open(): Promise<void> {
    const places = await this.#places();
    for (let attempt = 1; ; attempt++) {
      try {
        this.#addresses = await this.#listenAt(places);
        break;
      } catch (error) {
        this.#closeAll();
        const isOthersFault = places.length > 1 && this.#options.port === 0 && attempt < PORT_ATTEMPTS;
        if (!isOthersFault || (error as EnvironmentError).code !== 'ADDRESS_IN_USE') throw error;
      }
    }
    for (const server of this.#servers) this.#takeConnections(server);
  }

  /** Their addresses are free when this returns; resolves when the system says so, too. */
  close(): Promise<void> {
    return this.#closeAll();
  }

  async #places(): Promise<readonly ListeningPlace[]> {
    const { host = '127.0.0.1', port = 0, choice = 'another port' } = this.#options;
    try {
      return await listeningPlaces(this.#options);
    } catch (error) {
      if (error instanceof EnvironmentError) throw error;
      throw listenError(error, { kind: 'tcp', host, port }, choice);
    }
  }

  async #listenAt(places: readonly ListeningPlace[]): Promise<readonly ListenerAddress[]> {
    const addresses: ListenerAddress[] = [];
    let missing: unknown;
    for (const place of places) {
      const first = addresses[0];
      // With port 0 the first address finds a port, and the others share it.
      const port = first?.kind === 'tcp' ? first.port : undefined;
      try {
        addresses.push(await this.#listen(place, port));
      } catch (error) {
        const isMissing = error instanceof EnvironmentError && error.code === 'ADDRESS_NOT_AVAILABLE';
        if (place.kind !== 'tcp' || !place.optional || !isMissing) throw error;
        missing = error;
      }
    }
    if (addresses.length === 0) throw missing;
    return addresses;
  }

  async #listen(place: ListeningPlace, foundPort: number | undefined): Promise<ListenerAddress> {
    const server = createServer({ allowHalfOpen: this.#arrivals.allowHalfOpen });
    this.#servers.push(server);
    const { backlog, choice } = this.#options;
    switch (place.kind) {
      case 'tcp': {
        const { host, port, ipv6Only } = place;
        const address = { kind: 'tcp', host: this.#nameOf(host), port: foundPort ?? port } as const;
        try {
          await listening(server, { host, port: address.port, ipv6Only, backlog });
        } catch (error) {
          throw listenError(error, { ...address, host }, choice ?? 'another port');
        }
        return { ...address, port: (server.address() as AddressInfo).port };
      }
      case 'unix': {
        const address = { kind: 'unix', path: place.path } as const;
        try {
          await this.#listenAtPath(server, place.path);
        } catch (error) {
          if (error instanceof EnvironmentError) throw error;
          throw listenError(error, address, choice ?? 'another path');
        }
        return address;
      }
      case 'fd':
        return this.#listenOnDescriptor(server, place.fd);
    }
  }

  /** A name stands for all its addresses, in one address that is shown; else each is shown as it is. */
  #nameOf(host: string): string {
    const { host: named = '127.0.0.1', interface: networkInterface } = this.#options;
    return networkInterface !== undefined || named === '*' ? host : named;
  }

  async #listenAtPath(server: Server, path: string): Promise<void> {
    const { backlog, pathMode, pathOwner, pathGroup } = this.#options;
    checkSocketPath(path);
    try {
      await guarded(() => listening(server, { path, backlog }));
    } catch (error) {
      const inUse = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!inUse || !(await removeStaleSocketFile(path))) throw error;
      await guarded(() => listening(server, { path, backlog }));
    }
    giveSocketTo(path, pathOwner, pathGroup);
    chmodSync(path, pathMode);
  }

  async #listenOnDescriptor(server: Server, fd: number): Promise<ListenerAddress> {
    try {
      await listening(server, { fd, backlog: this.#options.backlog } as ListenOptions);
    } catch (error) {
      throw descriptorError(fd, error);
    }
    const address = server.address();
    if (address === null || typeof address === 'string') return { kind: 'unix', path: address ?? `fd ${fd}` };
    return { kind: 'tcp', host: address.address, port: address.port };
  }

  #takeConnections(server: Server): void {
    const arrivals = this.#arrivals;
    server.on('connection', (socket) => arrivals.onSocket(socket));
    server.on('error', (error: NodeJS.ErrnoException) => this.#failures.report(error.code ?? error.message));
    const serverHandle = handleOf(server);
    if (!isServerHandle(serverHandle)) return;
    const asBefore = serverHandle.onconnection;
    serverHandle.onconnection = (status, handle) => {
      if (status !== 0) this.#failures.report(getSystemErrorName(status));
      else if (!arrivals.takesHandles) asBefore.call(serverHandle, status, handle);
      // These the server neither counts nor closes: that is what `connections` of the listener is for.
      else if (isStreamHandle(handle)) arrivals.onHandle(handle);
      else arrivals.onSocket(socketOf(handle, arrivals.allowHalfOpen));
    };
  }

  async #closeAll(): Promise<void> {
    const servers = this.#servers;
    this.#servers = [];
    // It waits for the connections that the server counts, too; the listener waits for all of them itself.
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** Nobody but this user may connect between the making of the file and the setting of its rights. */
async function guarded(listen: () => Promise<void>): Promise<void> {
  let before: number | undefined;
  try {
    before = process.umask(0o177);
  } catch {
    // A worker thread may not: the file has the rights that the process gives its files, for a moment.
  }
  try {
    const listened = listen(); // Binds during the call.
    if (before !== undefined) process.umask(before);
    before = undefined;
    await listened;
  } finally {
    if (before !== undefined) process.umask(before);
  }
}

function descriptorError(fd: number, cause: unknown): EnvironmentError {
  const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
  const text = `cannot listen on the descriptor ${fd}: it is no socket that listens (${code})`;
  return new EnvironmentError('LISTEN_FAILED', text, cause);
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
