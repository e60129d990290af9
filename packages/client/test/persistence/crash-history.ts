/**
 * One history of a client with a store, and of a server that keeps its session: publishes in both directions, connections
 * that are cut and processes that crash at any moment, all from one seed; and in the end peace, until nothing moves any
 * more. Then what everybody was told is held against what happened.
 */
import type { Client, ClientError } from '@martlet/client';
import { SeededRandom } from '../../../../test/seeded-random.ts';
import { World } from '../world/world.ts';
import type { ControlledStore } from './controlled-store.ts';
import { Disk } from './controlled-store.ts';
import type { Told } from './model-server.ts';
import { ModelServer, told } from './model-server.ts';

const TOPICS = ['a', 'b', 'c'];
const STEPS = 60;

export class CrashHistory {
  readonly server: ModelServer = new ModelServer();
  /** Given to a process that crashed or lives, in order. */
  readonly published: Told[] = [];
  /** Of these, the ones whose promise said so. */
  readonly stored: Set<Told> = new Set();
  readonly acknowledged: Set<Told> = new Set();
  /** What each process was told would not be delivered. */
  readonly failed: Told[] = [];
  /** Of what each process was told that a session was lost behind PUBREC. */
  readonly unknown: Set<Told> = new Set();
  /** Published by the server, in order. */
  readonly sent: Told[] = [];
  /** Handed to the application, in order, with the process and whether an answer had left before. */
  readonly received: { readonly told: Told; readonly process: number; readonly wasAnswered: boolean }[] = [];
  /** What the processes said, as long as they lived. */
  readonly errors: string[] = [];
  crashes = 0;
  cuts = 0;
  losses = 0;
  readonly #random: SeededRandom;
  readonly #losesSessions: boolean;
  readonly #disk: Disk = new Disk();
  #world!: World;
  #store!: ControlledStore;
  #client!: Client;
  #number = 0;

  /** @param losesSessions whether the server sometimes forgets its session while the client is away */
  constructor(seed: number, losesSessions = false) {
    this.#random = new SeededRandom(seed);
    this.#losesSessions = losesSessions;
  }

  async run(): Promise<void> {
    this.#start();
    // The session exists at the server and in the store before anything happens.
    await this.#peace();
    for (let step = 0; step < STEPS; step++) await this.#step();
    await this.#peace();
    await this.#client.close({ timeoutMs: 0 });
    await this.#world.close();
  }

  #below(limit: number): number {
    return this.#random.below(limit);
  }

  #start(): void {
    this.#world = new World();
    this.#store = this.#disk.store();
    const client = this.#world.connect({
      store: this.#store,
      keepAlive: 0,
      quarantineAttempts: false,
      reconnect: { minimumDelayMs: 1, maximumDelayMs: 1 },
    });
    this.#client = client;
    const process = this.crashes;
    client.on('error', (error) => {
      // A message of an earlier process has nobody else to tell that to.
      if (process === this.crashes && !(this.#losesSessions && error.code === 'SESSION_LOST'))
        this.errors.push(error.message);
    });
    client.subscribe('#', { qos: 2 }, (message) => {
      const what = told(message.qos, message.topicName, message.payload);
      this.received.push({ told: what, process, wasAnswered: this.server.answered.has(what) });
    });
  }

  async #step(): Promise<void> {
    switch (this.#below(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
        for (let count = this.#below(4); count >= 0; count--) this.#publish();
        break;
      case 4:
      case 5:
        this.sent.push(this.server.publish(this.#topic(), ++this.#number, this.#qos()));
        break;
      case 6:
        this.#cut();
        break;
      case 7:
        this.#crash();
        break;
      case 8:
      case 9:
      case 10:
        this.#store.finish();
        break;
      default:
        this.server.handle(1 + this.#below(4));
    }
    // Sometimes the next thing happens before the client has had its turn.
    if (this.#below(4) > 0) await this.#move();
  }

  /** Lets the client go on, and accepts its connection. */
  async #move(): Promise<void> {
    await this.#world.advance(2);
    const opened = this.#world.opened.shift();
    if (opened === undefined) return;
    if (this.#losesSessions && this.#below(2) === 0) {
      this.losses++;
      this.server.lose();
    }
    this.server.accept(opened);
    await this.#world.settle();
  }

  #topic(): string {
    return TOPICS[this.#below(TOPICS.length)]!;
  }

  #qos(): 1 | 2 {
    return this.#below(2) === 0 ? 1 : 2;
  }

  #publish(): void {
    const qos = this.#qos();
    const topicName = this.#topic();
    const publication = this.#client.publish(topicName, `${++this.#number}`, { qos });
    const what = `${qos}/${topicName}/${this.#number}`;
    this.published.push(what);
    const isOver = this.crashes;
    const tell = (set: Set<Told>) => (): void => {
      if (isOver === this.crashes) set.add(what);
    };
    publication.stored.then(tell(this.stored), () => {});
    publication.acknowledged.then(tell(this.acknowledged), ({ code }: ClientError) => {
      if (isOver !== this.crashes || this.#client.state === 'closed') return;
      if (code === 'SESSION_LOST') this.unknown.add(what);
      else this.failed.push(what);
    });
  }

  #cut(): void {
    this.cuts++;
    // Some of what has arrived may still be handled, and the answer be lost.
    this.server.handle(this.#below(3));
    this.server.cut(this.#below(2) === 0 ? new Error('cut') : undefined);
  }

  #crash(): void {
    this.#store.crash();
    this.server.handle(this.#below(3));
    this.crashes++;
    this.server.cut(undefined);
    this.#start();
  }

  async #peace(): Promise<void> {
    this.#store.isFast = true;
    for (let rounds = 0; rounds < 200; rounds++) {
      this.#store.finish();
      await this.#move();
      this.server.handle(100);
      await this.#world.settle();
      const { queuedMessages, inFlight, unacknowledged } = this.#client.gauges;
      const isQuiet = queuedMessages + inFlight + unacknowledged === 0 && this.server.isIdle;
      if (isQuiet && this.#client.state === 'online' && rounds > 3) {
        this.#store.isFast = false;
        return;
      }
    }
    throw new Error(`expected peace, got ${JSON.stringify(this.#client.gauges)}`);
  }
}
