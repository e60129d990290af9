import { expect, it } from 'vitest';
import { World } from '../world/world.ts';

const durable = { cleanStart: false, properties: { sessionExpiryInterval: 100 } } as const;

it('a message that is retained and waits for several kept sessions is counted once, with its payload', () => {
  const world = new World();
  for (const clientId of ['a', 'b', 'c']) {
    const client = world.connect({ clientId, ...durable });
    client.subscribe('t', 1);
    if (clientId !== 'c') client.drop();
  }
  const publisher = world.connect();
  publisher.publish('t', new Uint8Array(100), { qos: 1, retain: true });
  publisher.publish('t', new Uint8Array(10), { qos: 1 });
  const { gauges } = world.core;
  expect([gauges.storedMessages, gauges.storedBytes]).toEqual([2, 110]);
  world.advance(100_000);
  // Two sessions have expired; the third client has not acknowledged.
  expect([gauges.storedMessages, gauges.storedBytes]).toEqual([2, 110]);
  publisher.publish('t', '', { retain: true });
  expect([gauges.storedMessages, gauges.sessions]).toEqual([2, 2]);
});

it('what waits for sessions and groups that nobody keeps is counted too, until it goes', () => {
  const world = new World({ limits: { inFlightMessages: 1 } });
  const [alone, member] = [world.connect(), world.connect()];
  alone.subscribe('t', 1);
  member.subscribe('$share/g/t', 1);
  const publisher = world.connect();
  for (let i = 0; i < 4; i++) publisher.publish('t', new Uint8Array(10), { qos: 1 });
  const { gauges, context } = world.core;
  expect([gauges.storedMessages, gauges.storedBytes]).toEqual([6, 60]);
  // A kept member: the store keeps what waits for the group from now on.
  world.connect({ clientId: 'kept', ...durable }).subscribe('$share/g/t', 1);
  expect([gauges.storedMessages, gauges.storedBytes]).toEqual([6, 60]);
  expect(context.transientMessages).toBe(3);
  // Without one, what waits stays there until it is taken.
  world.connect({ clientId: 'kept' }).disconnect();
  expect([gauges.storedMessages, context.transientMessages]).toEqual([6, 3]);
  for (const client of [alone, member]) client.disconnect();
  expect([gauges.storedMessages, gauges.storedBytes, context.queuedBytes]).toEqual([0, 0, 0]);
});
