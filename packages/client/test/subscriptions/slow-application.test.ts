// What becomes of messages that the application cannot take yet.

import type {
  Client,
  DroppedEvent,
  Message,
  SubscribeOptions,
  Subscription,
  WhenSlow,
} from '@martlet/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CONTINUED, grant, message, taken } from '../incoming/server-packets.ts';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';

/** What a message counts beside its payload whose topic name is one character. */
const OVERHEAD_BYTES = 201;

let world: World;
let client: Client;
let server: TestServer;
let dropped: string[];
beforeEach(() => {
  world = new World();
  dropped = [];
});
afterEach(() => world.close());

/** A client with one subscription to `#` that nobody reads. */
async function connect(options: SubscribeOptions): Promise<Subscription> {
  client = world.connect();
  client.on('dropped', ({ message: { topicName }, reason, topicFilter }: DroppedEvent) =>
    dropped.push(`${topicName} ${reason} ${topicFilter}`),
  );
  const pending = client.subscribe('#', options);
  server = await world.accept();
  grant(server);
  return pending;
}

const qos0 = (...topicNames: string[]) => topicNames.map((each) => message(each));
const qos1 = (...packetIds: number[]) =>
  packetIds.map((packetId) => message(`t${packetId}`, { qos: 1, packetId }));

/** The topic names of all messages that wait, taken out. */
async function read(subscription: Subscription): Promise<string[]> {
  const names: string[] = [];
  while (subscription.waitingCount > 0) {
    for await (const each of subscription) {
      names.push(each.topicName);
      break;
    }
  }
  return names;
}

/** A transport that cannot pause, as in a browser. */
function withoutPause(world: World): void {
  const { opened } = world;
  const { push } = opened;
  opened.push = (...servers) => {
    for (const { transport } of servers) Object.assign(transport, { pause: undefined, resume: undefined });
    return push.apply(opened, servers);
  };
}

