// The topic to which responses come, while the server has not granted it.

import type { Client } from '@martlet/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { grant, suback, taken } from '../incoming/server-packets.ts';
import { World } from '../world/world.ts';

let world: World;
let client: Client;
beforeEach(() => {
  world = new World();
  client = world.connect({ sessionExpiryInterval: 300 });
});
afterEach(() => world.close());

test('Requests wait for the inbox together, and leave nothing behind when their time is over', async () => {
  const server = await world.accept();
  const connected = vi.spyOn(client, 'connected');
  const outcomes = Array.from({ length: 100 }, () => client.request('a', 'b', { timeoutMs: 1 }));
  const settled = Promise.allSettled(outcomes);
  await world.advance(1);
  expect(new Set((await settled).map((each) => each.status === 'rejected' && each.reason.code))).toEqual(
    new Set(['TIMEOUT']),
  );
  const last = client.request('a', 'c', { timeoutMs: 1000 });
  last.catch(() => {});
  await world.settle();
  expect(connected).toHaveBeenCalledTimes(1);
  expect(taken(server)).toEqual(['subscribe 1 martlet/responses/c']);
  server.send(suback(1, 2));
  await world.settle();
  expect(new TextDecoder().decode(server.take('publish').payload)).toBe('c');
  expect(taken(server)).toEqual([]);
});

test('A refusal of the inbox ends those who wait, and the next request asks for it again', async () => {
  const server = await world.accept();
  const refused = client.request('a', 'b');
  const outcome = expect(refused).rejects.toMatchObject({ code: 'REFUSED' });
  await world.settle();
  taken(server);
  server.send(suback(1, 0x87));
  await outcome;
  client.request('a', 'c').catch(() => {});
  await world.settle();
  grant(server);
  await world.settle();
  expect(new TextDecoder().decode(server.take('publish').payload)).toBe('c');
});

test('A server that calls the inbox otherwise, before the last one has granted it, is asked for that', async () => {
  const first = await world.accept({ properties: { responseInformation: 'x' } });
  client.request('a', 'b').catch(() => {});
  await world.settle();
  expect(taken(first)).toEqual(['subscribe 1 x/martlet']);
  first.cut();
  await world.advance(5000);
  const second = await world.accept({ sessionPresent: true, properties: { responseInformation: 'y' } });
  grant(second);
  await world.settle();
  grant(second);
  await world.settle();
  expect(second.take('publish').properties.responseTopic).toBe('y/martlet');
});
