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
import type { Client, ClientOptions, TransportListener } from '@martlet/client';
import { connect } from '@martlet/client';
import type { ConnackPacket } from '@martlet/protocol';
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
  /** While set, opening a connection fails with it. */
  refusal: Error | undefined;
  readonly #timers: Set<Timer> = new Set();
  readonly #clients: Client[] = [];

  connect(options: ClientOptions = {}): Client {
    const client = connect({
      clientId: 'c',
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
      transport: async (_server, listener: TransportListener) => {
        if (this.refusal !== undefined) throw this.refusal;
        const server = new TestServer(listener);
        this.opened.push(server);
        return server.transport;
      },
      ...options,
    });
    this.#clients.push(client);
    return client;
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
    for (const client of this.#clients) await client.close({ timeoutMs: 0 });
  }

  #moveTo(nowMs: number): void {
    this.wallMs += nowMs - this.nowMs;
    this.nowMs = nowMs;
  }
}
