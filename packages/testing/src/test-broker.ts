/**
 * A broker for the tests of an application: the whole of Martlet's broker in the test's process, over connections that are
 * no sockets, in a time that the test moves, with faults that the test orders.
 *
 *     application ── client ──▶ Network (log, faults) ──▶ Broker ──▶ what the test looks at
 *                                        ▲ VirtualTime ▲
 *
 * Test brokers share nothing: several may run in one process.
 */
import type {
  Broker,
  BrokerEventName,
  BrokerEvents,
  BrokerOptions,
  PublishOptions,
  ReceivedMessage,
  SessionDescription,
  SubscriptionDescription,
} from '@martlet/broker';
import { createBroker, MemoryStore } from '@martlet/broker';
import type { ClientEnvironment, OpenTransport } from '@martlet/client';
import type { ReasonCode } from '@martlet/protocol';
import { BrokerLife } from './broker-life.ts';
import type { Faults } from './faults/faults.ts';
import type { Link } from './network/link.ts';
import type { LoggedPacket } from './network/logged-packet.ts';
import { Network } from './network/network.ts';
import { RecentEntries } from './recent-entries.ts';
import { TestBrokerError } from './test-broker-error.ts';
import { seededRandom } from './time/seeded-random.ts';
import { VirtualTime } from './time/virtual-time.ts';

/** Everything that `createBroker` takes but where and when it lives; `sysInterval` is 0 unless it is given. */
export interface TestBrokerOptions extends Omit<BrokerOptions, 'store' | 'environment'> {
  /** What the wall clock shows at the start, in ms since 1970. @default 2026-01-01, midnight, UTC */
  readonly startMs?: number;
  /** Decides everything that is left to chance: jitter, nonces, client identifiers. @default 1 */
  readonly seed?: number;
}

/** What makes a client one of this test broker: to be spread into the options of `connect`. */
export interface TestClientOptions {
  readonly url: string;
  readonly transport: OpenTransport;
  readonly environment: ClientEnvironment;
}

/** A message that was published, by a client, as a will, or by the test. */
export interface PublishedMessage extends Omit<ReceivedMessage, 'retained'> {
  /** Monotonic ms. */
  readonly atMs: number;
}

/** A subscription, and whose it is. */
export interface ClientSubscription extends SubscriptionDescription {
  readonly clientId: string;
}

interface Watcher {
  /** Puts the handler on a broker. @returns what takes it off */
  readonly attach: (broker: Broker) => () => void;
  detach: () => void;
}

const DEFAULT_START_MS = 1_767_225_600_000;

/**
 * Makes a broker in this process, with a time of its own that stands still until `advance`.
 *
 * @example
 * await using broker = createTestBroker();
 * const client = connect({ ...broker.clientOptions(), clientId: 'thermometer' });
 * await client.publish('home/kitchen/temperature', '21.5', { qos: 1, retain: true });
 * expect(broker.retained.get('home/kitchen/temperature')?.text()).toBe('21.5');
 * @throws {TypeError | RangeError} for an unknown or impossible option
 */
export function createTestBroker(options: TestBrokerOptions = {}): TestBroker {
  return new TestBroker(options);
}

export class TestBroker {
  /** Orders what goes wrong. */
  readonly faults: Faults;
  readonly #options: Omit<BrokerOptions, 'store' | 'environment'>;
  readonly #seed: number;
  readonly #random: () => number;
  readonly #time: VirtualTime;
  readonly #network: Network;
  readonly #messages: RecentEntries<PublishedMessage>;
  readonly #watchers: Set<Watcher>;
  #clients: number;
  #store: MemoryStore;
  #life: BrokerLife;
  /** Null while it is down. */
  #broker: Broker | null;
  #closed: boolean;

  /** @see createTestBroker */
  constructor(options: TestBrokerOptions) {
    const { startMs = DEFAULT_START_MS, seed = 1, ...brokerOptions } = options;
    checkFinite('startMs', startMs);
    checkFinite('seed', seed);
    this.#options = { sysInterval: 0, ...brokerOptions };
    this.#seed = seed;
    this.#random = seededRandom(seed);
    this.#time = new VirtualTime(startMs);
    this.#network = new Network(this.#time, (link) => this.#accept(link));
    this.faults = this.#network.faults;
    this.#messages = new RecentEntries();
    this.#watchers = new Set();
    this.#clients = 0;
    this.#store = new MemoryStore();
    this.#life = new BrokerLife(this.#time, this.#random);
    this.#closed = false;
    this.#broker = this.#start();
  }

  // ---- clients and time --------------------------------------------------------------------------------------------

