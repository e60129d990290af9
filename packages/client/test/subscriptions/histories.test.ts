// Random histories of subscribing, ending, lost connections and lost sessions, against a model of a server: in the end the
// server has exactly the filters that the application wants, and every promise has settled.

import type { Client, Subscription } from '@martlet/client';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { suback, unsuback } from '../incoming/server-packets.ts';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';

/** A server that keeps its one session's filters until it is told to lose it. */
class ModelServer {
  filters: Set<string> = new Set();
  hasSession = false;
  #end: TestServer | undefined;

  async accept(world: World): Promise<void> {
    await world.settle();
    while (world.opened.length === 0) await world.advance(1000);
    this.#end = await world.accept({ sessionPresent: this.hasSession });
    if (!this.hasSession) this.filters.clear();
    this.hasSession = true;
  }

  /** Takes in what has arrived. @param answers whether the answers arrive, too */
  work(answers: boolean): void {
    for (const packet of this.#end!.takeAll()) {
      if (packet.type === 'subscribe') {
        const filters = packet.subscriptions.map((each) => each.topicFilter);
        for (const each of filters) if (each !== 'refused') this.filters.add(each);
        const codes = filters.map((each) => (each === 'refused' ? (0x87 as const) : (1 as const)));
        if (answers) this.#end!.send(suback(packet.packetId, ...codes));
      } else if (packet.type === 'unsubscribe') {
        const codes = packet.topicFilters.map((each) =>
          this.filters.delete(each) ? (0 as const) : (0x11 as const),
        );
        if (answers) this.#end!.send(unsuback(packet.packetId, ...(this.#end!.version === 5 ? codes : [])));
      }
    }
  }

  cut(): void {
    this.#end!.cut();
  }
}

type Step =
  | readonly ['subscribe', string]
  | readonly ['end', number]
  | readonly ['work']
  | readonly ['cut', boolean, boolean];

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(fc.constant('subscribe' as const), fc.constantFrom('a', 'a', 'b', '+', '$share/g/a', 'refused')),
  fc.tuple(fc.constant('end' as const), fc.nat()),
  fc.tuple(fc.constant('work' as const)),
  fc.tuple(fc.constant('cut' as const), fc.boolean(), fc.boolean()),
);

class History {
  readonly client: Client;
  readonly #world = new World();
  readonly #server = new ModelServer();
  readonly #wanted: Subscription[] = [];
  /** Promises that have been given, and how many of them have settled. */
  #promises = 0;
  #settled = 0;

  constructor(protocolVersion: 4 | 5) {
    this.client = this.#world.connect({
      protocolVersion,
      sessionExpiryInterval: 300,
      keepAlive: 0,
      quarantineAttempts: false,
    });
    this.client.on('error', () => {});
  }

  async run(steps: readonly Step[]): Promise<void> {
    await this.#server.accept(this.#world);
    for (const each of steps) {
      await this.#do(each);
      await this.#world.settle();
    }
    for (let i = 0; i < 8; i++) {
      this.#server.work(true);
      await this.#world.settle();
    }
  }

  async #do(next: Step): Promise<void> {
    if (next[0] === 'subscribe') {
      const pending = this.client.subscribe(next[1], { qos: 1 }, () => {});
      this.#watch(pending);
      this.#wanted.push(pending.subscription);
    } else if (next[0] === 'end') {
      const [subscription] = this.#wanted.splice(next[1] % Math.max(1, this.#wanted.length), 1);
      if (subscription !== undefined) this.#watch(subscription.unsubscribe());
    } else if (next[0] === 'work') this.#server.work(true);
    else {
      const [, hasTaken, keepsSession] = next;
      if (hasTaken) this.#server.work(false);
      this.#server.hasSession = keepsSession;
      this.#server.cut();
      await this.#server.accept(this.#world);
    }
  }

  #watch(promise: PromiseLike<unknown>): void {
    this.#promises++;
    const settle = (): void => {
      this.#settled++;
    };
    promise.then(settle, settle);
  }

  async check(): Promise<void> {
    const living = this.#wanted.filter((each) => !each.isEnded).map((each) => each.topicFilter);
    expect([...this.#server.filters].sort()).toEqual([...new Set(living)].sort());
    expect(this.client.gauges.subscriptions).toBe(this.#server.filters.size);
    expect(living).not.toContain('refused');
    expect(this.#settled).toBe(this.#promises);
    await this.#world.close();
  }
}

test.each([4, 5] as const)(
  'In version %i the server has what the application wants, whatever was lost on the way',
  async (protocolVersion) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const history = new History(protocolVersion);
        await history.run(steps);
        await history.check();
      }),
      { numRuns: 150 },
    );
  },
);
