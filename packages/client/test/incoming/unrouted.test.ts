// Messages for which the application has no subscription.

import type { Client, DroppedEvent, Message } from '@martlet/client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { World } from '../world/world.ts';
import { CONTINUED, grant, message, taken } from './server-packets.ts';

let world: World;
let dropped: DroppedEvent[];
beforeEach(() => {
  world = new World();
  dropped = [];
});
afterEach(() => world.close());

function connect(options: Parameters<World['connect']>[0] = {}): Client {
  const client = world.connect({ cleanStart: false, ...options });
  client.on('dropped', (event) => dropped.push(event));
  return client;
}

const qos1 = (packetId: number, topicName = 'a') => message(topicName, { qos: 1, packetId });

describe('A message that no subscription asked for', () => {
  test('waits in a session that was there before, until a subscription comes for it', async () => {
    const client = connect();
    const server = await world.accept(CONTINUED);
    server.send(qos1(1, 'a'), message('b', { qos: 2, packetId: 2 }), qos1(3, 'a'));
    await world.settle();
    expect([client.gauges.unroutedMessages, ...taken(server)]).toEqual([3]);
    const seen: string[] = [];
    client.subscribe('$share/group/a', {}, (each) => seen.push(`${each.topicName} ${each.qos}`));
    await world.settle();
    expect(seen).toEqual(['a 1', 'a 1']);
    expect(taken(server)).toEqual(['subscribe 1 $share/group/a', 'puback 1']);
    client.subscribe('+', {}, (each) => seen.push(`${each.topicName} ${each.qos}`));
    await world.settle();
    expect(seen).toEqual(['a 1', 'a 1', 'b 2']);
    expect(taken(server)).toEqual(['subscribe 2 +', 'pubrec 2', 'puback 3']);
    expect([client.gauges.unroutedMessages, dropped.length]).toEqual([0, 0]);
  });

  test('is dropped and acknowledged when nobody has come for it within a minute', async () => {
    const client = connect({ keepAlive: 0 });
    const server = await world.accept(CONTINUED);
    server.send(qos1(1));
    await world.advance(59_999);
    expect(dropped).toEqual([]);
    taken(server);
    await world.advance(1);
    expect(dropped).toMatchObject([
      { reason: 'unrouted', message: { topicName: 'a' }, topicFilter: undefined },
    ]);
    expect(taken(server)).toEqual(['puback 1']);
    server.send(qos1(2));
    await world.settle();
    expect([dropped.length, ...taken(server)]).toEqual([2, 'puback 2']);
    expect(client.gauges.unroutedMessages).toBe(0);
  });

  test('is dropped at once at QoS 0, and in a session that is new', async () => {
    connect();
    const server = await world.accept(CONTINUED);
    server.send(message('a'));
    await world.settle();
    expect(dropped.length).toBe(1);
    connect();
    const other = await world.accept();
    other.send(qos1(1));
    await world.settle();
    expect([dropped.length, ...taken(other)]).toEqual([2, 'puback 1']);
  });

  test('waits among no more than the limit: one past it, the oldest is dropped', async () => {
    const client = connect({ unroutedMessages: 2 });
    const server = await world.accept(CONTINUED);
    server.send(qos1(1, 'a'), qos1(2, 'b'));
    await world.settle();
    expect(dropped).toEqual([]);
    server.send(qos1(3, 'c'));
    await world.settle();
    expect(dropped.map((each) => each.message.topicName)).toEqual(['a']);
    expect([client.gauges.unroutedMessages, ...taken(server)]).toEqual([2, 'puback 1']);
  });

  test('waits among no more than 16 MiB', async () => {
    const client = connect();
    const server = await world.accept(CONTINUED);
    const payload = new Uint8Array(4_194_304);
    for (let packetId = 1; packetId <= 4; packetId++) server.send({ ...qos1(packetId), payload });
    await world.settle();
    expect([client.gauges.unroutedMessages, dropped.length]).toEqual([4, 0]);
    server.send({ ...qos1(5), payload: new Uint8Array(1) });
    await world.settle();
    expect([client.gauges.unroutedMessages, dropped.length]).toEqual([4, 1]);
  });

  test('goes to a listener if there is one, and is acknowledged when that returns, or refused', async () => {
    const client = connect();
    const server = await world.accept(CONTINUED);
    server.send(qos1(1));
    await world.settle();
    const seen: Message[] = [];
    const off = client.on('unrouted', (each) => {
      seen.push(each);
      if (each.topicName === 'bad') each.reject(0x99);
    });
    server.send(qos1(2, 'b'), qos1(3, 'bad'), message('c'));
    await world.settle();
    expect(seen.map((each) => each.topicName)).toEqual(['a', 'b', 'bad', 'c']);
    expect(taken(server)).toEqual(['puback 1', 'puback 2', 'puback 3 0x99']);
    off();
    server.send(qos1(4));
    await world.settle();
    expect([client.gauges.unroutedMessages, seen.length]).toEqual([1, 4]);
  });

  test('is acknowledged when the promise of the listener is fulfilled, and stays unacknowledged when the listener fails', async () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {});
    const client = connect();
    const server = await world.accept(CONTINUED);
    const ends = new Map<string, () => void>();
    client.on('unrouted', ({ topicName }) => {
      if (topicName === 'throws') throw new Error('no');
      return new Promise((resolve, reject) => {
        ends.set(topicName, topicName === 'rejects' ? () => reject(Object.create(null)) : () => resolve(1));
      });
    });
    server.send(qos1(1, 'fulfils'), qos1(2, 'rejects'), qos1(3, 'throws'), qos1(4, 'waits'));
    await world.settle();
    expect(taken(server)).toEqual([]);
    ends.get('rejects')!();
    ends.get('fulfils')!();
    await world.settle();
    expect(taken(server)).toEqual(['puback 1']);
    expect(said).toHaveBeenCalledTimes(2);
    said.mockRestore();
  });

  test('is forgotten with its connection: the server sends it again', async () => {
    const client = connect();
    const server = await world.accept(CONTINUED);
    server.send(qos1(1), message('a', { qos: 2, packetId: 2 }));
    await world.settle();
    server.cut();
    expect(client.gauges.unroutedMessages).toBe(0);
    await world.advance(500);
    const second = await world.accept(CONTINUED);
    second.send({ ...qos1(1), dup: true }, message('a', { qos: 2, packetId: 2, dup: true }));
    await world.settle();
    expect(client.gauges.unroutedMessages).toBe(2);
    client.subscribe('a', {}, () => {});
    await world.settle();
    expect(taken(second)).toEqual(['subscribe 1 a', 'puback 1', 'pubrec 2']);
  });

  test('of a subscription that was just ended is dropped and acknowledged', async () => {
    const client = connect();
    const subscription = client.subscribe('a', {}, () => {});
    const server = await world.accept();
    grant(server);
    const ending = (await subscription).unsubscribe();
    await world.settle();
    grant(server);
    await ending;
    server.send(qos1(1));
    await world.settle();
    expect(dropped).toMatchObject([{ reason: 'unrouted' }]);
    expect(taken(server)).toContain('puback 1');
  });
});