describe('With block', () => {
  test('at QoS 0 nothing is read from the connection once the buffer is full, and all arrives in order', async () => {
    const subscription = await connect({ bufferMessages: 2 });
    server.send(...qos0('a'));
    await world.settle();
    expect(server.isPaused).toBe(false);
    server.send(...qos0('b', 'c', 'd', 'e'));
    await world.settle();
    expect([server.isPaused, subscription.waitingCount]).toEqual([true, 2]);
    const iterator = subscription[Symbol.asyncIterator]();
    const names: string[] = [];
    for (let i = 0; i < 5; i++) {
      names.push((await iterator.next()).value!.topicName);
      await world.settle();
      expect(subscription.waitingCount).toBeLessThanOrEqual(2);
    }
    expect([names, server.isPaused, dropped]).toEqual([['a', 'b', 'c', 'd', 'e'], false, []]);
  });

  test('reading goes on when half of the buffer is free', async () => {
    const subscription = await connect({ bufferMessages: 4 });
    server.send(...qos0('a', 'b', 'c', 'd'));
    const iterator = subscription[Symbol.asyncIterator]();
    const paused: boolean[] = [];
    for (let i = 0; i < 3; i++) {
      await world.settle();
      paused.push(server.isPaused);
      await iterator.next();
    }
    expect(paused).toEqual([true, true, false]);
  });

  test('a message that is taken out of the full buffer comes before what was read only then', async () => {
    const seen: string[] = [];
    const done: (() => void)[] = [];
    client = world.connect();
    client.subscribe('#', { bufferMessages: 1 }, ({ topicName }) => {
      seen.push(topicName);
      return new Promise<void>((resolve) => done.push(resolve));
    });
    server = await world.accept();
    grant(server);
    server.sendBytes(Buffer.concat(qos0('a', 'b', 'c', 'd').map((each) => server.encode(each))));
    for (let i = 0; i < 4; i++) {
      await world.settle();
      done[i]?.();
    }
    await world.settle();
    expect(seen).toEqual(['a', 'b', 'c', 'd']);
  });

  test('at QoS 1 the server is held back by what is not acknowledged; other subscriptions go on', async () => {
    const subscription = await connect({ bufferMessages: 2 });
    const seen: string[] = [];
    client.subscribe('other', {}, ({ topicName }) => seen.push(topicName));
    await world.settle();
    grant(server);
    server.send(...qos1(1, 2, 3, 4));
    await world.settle();
    expect([server.isPaused, subscription.waitingCount, ...taken(server)]).toEqual([false, 4]);
    server.send(message('other'));
    await world.settle();
    expect(seen).toEqual(['other']);
    expect(dropped).toEqual([]);
  });

  test('bytes are limited at every QoS: at the limit nothing more is read, one byte below it is', async () => {
    const subscription = await connect({ bufferBytes: 10 + 2 * OVERHEAD_BYTES });
    const payload = (bytes: number, packetId: number) => ({
      ...message('t', { qos: 1, packetId }),
      payload: new Uint8Array(bytes),
    });
    server.send(payload(9, 1));
    await world.settle();
    expect(server.isPaused).toBe(false);
    server.send(payload(1, 2));
    await world.settle();
    expect([server.isPaused, subscription.waitingBytes]).toEqual([true, 10 + 2 * OVERHEAD_BYTES]);
    expect(await read(subscription)).toEqual(['t', 't']);
    await world.settle();
    expect(server.isPaused).toBe(false);
  });

  test('pings and acknowledgements go on while nothing is read', async () => {
    const subscription = await connect({ bufferMessages: 1, acknowledge: 'manual' });
    const messages: Message[] = [];
    client.subscribe('held', { acknowledge: 'manual' }, (each) => messages.push(each));
    await world.settle();
    grant(server);
    server.send(message('held', { qos: 1, packetId: 1 }), message('a'), message('b'));
    await world.settle();
    expect(server.isPaused).toBe(true);
    messages[0]!.acknowledge();
    await world.settle();
    taken(server);
    const iterator = subscription[Symbol.asyncIterator]();
    await world.advance(300_000);
    expect([client.state, server.isPaused]).toEqual(['online', true]);
    expect(taken(server).filter((each) => each === 'pingreq').length).toBeGreaterThanOrEqual(5);
    expect((await iterator.next()).value?.topicName).toBe('held');
  });

  test('ending the subscription lets the server go on, and so does ending it by a refusal', async () => {
    const subscription = await connect({ bufferMessages: 1 });
    server.send(...qos0('a'));
    await world.settle();
    expect(server.isPaused).toBe(true);
    void subscription.unsubscribe();
    await world.settle();
    expect(server.isPaused).toBe(false);
  });

  test('two slow subscriptions must both have room before the server goes on', async () => {
    const first = await connect({ bufferMessages: 1 });
    const second = await Promise.race([client.subscribe('+', { bufferMessages: 1 }).subscription]);
    await world.settle();
    grant(server);
    server.send(...qos0('a'));
    await world.settle();
    expect(await read(first)).toEqual(['a']);
    await world.settle();
    expect(server.isPaused).toBe(true);
    expect(await read(second)).toEqual(['a']);
    await world.settle();
    expect(server.isPaused).toBe(false);
  });

  test('a new connection is not read either while the buffer is full', async () => {
    const subscription = await connect({ bufferMessages: 1 });
    server.send(...qos0('a'));
    await world.settle();
    server.cut();
    await world.advance(5000);
    server = await world.accept(CONTINUED);
    expect(server.isPaused).toBe(true);
    expect(await read(subscription)).toEqual(['a']);
    await world.settle();
    expect(server.isPaused).toBe(false);
  });

  test('where the platform cannot hold the server back, bytes are the limit, past which the newest of QoS 0 is dropped', async () => {
    withoutPause(world);
    const subscription = await connect({ bufferMessages: 1, bufferBytes: 2 * (OVERHEAD_BYTES + 1) });
    server.send(...qos0('a', 'b'));
    await world.settle();
    expect(dropped).toEqual([]);
    server.send(...qos0('c'));
    await world.settle();
    expect(dropped).toEqual(['c slow #']);
    expect(await read(subscription)).toEqual(['a', 'b']);
  });

  test('leaves the newest of QoS 1 and 2 beyond the limit of bytes, where reading cannot stop, for the next connection', async () => {
    withoutPause(world);
    const subscription = await connect({ bufferBytes: 2 * (OVERHEAD_BYTES + 3) });
    const qos2 = message('t3', { qos: 2, packetId: 3 });
    server.send(...qos1(1, 2), qos2, ...qos1(4));
    await world.settle();
    expect(dropped).toEqual(['t3 left #', 't4 left #']);
    expect(subscription.waitingCount).toBe(2);
    expect(await read(subscription)).toEqual(['t1', 't2']);
    await world.settle();
    expect(taken(server)).toEqual(['puback 1', 'puback 2']);
    server.send(...qos1(5));
    await world.settle();
    expect(await read(subscription)).toEqual(['t5']);
    server.cut();
    await world.advance(5000);
    server = await world.accept(CONTINUED);
    server.send({ ...qos2, dup: true }, ...qos1(4));
    await world.settle();
    expect(await read(subscription)).toEqual(['t3', 't4']);
    await world.settle();
    expect(taken(server)).toEqual(['pubrec 3', 'puback 4']);
  });

  test('a refusal at the renewal of the subscription lets the server go on, though nobody reads what waits', async () => {
    const subscription = await connect({ bufferMessages: 1 });
    server.send(...qos0('a'));
    await world.settle();
    server.cut();
    await world.advance(5000);
    client.on('error', () => {});
    server = await world.accept({ sessionPresent: false });
    const { packetId } = server.take('subscribe');
    server.send({ type: 'suback', packetId, reasonCodes: [0x87], properties: {} });
    await world.settle();
    expect([subscription.isEnded, server.isPaused]).toEqual([true, false]);
    expect(await read(subscription)).toEqual(['a']);
  });
});

