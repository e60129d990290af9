// Whole lives of a client from a seed: an application that asks for everything in any order, servers that answer, refuse,
// stall, break and talk nonsense, a clock that jumps. However it goes, every promise settles, `close` returns, and nothing is left.

import type { Client, PublishOptions } from '@martlet/client';
import type { Packet } from '@martlet/protocol';
import { ReasonCode } from '@martlet/protocol';
import { expect, test } from 'vitest';
import { SeededRandom } from '../../../../test/seeded-random.ts';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';

const REFUSALS: readonly ReasonCode[] = [
  ReasonCode.ServerBusy,
  ReasonCode.ServerMoved,
  ReasonCode.UseAnotherServer,
  ReasonCode.ServerUnavailable,
];

/** The answer of a server that does its best; undefined where none is due. */
function answerTo(packet: Packet): Packet | undefined {
  switch (packet.type) {
    case 'publish': {
      if (packet.qos === 0) return undefined;
      const type = packet.qos === 1 ? 'puback' : 'pubrec';
      return { type, packetId: packet.packetId, reasonCode: 0, properties: {} };
    }
    case 'pubrel':
      return { type: 'pubcomp', packetId: packet.packetId, reasonCode: 0, properties: {} };
    case 'subscribe': {
      const reasonCodes = packet.subscriptions.map(() => 1 as const);
      return { type: 'suback', packetId: packet.packetId, reasonCodes, properties: {} };
    }
    case 'unsubscribe': {
      const reasonCodes = packet.topicFilters.map(() => 0 as const);
      return { type: 'unsuback', packetId: packet.packetId, reasonCodes, properties: {} };
    }
    case 'pingreq':
      return { type: 'pingresp' };
    default:
      return undefined;
  }
}

class Life {
  readonly #seed: number;
  readonly #random: SeededRandom;
  readonly #world: World = new World();
  readonly #client: Client;
  /** Promises that have not settled. */
  readonly #waiting: Map<Promise<unknown>, string> = new Map();
  #server: TestServer | undefined;

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = new SeededRandom(seed);
    this.#client = this.#world.connect({
      protocolVersion: ([5, 5, 5, 4, 3] as const)[this.#random.below(5)]!,
      keepAlive: [0, 1, 60][this.#random.below(3)]!,
      fallback: this.#random.chance(0.3),
      followServerMoved: this.#random.chance(0.5),
      quarantineAttempts: this.#random.chance(0.5) ? false : 1,
      connectTimeoutMs: 2000,
      queue: { messages: 20, whenFull: 'dropOldest' },
    });
    this.#client.on('error', () => {});
  }

  async run(): Promise<void> {
    for (let step = 0; step < 60; step++) {
      this.#application();
      await this.#serve();
      if (this.#random.chance(0.4)) await this.#world.advance(this.#random.below(3000));
      else await this.#world.settle();
    }
    this.#keep('close', this.#client.close({ timeoutMs: this.#random.below(1000) }));
    await this.#world.advance(6000);
    expect({ seed: this.#seed, waiting: [...this.#waiting.values()] }).toEqual({
      seed: this.#seed,
      waiting: [],
    });
    expect(this.#client.state).toBe('closed');
    expect(this.#world.timerCount).toBe(0);
    expect(this.#world.plugCount).toBe(0);
  }

  /** Remembers a promise by name until it has settled. */
  #keep(name: string, promise: Promise<unknown>): void {
    const over = (): boolean => this.#waiting.delete(promise);
    this.#waiting.set(promise, name);
    promise.then(over, over);
  }

  #application(): void {
    const random = this.#random;
    if (this.#client.state === 'closed') return;
    switch (random.below(7)) {
      case 0:
      case 1: {
        const options: PublishOptions = {
          qos: random.below(3) as 0 | 1 | 2,
          ...(random.chance(0.2) ? { timeoutMs: random.below(3000) } : {}),
          ...(random.chance(0.2) ? { messageExpiryInterval: random.below(3) } : {}),
        };
        const publication = this.#client.publish(
          `t/${random.below(4)}`,
          'x'.repeat(random.below(40)),
          options,
        );
        const name = `publication of QoS ${options.qos}`;
        this.#keep(`${name}, acknowledged`, publication.acknowledged);
        this.#keep(`${name}, sent`, publication.sent);
        return;
      }
      case 2:
        this.#keep(
          'subscription',
          this.#client
            .subscribe(`t/${random.below(3)}`, { bufferMessages: 1 }, () => Promise.resolve())
            .then((subscription) => (random.chance(0.5) ? subscription.unsubscribe() : undefined)),
        );
        return;
      case 3:
        this.#keep('connected', this.#client.connected({ timeoutMs: random.below(5000) }));
        return;
      case 4:
        this.#world.wake();
        return;
      case 5:
        this.#world.sleep(random.below(100_000));
    }
  }

  async #serve(): Promise<void> {
    const random = this.#random;
    await this.#world.settle();
    this.#server = this.#world.opened.pop() ?? this.#server;
    const server = this.#server;
    if (server === undefined) return;
    for (const packet of server.takeAll()) {
      if (packet.type === 'connect') this.#greet(server);
      const answer = answerTo(packet);
      if (answer !== undefined && random.chance(0.8)) server.send(answer);
    }
    if (random.chance(0.2)) this.#disturb(server);
  }

  #greet(server: TestServer): void {
    const random = this.#random;
    const isFine = random.chance(0.8);
    const reasonCode = isFine ? 0 : REFUSALS[random.below(server.version === 5 ? REFUSALS.length : 1)]!;
    const properties = isFine || server.version !== 5 ? {} : { serverReference: 'other' };
    if (!isFine && server.version !== 5) server.sendBytes(Uint8Array.of(0x20, 2, 0, 3));
    else server.send({ type: 'connack', sessionPresent: false, reasonCode, properties });
  }

  #disturb(server: TestServer): void {
    const random = this.#random;
    switch (random.below(5)) {
      case 0:
        server.cut(random.chance(0.5) ? new Error('reset') : undefined);
        return;
      case 1:
        server.takesMore = false;
        return;
      case 2:
        server.drain();
        return;
      case 3:
        server.sendBytes(Uint8Array.from({ length: 1 + random.below(20) }, () => random.below(256)));
        return;
      default: {
        const qos = random.below(3) as 0 | 1 | 2;
        server.send({
          type: 'publish',
          topicName: `t/${random.below(4)}`,
          payload: new Uint8Array(3),
          qos,
          packetId: qos === 0 ? 0 : 1 + random.below(5),
          retain: false,
          dup: false,
          properties: {},
        });
      }
    }
  }
}

test.each(Array.from({ length: 10 }, (_, block) => block * 40))(
  'From the seeds %d and the 39 behind it everything ends well',
  async (first) => {
    const rejections: unknown[] = [];
    const onRejection = (reason: unknown): void => void rejections.push(reason);
    process.on('unhandledRejection', onRejection);
    try {
      for (let seed = first; seed < first + 40; seed++) await new Life(seed).run();
      expect(rejections).toEqual([]);
    } finally {
      process.off('unhandledRejection', onRejection);
    }
  },
);
