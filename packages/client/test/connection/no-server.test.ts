// No server answers: whoever waits is told why, and when nobody listens the console says so, once.

import type { ClientError } from '@martlet/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { World } from '../world/world.ts';

let world: World;
let said: unknown[];
beforeEach(() => {
  world = new World();
  world.refusal = new Error('nobody listens');
  said = [];
  vi.spyOn(console, 'error').mockImplementation((text) => void said.push(text));
});
afterEach(async () => {
  await world.close();
  vi.restoreAllMocks();
});

const WHY = 'could not connect: nobody listens';

async function failure(promise: PromiseLike<unknown>): Promise<[string, string, unknown]> {
  const { code, message, cause } = (await promise.then(
    () => expect.fail('expected a rejection'),
    (error: unknown) => error,
  )) as ClientError;
  return [code, message, (cause as ClientError | undefined)?.message];
}

test('A wait that is over tells why there is no connection', async () => {
  const client = world.connect();
  const wait = { timeoutMs: 4000 };
  const ends = [
    client.publish('a', 'b', wait),
    client.subscribe('a', wait),
    client.connected(wait),
    client.request('a', 'b', wait),
  ].map(failure);
  await world.advance(4000);
  const expected = ['TIMEOUT', `expected an end within 4000 ms, got none: ${WHY}`, WHY];
  expect(await Promise.all(ends)).toEqual([expected, expected, expected, expected]);
});

test('What ends with a client that never was online tells why', async () => {
  const client = world.connect();
  const ends = [
    client.publish('a', 'b', { qos: 1 }),
    client.subscribe('a'),
    client.connected(),
    client.request('a', 'b'),
  ].map(failure);
  await world.settle();
  await client.close();
  for (const [code, text, cause] of await Promise.all(ends)) {
    expect([code, cause]).toEqual(['CLOSED', WHY]);
    expect(text).toContain(`closed`);
    expect(text).toContain(WHY);
  }
});

test('A wait that is over while the client is online does not tell of what was before', async () => {
  const client = world.connect();
  await world.settle();
  world.refusal = undefined;
  await world.advance(5000);
  await world.accept();
  const end = failure(client.publish('a', 'b', { qos: 1, timeoutMs: 100 }));
  await world.advance(100);
  expect(await end).toEqual(['TIMEOUT', 'expected an end within 100 ms, got none', undefined]);
});

test('The console tells of the first failed attempt of a row, when nobody listens', async () => {
  world.connect();
  await world.advance(600_000);
  expect(said).toEqual([`martlet: ${WHY}`]);
  world.refusal = undefined;
  while (world.opened.length === 0) await world.advance(1000);
  const server = await world.accept();
  said.length = 0;
  // To lose a connection is no reason to speak: most come back.
  server.cut();
  await world.settle();
  expect(said).toEqual([]);
  world.refusal = new Error('still nobody');
  await world.advance(600_000);
  expect(said).toEqual(['martlet: could not connect: still nobody']);
});

test.each(['offline', 'error'] as const)(
  'The console says nothing when somebody listens to %s',
  async (name) => {
    world.connect().on(name, () => {});
    await world.advance(60_000);
    expect(said).toEqual([]);
  },
);

test('The console says nothing when somebody waits for the connection', async () => {
  const waiting = failure(world.connect().connected({ timeoutMs: 60_000 }));
  await world.advance(60_000);
  expect([(await waiting)[0], said]).toEqual(['TIMEOUT', []]);
});

test('The console tells of an attempt that fails without a delay before the next', async () => {
  world.connect({ reconnect: { minimumDelayMs: 0, maximumDelayMs: 0, attempts: 3 } });
  await world.advance(1000);
  expect(said[0]).toBe(`martlet: ${WHY}`);
});
