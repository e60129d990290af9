// A broker in another time than the process: every moment and every chance is the test's.

import type { BrokerEnvironment } from '@martlet/broker';
import { createBroker } from '@martlet/broker';
import { describe, expect, test } from 'vitest';

interface Timer {
  readonly callback: () => void;
  readonly dueMs: number;
}

/** Nothing happens in it until `run`. */
class StillEnvironment implements BrokerEnvironment {
  now = 1000;
  timers: Timer[] = [];
  readonly #soon: (() => void)[] = [];

  nowMs(): number {
    return this.now;
  }

  wallMs(): number {
    return Date.UTC(2030, 0, 1) + this.now;
  }

  newClientId(): string {
    return 'given';
  }

  hashSeed(): number {
    return 7;
  }

  heapBytes(): number {
    return 12_345;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    const timer = { callback, dueMs: this.now + delayMs };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((each) => each !== timer);
    };
  }

  soon(callback: () => void): void {
    this.#soon.push(callback);
  }

  /** Everything that is due, until nothing is. */
  run(): void {
    for (;;) {
      const due = this.timers.filter(({ dueMs }) => dueMs <= this.now);
      this.timers = this.timers.filter((timer) => !due.includes(timer));
      const callbacks = [...this.#soon.splice(0), ...due.map(({ callback }) => callback)];
      if (callbacks.length === 0) return;
      for (const callback of callbacks) callback();
    }
  }
}

describe('A broker with an environment of its own', () => {
  test('does nothing until its environment does, and takes time from there alone', () => {
    const environment = new StillEnvironment();
    const broker = createBroker({ environment, sysInterval: 0 });
    const seen: string[] = [];
    broker.subscribe('t', (message) => seen.push(message.text()));
    void broker.publish('t', 'x');
    expect(seen).toEqual([]);
    environment.run();
    expect(seen).toEqual(['x']);

    void broker.publish('kept', 'y', { retain: true, properties: { messageExpiryInterval: 60 } });
    environment.run();
    expect(broker.retainedMessages().map((message) => message.topicName)).toEqual(['kept']);
    environment.now += 59_999;
    environment.run();
    expect(broker.gauges.retainedMessages).toBe(1);
    environment.now += 1;
    expect(broker.retainedMessages()).toEqual([]);
    environment.run();
    expect(broker.gauges.retainedMessages).toBe(0);
  });

  test('tells in $SYS what it is told of the memory', () => {
    const environment = new StillEnvironment();
    const broker = createBroker({ environment });
    environment.now += 10_000;
    environment.run();
    const [heap] = broker.retainedMessages('$SYS/broker/heap/current');
    expect(heap?.text()).toBe('12345');
  });

  test('leaves no timer behind when it has closed', async () => {
    const environment = new StillEnvironment();
    const broker = createBroker({ environment });
    environment.run();
    expect(environment.timers.length).toBe(1);
    await broker.close();
    environment.run();
    expect(environment.timers).toEqual([]);
  });
});
