/** Retained messages that are shown over several turns, when showing them to one session goes wrong. */
import { expect, it } from 'vitest';
import type { Delivery } from '../../src/core/publish/delivery.ts';
import { World } from '../world/world.ts';

it('a store that throws for one session ends its connection, and the others are shown everything', () => {
  const world = new World({ limits: { retainedBatch: 10 } });
  const publisher = world.connect();
  for (let i = 0; i < 100; i++) publisher.publish(`r/${i}`, 'x', { retain: true, qos: 1 });
  const properties = { sessionExpiryInterval: 1000 };
  const guilty = world.connect({ clientId: 'guilty', cleanStart: false, properties });
  guilty.subscribe('warm', 1);
  publisher.publish('warm', 'x', { qos: 1 });
  guilty.takeAndAcknowledge();
  const others = [world.connect(), world.connect()];

  const queue = world.core.sessions.get('guilty')!.queue!;
  const push = queue.push.bind(queue);
  let pushed = 0;
  queue.push = (delivery: Delivery) => {
    if (++pushed === 15) throw new Error('the disk is gone');
    push(delivery);
  };
  // All subscribe within one turn, so that later batches are shown to them together.
  const turn = world.turn.bind(world);
  world.turn = () => {};
  const subscription = { topicFilter: 'r/#', qos: 1, noLocal: false, retainAsPublished: false } as const;
  for (const client of [others[0]!, guilty, others[1]!]) {
    client.send({
      type: 'subscribe',
      packetId: client.nextPacketId(),
      subscriptions: [{ ...subscription, retainHandling: 0 }],
      properties: {},
    });
  }
  world.turn = turn;
  world.turn();

  expect(pushed).toBeGreaterThanOrEqual(15);
  expect(guilty.closed).toBe(true);
  expect(others.map((client) => client.closed)).toEqual([false, false]);
  expect(others.map((client) => client.takePublishes().length)).toEqual([100, 100]);
  expect(world.log.map(({ code }) => code)).toEqual(['internal-error']);
});