describe.each<[WhenSlow, string[], string[]]>([
  ['dropOldest', ['b', 'c'], ['a slow #']],
  ['dropNewest', ['a', 'b'], ['c slow #']],
  ['latestPerTopic', ['b', 'c'], ['a slow #']],
])('With %s', (whenSlow, kept, lost) => {
  test('messages are dropped one past the limit, and nobody is held back', async () => {
    const subscription = await connect({ whenSlow, bufferMessages: 2 });
    server.send(...qos0('a', 'b'));
    await world.settle();
    expect(dropped).toEqual([]);
    server.send(...qos0('c'));
    await world.settle();
    expect([dropped, server.isPaused]).toEqual([lost, false]);
    expect(await read(subscription)).toEqual(kept);
  });

  test('bytes are limited too, but a single message may be larger', async () => {
    const subscription = await connect({ whenSlow, bufferBytes: 10 + 2 * OVERHEAD_BYTES });
    const of = (topicName: string, bytes: number) => ({
      ...message(topicName),
      payload: new Uint8Array(bytes),
    });
    server.send(of('a', 11 + OVERHEAD_BYTES));
    await world.settle();
    expect([subscription.waitingBytes, dropped]).toEqual([11 + 2 * OVERHEAD_BYTES, []]);
    await read(subscription);
    server.send(of('a', 5), of('b', 5));
    await world.settle();
    expect([subscription.waitingBytes, dropped]).toEqual([10 + 2 * OVERHEAD_BYTES, []]);
    server.send(of('c', 1));
    await world.settle();
    expect(dropped).toEqual(lost);
    expect(await read(subscription)).toEqual(kept);
  });

  test('a message that is dropped is acknowledged', async () => {
    const subscription = await connect({ whenSlow, bufferMessages: 1 });
    server.send(...qos1(1, 2));
    await world.settle();
    // The first one waits; PUBACKs leave in the order of the messages.
    expect(taken(server)).toEqual(whenSlow === 'dropNewest' ? [] : ['puback 1']);
    await read(subscription);
    await world.settle();
    expect(taken(server)).toEqual(whenSlow === 'dropNewest' ? ['puback 1', 'puback 2'] : ['puback 2']);
  });
});

test('With latestPerTopic a newer message takes the place of the older one of its topic', async () => {
  const subscription = await connect({ whenSlow: 'latestPerTopic', bufferMessages: 3 });
  const of = (topicName: string, text: string) => ({ ...message(topicName), payload: Buffer.from(text) });
  server.send(of('busy', '1'), of('calm', '1'), of('busy', '2'), of('busy', '3'));
  await world.settle();
  const texts: string[] = [];
  for await (const each of subscription) {
    texts.push(`${each.topicName} ${each.text()}`);
    if (texts.length === 1) server.send(of('busy', '4'), of('calm', '2'));
    if (texts.length === 3) break;
  }
  expect(texts).toEqual(['busy 3', 'calm 2', 'busy 4']);
  expect(dropped).toEqual(['busy replaced #', 'busy replaced #', 'calm replaced #']);
});

test('One slow subscription that drops holds up no other', async () => {
  const slow = await connect({ whenSlow: 'dropOldest', bufferMessages: 1 });
  const seen: string[] = [];
  client.subscribe('+', {}, ({ topicName }) => seen.push(topicName));
  await world.settle();
  grant(server);
  server.send(...qos0('a', 'b', 'c'));
  await world.settle();
  expect(seen).toEqual(['a', 'b', 'c']);
  expect(await read(slow)).toEqual(['c']);
});

test('What waits when a subscription is ended is dropped and acknowledged, so that it holds up no other', async () => {
  const subscription = await connect({});
  server.send(...qos1(1), ...qos0('a'), message('b', { qos: 2, packetId: 2 }));
  await world.settle();
  void subscription.unsubscribe();
  await world.settle();
  expect(dropped).toEqual(['t1 unsubscribed #', 'a unsubscribed #', 'b unsubscribed #']);
  expect(taken(server)).toEqual(['puback 1', 'pubrec 2', 'unsubscribe 2 #']);
  expect(client.gauges).toMatchObject({ unacknowledged: 0, bufferedMessages: 0, bufferedBytes: 0 });
});

test('What waits when the client is closed stays unacknowledged: a server that keeps the session sends it again', async () => {
  await connect({});
  server.send(...qos1(1));
  await world.settle();
  await client.close({ timeoutMs: 0 });
  expect(taken(server)).toEqual(['disconnect']);
  expect(dropped).toEqual([]);
});

test('A small payload that waits does not hold the memory of everything that was read with it', async () => {
  const subscription = await connect({});
  const large = { ...message('large'), payload: new Uint8Array(100_000) };
  server.sendBytes(Buffer.concat([message('small'), large].map((each) => server.encode(each))));
  await world.settle();
  const iterator = subscription[Symbol.asyncIterator]();
  const small = (await iterator.next()).value!;
  expect([small.text(), small.payload.buffer.byteLength]).toEqual(['small', 5]);
});
