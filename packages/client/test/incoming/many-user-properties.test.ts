// User Properties take five bytes of a packet and a hundred of memory: many of them stay bytes until somebody asks.

import type { UserProperty } from '@martlet/protocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { World } from '../world/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const propertiesOf = (count: number) => ({
  userProperties: Array.from({ length: count }, (_, index): UserProperty => [`${index}`, '']),
});

function isDecoded(of: object): boolean {
  return Object.getOwnPropertyDescriptor(of, 'userProperties')!.get === undefined;
}

test.each([
  [2, true],
  [1000, false],
])('%i of CONNACK are there for who asks', async (count, expected) => {
  const client = world.connect();
  const properties = propertiesOf(count);
  await world.accept({ properties });
  await world.settle();
  expect(isDecoded(client.server!)).toBe(expected);
  expect(client.server!.userProperties).toEqual(properties.userProperties);
});

test.each([
  [2, true],
  [1000, false],
])('%i of PUBACK are there for who asks', async (count, expected) => {
  const client = world.connect();
  const server = await world.accept();
  const publication = client.publish('t', 'x', { qos: 1 });
  await world.settle();
  const { packetId } = server.take('publish');
  const properties = propertiesOf(count);
  server.send({ type: 'puback', packetId, reasonCode: 0, properties });
  const result = await publication;
  expect(isDecoded(result)).toBe(expected);
  expect(result).toEqual({ reasonCode: 0, reasonString: undefined, ...properties });
});
