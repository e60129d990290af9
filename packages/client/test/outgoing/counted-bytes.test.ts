import type { ClientError, PublishOptions } from '@martlet/client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { World } from '../world/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

/** In the packet: User Property 1 + 2 + 1 + 2 + 100, Correlation Data 1 + 2 + 10, and 1 for the Property Length. */
const OPTIONS: PublishOptions = {
  qos: 1,
  userProperties: [['k', 'x'.repeat(100)]],
  correlationData: new Uint8Array(10),
};
const BYTES = 200 + 't'.length + 'payload'.length + 1 + 106 + 13;

test('The properties of a message count in the queue: it is full at the limit and refuses what is one byte past it', async () => {
  const client = world.connect({ queue: { bytes: 2 * BYTES } });
  const first = client.publish('t', 'payload', OPTIONS);
  expect(client.gauges.queuedBytes).toBe(BYTES);
  const second = client.publish('t', 'payload', OPTIONS);
  const smaller = world.connect({ queue: { bytes: 2 * BYTES - 1 } });
  const third = smaller.publish('t', 'payload', OPTIONS);
  let code = '';
  try {
    smaller.publish('t', 'payload', OPTIONS);
  } catch (error) {
    ({ code } = error as ClientError);
  }
  expect(code).toBe('QUEUE_FULL');
  await world.close();
  const settled = await Promise.allSettled([first, second, third]);
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
});
