/**
 * A client in virtual time, and servers that say what a test tells them to.
 *
 *     const world = new World();
 *     const client = world.connect();
 *     const server = await world.accept();          // takes CONNECT, answers CONNACK
 *     client.publish('a', 'b', { qos: 1 });
 *     await world.settle();
 *     expect(server.take('publish')).toMatchObject({ packetId: 1 });
 */
import type { Client, ClientOptions, OpenTransport } from '@martlet/client';
import type { ConnackPacket } from '@martlet/protocol';
import { ClientAuthentication } from '../../src/client/client-authentication.ts';
import type { Platform } from '../../src/client/create-client.ts';
import { createClient } from '../../src/client/create-client.ts';
import { guardedOpen } from '../../src/client/guard-transport.ts';
import { Requests } from '../../src/client/rpc/requests.ts';
import { SessionKeeping } from '../../src/client/session-keeping.ts';
import { Unrouted } from '../../src/core/incoming/unrouted.ts';
import { Quarantine } from '../../src/core/quarantine.ts';
import { parseServerUrl } from '../../src/transports/parse-server-url.ts';
import { TestServer } from './test-server.ts';

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

export class World {
  nowMs = 1_000_000;
  wallMs: number = Date.UTC(2026, 0, 1);
  /** What `random` gives next; then 0.5. */
  readonly randoms: number[] = [];
  /** Connections that the client has opened and no test has taken. */
  readonly opened: TestServer[] = [];
  /** Where connections were opened to, or were to be. */
  readonly hrefs: string[] = [];
  /** While set, opening a connection fails with it. */
  refusal: Error | undefined;
  /** Whether servers answer pings, of which tests see nothing then. */
  answersPings = false;
  readonly #timers: Set<Timer> = new Set();
  readonly clients: Client[] = [];
  /** What the clients that live do when the platform wakes them. */
  readonly #wakes: Set<() => void> = new Set();

  /** @param parts of the platform that are other ones */
  connect(options: ClientOptions = {}, parts: Partial<Platform<ClientOptions>> = {}): Client {
    const platform: Platform<ClientOptions> = {
      environment: {
        nowMs: () => this.nowMs,
        wallMs: () => this.wallMs,
        random: () => this.randoms.shift() ?? 0.5,
        setTimer: (callback, delayMs) => {
          const timer = { dueMs: this.nowMs + delayMs, callback };
          this.#timers.add(timer);
          return () => this.#timers.delete(timer);
        },
        soon: queueMicrotask,
      },
      optionNames: [],
      parseUrl: parseServerUrl,
      guardedOpen: () => guardedOpen,
      quarantine: () => Quarantine,
      unrouted: () => Unrouted,
      sessionKeeping: () => SessionKeeping,
      authentication: () => ClientAuthentication,
      requests: () => Requests,
      open: () => this.open,
      plug: (wake) => {
        this.#wakes.add(wake);
        return () => this.#wakes.delete(wake);
      },
      ...parts,
    };
    const { servers } = options;
    const where: ClientOptions = servers === undefined ? { url: 'mqtt://localhost' } : {};
    const client = createClient(platform, { clientId: 'c', ...where, ...options }, undefined);
    this.clients.push(client);
    return client;
  }

  /** How the clients open connections. */
  readonly open: OpenTransport = async (address, listener) => {
    this.hrefs.push(address.href);
    if (this.refusal !== undefined) throw this.refusal;
    const server = new TestServer(listener);
    server.answersPings = this.answersPings;
    this.opened.push(server);
    return server.transport;
  };

  /** The network is back, or somebody looks at the page again. */
  wake(): void {
    for (const wake of this.#wakes) wake();
  }

  /** Clients that the platform would still wake. */
  get plugCount(): number {
    return this.#wakes.size;
  }

  /** The next connection that the client opens, with its CONNECT still to be taken. */
  async accepting(): Promise<TestServer> {
    await this.settle();
    const server = this.opened.shift();
    if (server === undefined) throw new Error('expected the client to open a connection, it opened none');
    return server;
  }

  /** The next connection, accepted. */
  async accept(connack: Partial<ConnackPacket> = {}): Promise<TestServer> {
    const server = await this.accepting();
    server.connect = server.take('connect');
    server.send({ type: 'connack', sessionPresent: false, reasonCode: 0, properties: {}, ...connack });
    await this.settle();
    return server;
  }

  /** Lets everything happen that needs no time to pass. */
  async settle(): Promise<void> {
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Lets time pass, stopping at every timer on the way. */
  async advance(ms: number): Promise<void> {
    await this.settle();
    const endMs = this.nowMs + ms;
    for (;;) {
      const [first] = [...this.#timers].sort((a, b) => a.dueMs - b.dueMs);
      if (first === undefined || first.dueMs > endMs) break;
      this.#moveTo(Math.max(first.dueMs, this.nowMs));
      this.#timers.delete(first);
      first.callback();
      await this.settle();
    }
    this.#moveTo(endMs);
    await this.settle();
  }

  /** Time passes and no timer fires: the process was suspended, or the tab was throttled. */
  sleep(ms: number): void {
    this.#moveTo(this.nowMs + ms);
  }

  get timerCount(): number {
    return this.#timers.size;
  }

  /** Ends every client; for `afterEach`. */
  async close(): Promise<void> {
    for (const client of this.clients) {
      // Of what a test has left under way nobody is to be told.
      client.on('error', () => {});
      await client.close({ timeoutMs: 0 });
    }
  }

  #moveTo(nowMs: number): void {
    this.wallMs += nowMs - this.nowMs;
    this.nowMs = nowMs;
  }
}
