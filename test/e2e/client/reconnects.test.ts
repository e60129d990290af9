// A thousand connections of one client leave nothing behind: no listener, timer, socket or object.

import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Relay } from '../../relay.ts';
import { Clients, nextEvent } from './clients.ts';
import { MARTLET } from './servers/martlet-server.ts';
import type { RunningServer } from './servers/tested-server.ts';

const RECONNECTS = 1000;
/** Connections in which everything that is made once has been made. */
const WARM_UP = 50;
/** Every so many connections carry a message both ways. */
const MESSAGE_EACH = 10;
const clients = new Clients();

afterEach(() => clients.closeAll());

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** Of each kind, what keeps this process alive. */
function resources(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
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

test(`${RECONNECTS} reconnects leave what the first ones left`, async () => {
  const client = await clients.connect(`mqtt://127.0.0.1:${relay.port}`, {
    sessionExpiryInterval: 60,
    clientId: 'reconnecting',
    reconnect: { minimumDelayMs: 0, maximumDelayMs: 0 },
  });
  let onText: (text: string) => void = () => {};
  await client.subscribe('reconnects', { qos: 1 }, (message) => onText(message.text()));
  const { signal } = new AbortController();
  const reconnect = async (index: number): Promise<void> => {
    const online = nextEvent(client, 'online');
    relay.cut();
    await online;
    if (index % MESSAGE_EACH !== 0) return;
    const came = new Promise<void>((resolve) => {
      // An earlier one may come again.
      onText = (text) => text === String(index) && resolve();
    });
    await client.publish('reconnects', String(index), { qos: 1, signal, timeoutMs: 60_000 });
    await came;
  };
  const look = async () => {
    // What was closed is gone a round of the event loop later, at the other end of the relay another one.
    for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
    collect();
    return { ...resources(), heapBytes: process.memoryUsage().heapUsed };
  };
  for (let index = 0; index <= WARM_UP; index++) await reconnect(index);
  const { heapBytes: bytesBefore, ...before } = await look();
  for (let index = 1; index <= RECONNECTS; index++) await reconnect(index);
  const { heapBytes: bytesAfter, ...after } = await look();
  expect(after).toEqual(before);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  const { queuedMessages, inFlight, unacknowledged, bufferedMessages } = client.gauges;
  expect([queuedMessages, inFlight, unacknowledged, bufferedMessages]).toEqual([0, 0, 0, 0]);
  // A connection with its socket and its buffers has more than that.
  expect((bytesAfter - bytesBefore) / RECONNECTS).toBeLessThan(1000);
  expect(relay.accepted).toBe(2 + WARM_UP + RECONNECTS);
});
