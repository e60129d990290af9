import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { World } from '../world/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

describe('A message with an expiry interval', () => {
  test('is sent with what is left of it', async () => {
    const client = world.connect({ connectTimeoutMs: 60_000 });
    client.publish('a', '', { messageExpiryInterval: 10 });
    const server = await world.accepting();
    server.take('connect');
    await world.advance(3500);
    server.send({ type: 'connack', sessionPresent: false, reasonCode: 0, properties: {} });
    client.publish('b', '', { messageExpiryInterval: 10 });
    client.publish('c', '', { messageExpiryInterval: 0 });
    await world.settle();
    expect(server.takeAll()).toMatchObject([
      { topicName: 'a', properties: { messageExpiryInterval: 7 } },
      { topicName: 'b', properties: { messageExpiryInterval: 10 } },
      { topicName: 'c', properties: { messageExpiryInterval: 0 } },
    ]);
  });

  test('fails as soon as it has expired while it waits, and makes room', async () => {
    const client = world.connect({ queue: { messages: 3 }, connectTimeoutMs: 60_000 });
    const long = client.publish('long', '', { messageExpiryInterval: 0xffff_ffff, qos: 1 });
    const longer = client.publish('for ever', '', { qos: 1 });
    const outcome = expect(client.publish('a', '', { messageExpiryInterval: 2 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    await world.settle();
    await world.advance(1999);
    expect(client.gauges.queuedMessages).toBe(3);
    await world.advance(1);
    await outcome;
    expect(client.gauges.queuedMessages).toBe(2);
    const server = await world.accept();
    expect(server.takeAll()).toMatchObject([{ topicName: 'long' }, { topicName: 'for ever' }]);
    for (const each of [long, longer]) each.acknowledged.catch(() => {});
  });

  test('goes on with 0 seconds when it expires under way: the server may have it', async () => {
    const client = world.connect();
    const first = await world.accept();
    client.publish('a', '', { qos: 1, messageExpiryInterval: 2 });
    await world.settle();
    first.send({ type: 'disconnect', reasonCode: ReasonCode.ServerShuttingDown, properties: {} });
    await world.advance(6000);
    const second = await world.accept({ sessionPresent: true });
    expect(second.takeAll()).toMatchObject([{ dup: true, properties: { messageExpiryInterval: 0 } }]);
  });

  test('does not expire because the wall clock is set', async () => {
    const client = world.connect({ connectTimeoutMs: 60_000 });
    client.publish('a', '', { messageExpiryInterval: 10 });
    await world.settle();
    world.wallMs += 365 * 86_400_000;
    const server = await world.accept();
    expect(server.takeAll()).toMatchObject([{ properties: { messageExpiryInterval: 10 } }]);
  });
});