  /**
   * What makes a client of `@martlet/client` connect here and live in this time; further options stand beside it. Each call
   * gives a client randomness of its own.
   *
   * @example
   * const client = connect({ ...broker.clientOptions(), clientId: 'a', keepAlive: 30 });
   */
  clientOptions(): TestClientOptions {
    return { url: 'mqtt://test-broker', transport: this.#network.open, environment: this.environment() };
  }

  /** This broker's time, for an application that takes its clock and timers as arguments; and randomness of its own. */
  environment(): ClientEnvironment {
    const random = seededRandom(Math.imul(this.#seed, 0x9e3779b1) + ++this.#clients);
    const time = this.#time;
    return {
      nowMs: () => time.nowMs,
      wallMs: () => time.wallMs,
      random,
      setTimer: (callback, delayMs) => time.setTimer(callback, delayMs),
      soon: (callback) => time.soon(callback),
    };
  }

  /** Monotonic ms of this test broker's time. */
  get nowMs(): number {
    return this.#time.nowMs;
  }

  /** What its wall clock shows, in ms since 1970. */
  get wallMs(): number {
    return this.#time.wallMs;
  }

  /**
   * Fulfils when everything that follows from what was done has happened, as far as it needs no more time: no bytes are on
   * their way, no timer is due, and the application has asked for nothing during ten turns of the event loop.
   *
   * It cannot know of what comes from outside of this process or from its other threads: files, sockets, real timers,
   * cryptography. Wait for those first.
   * @throws {TestBrokerError} `NEVER_SETTLES` when something goes round for ever
   */
  settled(): Promise<void> {
    return this.#time.settled();
  }

  /**
   * Lets time pass, for the broker and for all clients with its `clientOptions`: stops at every moment at which one of
   * them has something to do, and lets everything settle there.
   * @throws {RangeError} for what is no time
   * @throws {TestBrokerError} `NEVER_SETTLES`
   */
  advance(ms: number): Promise<void> {
    return this.#time.advance(ms);
  }

  /**
   * Fulfils with what `condition` returns as soon as that is truthy; time passes for it, up to `withinMs`, from one
   * moment at which something happens to the next.
   *
   * @example
   * const message = await broker.waitFor(() => broker.messages.find(({ topicName }) => topicName === 'alarm'));
   * @param options withinMs: @default 0
   * @throws {TestBrokerError} `NEVER_HAPPENED`
   */
  async waitFor<Value>(
    condition: () => Value,
    { withinMs = 0 }: { readonly withinMs?: number } = {},
  ): Promise<Exclude<Value, false | null | undefined | 0 | ''>> {
    if (!Number.isFinite(withinMs) || withinMs < 0) {
      throw new RangeError(`withinMs: expected a finite number from 0 on, got ${String(withinMs)}`);
    }
    await this.settled();
    const endMs = this.nowMs + withinMs;
    for (;;) {
      const value = condition();
      if (value) return value as Exclude<Value, false | null | undefined | 0 | ''>;
      if (this.nowMs >= endMs) break;
      await this.advance(Math.min(this.#time.nextDueMs, endMs) - this.nowMs);
    }
    throw new TestBrokerError(
      'NEVER_HAPPENED',
      `expected a condition to hold within ${withinMs} ms of the test's time, but everything has come to rest without it: ${condition}`,
    );
  }

  // ---- what the test does as the broker ----------------------------------------------------------------------------

  /**
   * Publishes a message, as if from a client that is not there, and fulfils when all that follows from it has happened.
   * @throws {TypeError | RangeError} for an invalid topic name, payload, option or property
   * @throws {TestBrokerError} `BROKER_DOWN`
   */
  async publish(
    topicName: string,
    payload: Uint8Array | string,
    options: PublishOptions = {},
  ): Promise<void> {
    await this.#running().publish(topicName, payload, options);
    await this.settled();
  }

  /** Ends a client's connection; MQTT 5 clients are told why. False if it is not connected. */
  disconnectClient(clientId: string, reasonCode?: ReasonCode, reasonString?: string): boolean {
    return this.#running().disconnectClient(clientId, reasonCode, reasonString);
  }

  /** Calls `handler` for every event of the broker, after a restart too. @returns what takes it off again */
  on<Name extends BrokerEventName>(name: Name, handler: (event: BrokerEvents[Name]) => void): () => void {
    const watcher: Watcher = { attach: (broker) => broker.on(name, handler), detach: () => {} };
    if (this.#broker !== null) watcher.detach = watcher.attach(this.#broker);
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
      watcher.detach();
    };
  }

  /**
   * The broker as it runs now, for what is not here, such as `metrics` and `outcomes`; another one after each restart.
   * @throws {TestBrokerError} `BROKER_DOWN`
   */
  get running(): Broker {
    return this.#running();
  }

  // ---- what the test looks at --------------------------------------------------------------------------------------

  /** Every packet that was sent, both ways and in order: the newest 10,000, and 64 MiB. */
  get packets(): readonly LoggedPacket[] {
    return this.#network.log.all;
  }

  /** Every message that was published, wills too, in order: the newest 10,000, and 64 MiB. */
  get messages(): readonly PublishedMessage[] {
    return this.#messages.all;
  }

  /** What is retained, by topic name; without topics that begin with `$`. Empty while the broker is down. */
  get retained(): ReadonlyMap<string, ReceivedMessage> {
    const messages = this.#broker?.retainedMessages() ?? [];
    return new Map(messages.map((message) => [message.topicName, message]));
  }

  /** Every client that has a session, connected or away. Empty while the broker is down. */
  get clients(): readonly SessionDescription[] {
    return this.#broker?.sessions ?? [];
  }

  /** Every subscription of every client. Empty while the broker is down. */
  get subscriptions(): readonly ClientSubscription[] {
    return this.clients.flatMap(({ clientId, subscriptions }) =>
      subscriptions.map((subscription) => ({ clientId, ...subscription })),
    );
  }

  /** Begins `packets` and `messages` anew. */
  clearLogs(): void {
    this.#network.log.clear();
    this.#messages.clear();
  }

  // ---- its end, and coming back ------------------------------------------------------------------------------------

  /**
   * The broker is gone: connections break and new ones are refused until `comeBack`. What it had acknowledged is kept.
   * @param options gracefully: it tells its clients that it goes, as when it is stopped; else it crashes. @default false
   */
  async takeDown({ gracefully = false }: { readonly gracefully?: boolean } = {}): Promise<void> {
    const broker = this.#running();
    if (gracefully) {
      await broker.close();
      await this.settled();
    }
    this.#life.end();
    this.#broker = null;
    this.#store = this.#store.reopen();
    this.#network.cutAll();
    await this.settled();
  }

  /**
   * The broker starts again; nothing happens if it runs.
   * @param options keepStore: with the sessions and messages that it had. @default true
   * @throws {TestBrokerError} `BROKER_DOWN` if it has been closed for good
   */
  async comeBack({ keepStore = true }: { readonly keepStore?: boolean } = {}): Promise<void> {
    if (this.#closed) throw this.#down();
    if (this.#broker !== null) return;
    if (!keepStore) this.#store = new MemoryStore();
    this.#life = new BrokerLife(this.#time, this.#random);
    this.#broker = this.#start();
    await this.settled();
  }

  /** `takeDown` and `comeBack`. Clients connect again when their time has come: see `advance`. */
  async restart(
    options: { readonly keepStore?: boolean; readonly gracefully?: boolean } = {},
  ): Promise<void> {
    await this.takeDown(options);
    await this.comeBack(options);
  }

  /** Ends it for good. Clients find their connections broken, and no broker. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#broker !== null) await this.takeDown();
  }

  /** The same, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // ------------------------------------------------------------------------------------------------------------------

  #start(): Broker {
    const broker = createBroker({ ...this.#options, store: this.#store, environment: this.#life });
    const note = (message: ReceivedMessage): void => {
      if (message.retained) return; // of an earlier life: it has been noted
      const { retained, ...published } = message;
      this.#messages.add({ ...published, atMs: this.#time.nowMs }, message.payload.length);
    };
    broker.subscribe('#', note, { observe: true });
    for (const watcher of this.#watchers) watcher.detach = watcher.attach(broker);
    return broker;
  }

  #accept(link: Link): boolean {
    const sink = this.#broker?.attach(link.broker, { listener: 'test', kind: 'in-process' }) ?? null;
    if (sink === null) return false;
    link.attached(sink);
    return true;
  }

  #running(): Broker {
    if (this.#broker === null) throw this.#down();
    return this.#broker;
  }

  #down(): TestBrokerError {
    return new TestBrokerError(
      'BROKER_DOWN',
      this.#closed
        ? 'expected a test broker that runs, but it has been closed: make another one'
        : 'expected a broker that runs, but it has been taken down: call comeBack() first',
    );
  }
}

function checkFinite(name: string, value: number): void {
  if (!Number.isFinite(value)) {
    throw new RangeError(`option ${name}: expected a finite number, got ${String(value)}`);
  }
}
