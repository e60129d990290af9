import { expect } from 'vitest';
import type { Store } from '../../src/core/ports/store.ts';
import type { World } from '../world/world.ts';
import type { CrashingBroker } from './crashing-broker.ts';
import { RobustClient } from './robust-client.ts';

/** A broker with its clients, which crashes and comes back. */
export class History {
  readonly publisher = new RobustClient('publisher');
  readonly subscribers = [new RobustClient('s1'), new RobustClient('s2')];
  readonly members = [new RobustClient('m1'), new RobustClient('m2')];
  readonly sent: Record<'q1' | 'q2' | 'shared' | 'retained', string[]> = {
    q1: [],
    q2: [],
    shared: [],
    retained: [],
  };
  #broker: CrashingBroker;
  #count = 0;

  private constructor(broker: CrashingBroker) {
    this.#broker = broker;
  }

  /** All clients are connected and subscribed. */
  static async begin(broker: CrashingBroker): Promise<History> {
    const history = new History(broker);
    for (const client of history.clients) client.connect(broker.world);
    await history.#calm();
    for (const subscriber of history.subscribers) {
      subscriber.subscribe('q1', 1);
      subscriber.subscribe('q2', 2);
    }
    for (const member of history.members) member.subscribe('$share/g/shared', 1);
    await history.#calm();
    return history;
  }

  get world(): World<Store> {
    return this.#broker.world;
  }

  get clients(): RobustClient[] {
    return [this.publisher, ...this.subscribers, ...this.members];
  }

  publish(topicName: keyof History['sent'], qos: 1 | 2): void {
    const text = `${++this.#count}`;
    this.sent[topicName].push(text);
    this.publisher.publish(topicName, text, qos, topicName === 'retained');
  }

  look(): void {
    for (const client of this.clients) client.look();
  }

  endCommit(fails: boolean): Promise<void> {
    return this.#broker.endCommit(fails);
  }

  async crash(): Promise<void> {
    this.#broker = await this.#broker.crash();
    for (const client of this.clients) client.onCrash();
  }

  reconnect(): void {
    for (const client of this.clients) if (!client.linked) client.connect(this.world);
  }

  /** Everything goes well from here on: what was sent has arrived as it must. */
  async expectComplete(): Promise<void> {
    await this.#calm();
    expect(this.publisher.settled).toBe(true);
    for (const { messages } of this.subscribers) {
      for (const name of ['q1', 'q2'] as const) {
        const of = messages.filter(({ topicName }) => topicName === name).map(({ text }) => text);
        const once = this.#kept(name === 'q1' ? [...new Set(of)] : of);
        expect(this.#ordered(once)).toEqual(this.#ordered(this.#kept(this.sent[name])));
        expect([...once].sort()).toEqual(this.#kept(this.sent[name]).sort());
      }
    }
    const shared = this.members.flatMap(({ messages }) => messages.map(({ text }) => text));
    expect(new Set(this.#kept(shared))).toEqual(new Set(this.#kept(this.sent.shared)));
    const reader = this.world.connect();
    reader.subscribe('retained');
    const retained = reader.takeTexts();
    const certain = this.#ordered(this.#kept(this.sent.retained));
    // One that was refused may have been kept before it was sent again, in the place of what came later.
    if (this.#ordered(this.#kept(retained)).length > 0 || retained.length === 0) {
      expect(retained).toEqual(certain.slice(-1));
    }
    const { gauges, context } = this.world.core;
    expect([gauges.storedMessages, context.queuedBytes]).toEqual([retained.length, 0]);
    const told = this.world.log.map(({ code }) => code);
    const expected = ['store-full', 'store-recovered', 'connection-refused'];
    expect(told.filter((code) => !expected.includes(code))).toEqual([]);
  }

  /** Without those that were refused, at least once: nothing was promised of them. */
  #kept(texts: readonly string[]): string[] {
    return texts.filter((text) => !this.publisher.refused.has(text));
  }

  #ordered(texts: readonly string[]): string[] {
    return texts.filter((text) => !this.publisher.doubtful.has(text));
  }

  async #calm(): Promise<void> {
    for (let round = 0; round < 60; round++) {
      this.reconnect();
      await this.#broker.settle();
      this.look();
      for (const client of this.clients) client.answer(Number.POSITIVE_INFINITY);
      this.world.advance(1000);
    }
    await this.#broker.settle();
  }
}
