// What is awaited can be caught too, as a promise can, and whoever catches is told in place of the `error` event.

import type { Client, ClientError } from '@martlet/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkedPublication } from '../../src/topics/checked-publication.ts';
import { pendingTypedSubscription } from '../../src/topics/typed-subscription.ts';
import { World } from '../world/world.ts';

type Awaitable = Pick<Promise<unknown>, 'catch' | 'finally'>;

let world: World;
let client: Client;
let errors: unknown[];
beforeEach(() => {
  world = new World();
  client = world.connect();
  errors = [];
  client.on('error', (error) => errors.push(error));
});
afterEach(() => world.close());

function awaitables(): Awaitable[] {
  const publication = client.publish('a', 'b', { qos: 1 });
  return [
    publication,
    client.subscribe('a'),
    client.respond('a', () => undefined),
    checkedPublication(Promise.resolve([publication])),
    pendingTypedSubscription(client.subscribe('a'), () => undefined),
  ];
}

test('What fails is caught, and finally is called', async () => {
  const told: string[] = [];
  const ends = awaitables().flatMap((each, i) => [
    each.catch((error) => told.push(`${i} ${(error as ClientError).code}`)),
    each.finally(() => told.push(`${i} finally`)).catch(() => {}),
  ]);
  await client.close({ timeoutMs: 0 });
  await Promise.all(ends);
  expect(told.sort()).toEqual([0, 1, 2, 3, 4].flatMap((i) => [`${i} CLOSED`, `${i} finally`]));
  await world.settle();
  expect(errors).toEqual([]);
});

test('What succeeds passes by catch and through finally', async () => {
  const told: unknown[] = [];
  const ends = awaitables().flatMap((each) => [
    each.catch(() => told.push('caught')),
    each.finally(() => told.push('finally')),
  ]);
  const server = await world.accept();
  for (const packet of server.takeAll()) {
    if (packet.type === 'publish')
      server.send({ type: 'puback', packetId: packet.packetId, reasonCode: 0, properties: {} });
    if (packet.type === 'subscribe')
      server.send({
        type: 'suback',
        packetId: packet.packetId,
        reasonCodes: packet.subscriptions.map(() => 2),
        properties: {},
      });
  }
  const results = await Promise.all(ends);
  expect(results[0]).toBe(results[1]);
  expect(results[2]).toBe(results[3]);
  expect(told).toEqual(Array(5).fill('finally'));
});
