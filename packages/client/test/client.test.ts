import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { World } from './world/world.ts';

describe('A client', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  test('publishes what was given to it before it was online', async () => {
    const client = world.connect();
    const publication = client.publish('a/b', 'hello', { qos: 1 });
    const server = await world.accept();
    const { packetId, topicName, dup } = server.take('publish');
    expect({ packetId, topicName, dup }).toEqual({ packetId: 1, topicName: 'a/b', dup: false });
    await publication.sent;
    server.send({ type: 'puback', packetId, reasonCode: 0, properties: {} });
    expect(await publication).toMatchObject({ reasonCode: 0 });
  });

  test('connects again after a random part of a second, and sends again what was not acknowledged', async () => {
    const client = world.connect();
    const first = await world.accept();
    const publication = client.publish('a', 'b', { qos: 2 });
    await world.settle();
    expect(first.take('publish')).toMatchObject({ dup: false, qos: 2, packetId: 1 });
    first.cut();
    expect(client.state).toBe('waiting');
    await world.advance(500);
    const second = await world.accept({ sessionPresent: true });
    expect(second.connect.cleanStart).toBe(false);
    expect(second.take('publish')).toMatchObject({ dup: true, packetId: 1 });
    second.send({ type: 'pubrec', packetId: 1, reasonCode: 0, properties: {} });
    await world.settle();
    second.take('pubrel');
    second.send({ type: 'pubcomp', packetId: 1, reasonCode: 0, properties: {} });
    await publication;
  });

  test('settles every promise when it is closed', async () => {
    const client = world.connect();
    const connected = client.connected();
    const publication = client.publish('a', 'b', { qos: 1 }).acknowledged;
    const subscription = client.subscribe('a').then(() => {});
    const outcomes = Promise.allSettled([connected, publication, subscription]);
    await client.close({ timeoutMs: 0 });
    expect((await outcomes).map((each) => each.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(client.state).toBe('closed');
    expect(world.timerCount).toBe(0);
  });
});
