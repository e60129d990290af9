// Both sides at once, in virtual time, over a network that loses 30 of 100 datagrams. A failing run is one number, its seed.
import { describe, expect, test } from 'vitest';
import type { SnClientCore } from '../../src/client/sn-client-core.ts';
import { LossyNetwork } from './lossy-network.ts';

const FAULTS = { loss: 0.3, repetition: 0.1, mostDelayMs: 400 };
const MESSAGES = 1000;
const TOPICS = 5;
/** A day of virtual time: nothing takes so long. */
const MOST_SECONDS = 86_400;
/** So many retries that no exchange is given up: whether one is, the last test asks. */
const TIMERS = { retryMs: 1000, retries: 60 };

const utf8 = new TextEncoder();
const qosOf = (i: number): 1 | 2 => (i % 2 === 0 ? 1 : 2);
const topicOf = (i: number, direction: string): string => `${direction}/${i % TOPICS}`;

/** What has arrived: each number at least once, those of QoS 2 exactly once, and in order within each topic. */
class Arrivals {
  readonly #times = new Map<number, number>();
  readonly #last = new Map<number, number>();
  readonly problems: string[] = [];

  get count(): number {
    return this.#times.size;
  }

  arrived(topicName: string, text: string): void {
    const i = Number(text);
    const times = (this.#times.get(i) ?? 0) + 1;
    this.#times.set(i, times);
    if (!topicName.endsWith(`/${i % TOPICS}`)) this.problems.push(`${i} came on ${topicName}`);
    if (times > 1) {
      if (qosOf(i) === 2) this.problems.push(`${i} came ${times} times`);
      return;
    }
    const last = this.#last.get(i % TOPICS) ?? -1;
    if (i < last) this.problems.push(`${i} came after ${last}`);
    this.#last.set(i % TOPICS, i);
  }
}

/** Connected and subscribed to what comes down. */
function connected(network: LossyNetwork, client: SnClientCore, then: () => void): void {
  client.connect((error) => {
    if (error !== null) throw error;
    client.subscribe(
      'down/+',
      2,
      (refusal) => {
        if (refusal !== null) throw refusal;
        then();
      },
      network.nowMs,
    );
  }, network.nowMs);
}

describe('1000 messages each way, half of them of QoS 1 and half of QoS 2', () => {
  test.each([1, 2, 3, 4, 5, 6])('all arrive, those of QoS 2 once, each topic in order: seed %d', (seed) => {
    const network = new LossyNetwork(seed, FAULTS, {
      options: TIMERS,
      broker: { limits: { queuedMessages: 5000 } },
    });
    const [up, down] = [new Arrivals(), new Arrivals()];
    network.world.broker.subscribe('up/+', (message) => up.arrived(message.topicName, message.text()), {
      observe: true,
    });
    network.world.settle();
    const client = network.client(
      { clientId: 'dev', cleanSession: false, keepAlive: 600, ...TIMERS },
      ({ topicName, payload }) => down.arrived(topicName, new TextDecoder().decode(payload)),
      (error) => {
        throw error;
      },
    );
    let acknowledged = 0;
    const publishUp = (i: number): void => {
      if (i === MESSAGES) return;
      client.publish(
        topicOf(i, 'up'),
        utf8.encode(`${i}`),
        { qos: qosOf(i) },
        (error) => {
          if (error !== null) throw error;
          acknowledged++;
          network.after(0, () => publishUp(i + 1));
        },
        network.nowMs,
      );
    };
    const publishDown = (i: number): void => {
      if (i === MESSAGES) return;
      network.world.publish(topicOf(i, 'down'), `${i}`, qosOf(i));
      network.after(network.random.next() * 1000, () => publishDown(i + 1));
    };
    connected(network, client, () => {
      network.after(0, () => publishUp(0));
      network.after(0, () => publishDown(0));
    });
    const isOver = () => acknowledged === MESSAGES && down.count === MESSAGES;
    expect(network.runUntil(isOver, MOST_SECONDS)).toBe(true);
    // Copies that are still on their way, and what is left of the last exchanges.
    network.runUntil(() => false, 120);
    expect([up.count, up.problems, down.problems]).toEqual([MESSAGES, [], []]);
    expect(network.lost / network.datagrams).toBeGreaterThan(0.25);
    expect(network.world.gateway.metrics.retransmissions).toBeGreaterThan(300);
  });
});

describe('A sleeper that wakes every minute', () => {
  test.each([11, 12, 13, 14])('gets all of 300 messages, those of QoS 2 once, in order: seed %d', (seed) => {
    const count = 300;
    const network = new LossyNetwork(seed, FAULTS, { options: TIMERS });
    const down = new Arrivals();
    const client: SnClientCore = network.client(
      { clientId: 'dev', cleanSession: false, keepAlive: 600, ...TIMERS },
      ({ topicName, payload }) => down.arrived(topicName, new TextDecoder().decode(payload)),
      // A copy of DISCONNECT that came late is one that the gateway means: it connects anew.
      () => network.after(1000, () => sleepAgain()),
    );
    const sleepAgain = (): void => {
      client.connect((error) => {
        if (error !== null) network.after(1000, sleepAgain);
        else
          client.sleep(
            600,
            (refusal) => network.after(60_000, refusal === null ? wake : () => {}),
            network.nowMs,
          );
      }, network.nowMs);
    };
    const wake = (): void => {
      client.checkMessages((error) => {
        if (error === null) network.after(60_000, wake);
      }, network.nowMs);
    };
    const publishDown = (i: number): void => {
      if (i === count) return;
      network.world.publish(topicOf(i, 'down'), `${i}`, qosOf(i));
      network.after(network.random.next() * 10_000, () => publishDown(i + 1));
    };
    connected(network, client, () => {
      network.after(0, sleepAgain);
      network.after(2000, () => publishDown(0));
    });
    expect(network.runUntil(() => down.count === count, MOST_SECONDS)).toBe(true);
    network.runUntil(() => false, 300);
    expect(down.problems).toEqual([]);
  });
});

describe('Retries that are exhausted', () => {
  test.each([21, 22, 23])('are told, at both ends, and nothing of QoS 1 is lost: seed %d', (seed) => {
    const count = 100;
    const few = { retryMs: 1000, retries: 2 };
    const network = new LossyNetwork(seed, FAULTS, { options: few });
    const down = new Set<string>();
    let told = 0;
    const client: SnClientCore = network.client(
      { clientId: 'dev', cleanSession: false, keepAlive: 10, ...few },
      ({ payload }) => void down.add(new TextDecoder().decode(payload)),
      (error) => {
        told++;
        expect(['GATEWAY_LOST', 'DISCONNECTED']).toContain(error.code);
        network.after(1000, again);
      },
    );
    let isSubscribed = false;
    const again = (): void => {
      client.connect((error) => {
        if (error !== null) {
          told++;
          network.after(1000, again);
          return;
        }
        if (isSubscribed) return;
        client.subscribe('down/+', 1, (refusal) => void (isSubscribed ||= refusal === null), network.nowMs);
      }, network.nowMs);
    };
    again();
    expect(network.runUntil(() => isSubscribed, MOST_SECONDS)).toBe(true);
    for (let i = 0; i < count; i++) network.world.publish(topicOf(i, 'down'), `${i}`, 1);
    expect(network.runUntil(() => down.size === count && told > 0, MOST_SECONDS)).toBe(true);
    expect(network.world.gateway.metrics.retriesExhausted).toBeGreaterThan(0);
  });
});
