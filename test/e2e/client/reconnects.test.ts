// A thousand connections leave nothing behind in a client: no listener, timer, socket or object.

import { getEventListeners } from 'node:events';
import { Socket } from 'node:net';
import { queryObjects } from 'node:v8';
import type { Client } from '@martlet/client';
import { PacketStream } from '@martlet/protocol';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Connection } from '../../../packages/client/src/core/connection/connection.ts';
import { Relay } from '../../relay.ts';
import { Clients, nextEvent } from './clients.ts';
import { MARTLET } from './servers/martlet-server.ts';
import type { RunningServer } from './servers/tested-server.ts';

const CLIENTS = 10;
const ROUNDS = 100;
/** In which everything is made that is made once. */
const WARM_UP_ROUNDS = 5;
const clients = new Clients();

afterEach(() => clients.closeAll());

/** What each connection has one of, or more. */
const KINDS = [Connection, PacketStream, Socket, AbortController] as const;

/** Of each kind, what keeps this process alive. */
function resources(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** What there is when everything that has been closed is gone. */
async function look() {
  // A round of the event loop later, at the other end of the relay another one.
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
  // This collects garbage first.
  const objects = KINDS.map((kind) => `${kind.name}: ${queryObjects(kind, { format: 'count' })}`);
  return { resources: resources(), objects };
}

class Reconnecting {
  readonly client: Client;
  readonly #topicName: string;
  readonly #signal: AbortSignal;
  #onText: (text: string) => void = () => {};

  constructor(client: Client, topicName: string, signal: AbortSignal) {
    this.client = client;
    this.#topicName = topicName;
    this.#signal = signal;
  }

  async subscribe(): Promise<void> {
    await this.client.subscribe(this.#topicName, { qos: 1 }, (message) => this.#onText(message.text()));
  }

  /** Sends a message and gets it. */
  async exchange(text: string): Promise<void> {
    const came = new Promise<void>((resolve) => {
      // One of before may come again.
      this.#onText = (each) => each === text && resolve();
    });
    await this.client.publish(this.#topicName, text, { qos: 1, signal: this.#signal, timeoutMs: 60_000 });
    await came;
  }
}

let server: RunningServer;
let relay: Relay;

beforeAll(async () => {
  server = await MARTLET.start();
  relay = await Relay.start(server.port);
});
afterAll(async () => {
  await relay?.close();
  await server?.close();
});

test(`${CLIENTS * ROUNDS} reconnects leave what the first ones left`, async () => {
  const { signal } = new AbortController();
  const reconnecting = await Promise.all(
    Array.from({ length: CLIENTS }, async (_, index) => {
      const client = await clients.connect(`mqtt://127.0.0.1:${relay.port}`, {
        sessionExpiryInterval: 60,
        clientId: `reconnecting-${index}`,
        reconnect: { minimumDelayMs: 0, maximumDelayMs: 0 },
      });
      return new Reconnecting(client, `reconnects/${index}`, signal);
    }),
  );
  await Promise.all(reconnecting.map((each) => each.subscribe()));
  const goRound = async (round: number): Promise<void> => {
    const online = reconnecting.map(({ client }) => nextEvent(client, 'online'));
    relay.cut();
    await Promise.all(online);
    await Promise.all(reconnecting.map((each) => each.exchange(String(round))));
  };
  for (let round = 0; round < WARM_UP_ROUNDS; round++) await goRound(round);
  const before = await look();
  for (let round = 0; round < ROUNDS; round++) await goRound(round);
  expect(await look()).toEqual(before);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  for (const { client } of reconnecting) {
    const { queuedMessages, inFlight, unacknowledged, bufferedMessages } = client.gauges;
    expect([queuedMessages, inFlight, unacknowledged, bufferedMessages]).toEqual([0, 0, 0, 0]);
  }
  expect(relay.accepted).toBe(CLIENTS * (1 + WARM_UP_ROUNDS + ROUNDS));
});
