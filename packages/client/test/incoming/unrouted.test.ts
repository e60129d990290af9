// Messages for which the application has no subscription.

import type { Client, ClientError, DroppedEvent, Message } from '@martlet/client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { World } from '../world/world.ts';
import { CONTINUED, grant, message, taken } from './server-packets.ts';

let world: World;
let dropped: DroppedEvent[];
let warnings: ClientError[];
beforeEach(() => {
  world = new World();
  dropped = [];
  warnings = [];
});
afterEach(() => world.close());

function connect(options: Parameters<World['connect']>[0] = {}): Client {
  const client = world.connect({ cleanStart: false, ...options });
  client.on('dropped', (event) => dropped.push(event));
  client.on('warning', (warning) => warnings.push(warning));
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

  test('is told of once after a minute, and waits on', async () => {
    const client = connect({ keepAlive: 0 });
    const server = await world.accept(CONTINUED);
    server.send(qos1(1), qos1(2, 'b'), qos1(3));
    await world.advance(59_999);
    expect(warnings).toEqual([]);
    await world.advance(1);
    expect(warnings).toMatchObject([{ code: 'UNROUTED', kind: 'local' }]);
    expect(warnings[0]!.message).toBe(
      'expected a subscription to 2 topics, such as a, got none: 3 messages wait unacknowledged',
    );
    server.send(qos1(4));
    await world.advance(600_000);
    expect([warnings.length, dropped.length, client.gauges.unroutedMessages, ...taken(server)]).toEqual([
      1, 0, 4,
    ]);
    client.subscribe('+', {}, () => {});
    await world.settle();
    expect(taken(server)).toEqual(['subscribe 1 +', 'puback 1', 'puback 2', 'puback 3', 'puback 4']);
  });

  test('is not told of when a subscription came in time', async () => {
    const client = connect({ keepAlive: 0 });
    const server = await world.accept(CONTINUED);
    server.send(qos1(1));
    await world.advance(59_999);
    client.subscribe('a', {}, () => {});
    await world.advance(60_000);
    expect(warnings).toEqual([]);
  });

  test('holds up others for a minute at most, and then comes again on the next connection', async () => {
    const client = connect({ keepAlive: 0, quarantineAttempts: false });
    client.subscribe('a', {}, () => {}).then(undefined, () => {});
    const server = await world.accept(CONTINUED);
    taken(server);
    server.send(qos1(1, 'b'), qos1(2, 'a'));
    await world.advance(59_999);
    expect(taken(server)).toEqual([]);
    await world.advance(1);
    expect(taken(server)).toEqual(['puback 2']);
    server.send(qos1(3, 'b'));
    await world.settle();
    expect([client.gauges.unroutedMessages, ...taken(server)]).toEqual([1]);
    server.send(qos1(4, 'a'));
    await world.settle();
    expect([client.gauges.unroutedMessages, ...taken(server)]).toEqual([0, 'puback 4']);
    expect([dropped.length, client.gauges.unacknowledged]).toEqual([0, 2]);
    server.cut();
    await world.advance(500);
    const second = await world.accept(CONTINUED);
    second.send({ ...qos1(1, 'b'), dup: true });
    client.subscribe('b', {}, () => {}).then(undefined, () => {});
    await world.settle();
    expect(taken(second)).toContain('puback 1');
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

  test('waits among as many as the server may send, and none of them is lost', async () => {
    const client = connect({ receiveMaximum: 1000 });
    const server = await world.accept(CONTINUED);
    for (let packetId = 1; packetId <= 1000; packetId++) server.send(qos1(packetId, `a/${packetId}`));
    await world.settle();
    expect([client.gauges.unroutedMessages, dropped.length, warnings.length, ...taken(server)]).toEqual([
      1000, 0, 0,
    ]);
    let count = 0;
    client.subscribe('a/#', {}, () => void count++);
    await world.settle();
    expect([count, taken(server).length]).toEqual([1000, 1001]);
  });

  test('stays unacknowledged beyond the limit, and comes again on the next connection', async () => {
    const client = connect({ unroutedMessages: 2 });
    const server = await world.accept(CONTINUED);
    server.send(qos1(1, 'a'), qos1(2, 'b'), qos1(3, 'c'), message('d', { qos: 2, packetId: 4 }));
    await world.settle();
    expect([client.gauges.unroutedMessages, client.gauges.unacknowledged]).toEqual([2, 4]);
    const seen: string[] = [];
    client.subscribe('+', {}, ({ topicName }) => seen.push(topicName)).then(undefined, () => {});
    await world.settle();
    expect([dropped.length, ...taken(server)]).toEqual([0, 'subscribe 1 +', 'puback 1', 'puback 2']);
    server.cut();
    await world.advance(500);
    const second = await world.accept(CONTINUED);
    second.send({ ...qos1(3, 'c'), dup: true }, message('d', { qos: 2, packetId: 4, dup: true }));
    await world.settle();
    expect(seen).toEqual(['a', 'b', 'c', 'd']);
    expect(taken(second)).toEqual(['subscribe 2 +', 'puback 3', 'pubrec 4']);
  });

  test('waits among no more than 16 MiB', async () => {
    const client = connect();
    const server = await world.accept(CONTINUED);
    const payload = new Uint8Array(4_194_304 - 201);
    for (let packetId = 1; packetId <= 4; packetId++) server.send({ ...qos1(packetId), payload });
    await world.settle();
    expect([client.gauges.unroutedMessages, dropped.length]).toEqual([4, 0]);
    server.send({ ...qos1(5), payload: new Uint8Array(1) });
    await world.settle();
    const { unroutedMessages, unacknowledged } = client.gauges;
    expect([unroutedMessages, unacknowledged, dropped.length, ...taken(server)]).toEqual([4, 5, 0]);
  });

  test('is dropped and acknowledged at once where none is to wait', async () => {
    connect({ unroutedMessages: 0 });
    const server = await world.accept(CONTINUED);
    server.send(qos1(1), message('a', { qos: 2, packetId: 2 }));
    await world.settle();
    expect(dropped).toMatchObject([
      { reason: 'unrouted', message: { topicName: 'a' }, topicFilter: undefined },
      { reason: 'unrouted' },
    ]);
    expect(taken(server)).toEqual(['puback 1', 'pubrec 2']);
  });

  test('is dropped and acknowledged when the application has given up its filter', async () => {
    const client = connect();
    const subscription = client.subscribe('a/#', {}, () => {});
    const server = await world.accept(CONTINUED);
    grant(server);
    const ending = (await subscription).unsubscribe();
    await world.settle();
    grant(server);
    await ending;
    taken(server);
    server.send(qos1(1, 'a/b'), qos1(2, 'b'));
    await world.settle();
    expect([dropped.length, client.gauges.unroutedMessages, ...taken(server)]).toEqual([1, 1, 'puback 1']);
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
