// A server that sends messages and does not read what acknowledges them.

import type { ClientOptions, OfflineEvent, OpenTransport } from '@martlet/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { message } from '../incoming/server-packets.ts';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';

/** Acknowledgements have 4 bytes each: more of them than this are too many to wait. */
const MOST_WAITING = 65_536 / 4;

let world: World;
let offline: OfflineEvent[];
beforeEach(() => {
  world = new World();
  offline = [];
});
afterEach(() => world.close());

/** A client that hands every message to nobody and acknowledges it, at a server that takes nothing more. */
async function online(options: ClientOptions = {}, canPause = true): Promise<TestServer> {
  const transport: OpenTransport = async (...of) => {
    const opened = await world.open(...of);
    if (canPause) return opened;
    const { write, end, destroy } = opened;
    return { write, end, destroy };
  };
  const client = world.connect({ keepAlive: 0, transport, ...options });
  client.on('offline', (event) => offline.push(event));
  client.on('unrouted', () => {});
  const server = await world.accepting();
  server.take('connect');
  server.send({ type: 'connack', sessionPresent: false, reasonCode: 0, properties: {} });
  server.takesMore = false;
  // What the server does not take any more.
  client.publish('a', 'b', { qos: 1 });
  await world.settle();
  return server;
}

async function sendQos1(server: TestServer, count: number): Promise<void> {
  const one = server.encode(message('a', { qos: 1, packetId: 1 }));
  const bytes = new Uint8Array(one.length * count);
  for (let i = 0; i < count; i++) bytes.set(one, i * one.length);
  server.sendBytes(bytes);
  await world.settle();
}

const acknowledged = (server: TestServer): number =>
  server.takeAll().filter(({ type }) => type === 'puback').length;

describe('Where reading can wait, it stops when 64 KiB of acknowledgements wait', () => {
  test('and not one acknowledgement earlier', async () => {
    const server = await online();
    await sendQos1(server, MOST_WAITING);
    expect([server.isPaused, acknowledged(server)]).toEqual([false, MOST_WAITING]);
    await sendQos1(server, 10);
    expect([server.isPaused, acknowledged(server)]).toEqual([true, 1]);
  });

  test('and goes on with nothing lost when they have left', async () => {
    const server = await online();
    await sendQos1(server, MOST_WAITING + 10);
    await sendQos1(server, 5);
    expect([server.isPaused, acknowledged(server)]).toEqual([true, MOST_WAITING + 1]);
    server.drain();
    await world.settle();
    expect([server.isPaused, acknowledged(server)]).toEqual([false, 14]);
    server.takesMore = false;
    await sendQos1(server, MOST_WAITING);
    await sendQos1(server, MOST_WAITING);
    expect([server.isPaused, offline]).toEqual([true, []]);
  });

  test('and does not go on while a subscription is full as well', async () => {
    const server = await online();
    const [client] = world.clients;
    const subscription = client!.subscribe('b', { bufferMessages: 1 });
    await world.settle();
    server.takeAll();
    server.send({ type: 'suback', packetId: 2, reasonCodes: [0], properties: {} });
    server.send({ type: 'puback', packetId: 1, reasonCode: 0, properties: {} });
    await subscription;
    await sendQos1(server, MOST_WAITING);
    const full = server.encode(message('b'));
    const last = server.encode(message('a', { qos: 1, packetId: 1 }));
    server.sendBytes(Uint8Array.of(...last, ...full));
    await world.settle();
    expect(server.isPaused).toBe(true);
    server.drain();
    await world.settle();
    expect([server.isPaused, client!.gauges.bufferedMessages]).toEqual([true, 1]);
    for await (const _first of await subscription) break;
    await world.settle();
    expect(server.isPaused).toBe(false);
  });

  test('and the connection ends when none leave for a whole keep alive', async () => {
    const server = await online({ keepAlive: 10 });
    await sendQos1(server, MOST_WAITING + 1);
    expect(server.isPaused).toBe(true);
    await world.advance(9_999);
    expect(offline).toEqual([]);
    // What a slow network takes for 64 KiB comes on top.
    await world.advance(10_000);
    expect(offline).toMatchObject([{ error: { code: 'CONNECTION_LOST' } }]);
    expect(server.ended).toBe('destroy');
  });
});

test('Where reading cannot wait, a server that has 512 KiB of them unread is left, and not one before', async () => {
  const server = await online({}, false);
  await sendQos1(server, 8 * MOST_WAITING);
  expect(offline).toEqual([]);
  await sendQos1(server, 1);
  expect(offline).toMatchObject([{ error: { code: 'PROTOCOL_BROKEN', reasonCode: 0x93 } }]);
});
