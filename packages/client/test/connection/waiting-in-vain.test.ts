// Whoever stops to wait leaves nothing behind in the client.

import { getEventListeners } from 'node:events';
import type { ClientError } from '@martlet/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { World } from '../world/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
  world.refusal = new Error('no network');
});
afterEach(() => world.close());

test('A client that ends by an error tells it when nobody waits for the connection any more', async () => {
  const client = world.connect();
  const errors: string[] = [];
  client.on('error', ({ code }: ClientError) => errors.push(code));
  const controller = new AbortController();
  const ends = [
    client.connected({ timeoutMs: 100 }),
    client.connected({ signal: controller.signal }),
    client.connected({ timeoutMs: 1e12, signal: AbortSignal.abort() }),
  ].map((each) => each.catch(({ code }: ClientError) => code));
  await world.advance(100);
  controller.abort();
  expect(await Promise.all(ends)).toEqual(['TIMEOUT', 'ABORTED', 'ABORTED']);
  world.refusal = undefined;
  await world.advance(5000);
  const server = await world.accepting();
  server.send({ type: 'connack', sessionPresent: false, reasonCode: 0x8a, properties: {} });
  await world.settle();
  expect([client.state, errors]).toEqual(['closed', ['REFUSED']]);
});

test.each(['time', 'signal'] as const)(
  'Waits that are ended by their %s leave no listener and no timer',
  async (by) => {
    const client = world.connect();
    await world.settle();
    const before = world.timerCount;
    const controller = new AbortController();
    const { signal } = controller;
    const options = { signal, timeoutMs: 100 };
    const ends = Array.from({ length: 2 }, () => [
      client.connected(options),
      client.publish('a', 'b', options).acknowledged,
      client.subscribe('a', options).then(() => {}),
      client.request('a', 'b', options),
    ]).flat();
    const settled = Promise.allSettled(ends);
    if (by === 'time') await world.advance(100);
    else controller.abort();
    expect((await settled).map(({ status }) => status)).toEqual(ends.map(() => 'rejected'));
    await world.settle();
    expect([getEventListeners(signal, 'abort').length, world.timerCount]).toEqual([0, before]);
  },
);

test('A thousand operations with one signal listen to it once, and each ends with it', async () => {
  const client = world.connect();
  client.on('error', () => {});
  const controller = new AbortController();
  const { signal } = controller;
  const ends = Array.from({ length: 500 }, () => [
    client.publish('a', 'b', { signal }).acknowledged,
    client.connected({ signal }),
  ]).flat();
  const other = client.connected({ signal: new AbortController().signal, timeoutMs: 10 });
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  const settled = Promise.allSettled([...ends, other]);
  await world.advance(10);
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  controller.abort();
  const codes = (await settled).map((each) => each.status === 'rejected' && each.reason.code);
  expect(new Set(codes.slice(0, -1))).toEqual(new Set(['ABORTED']));
  expect(codes.at(-1)).toBe('TIMEOUT');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
