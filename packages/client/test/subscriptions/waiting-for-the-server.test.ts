// A handler may wait for the server while its buffer is full: what it waits for is behind the messages in the stream.

import type { Authentication, Client, Message, SubscribeOptions, Subscription } from '@martlet/client';
import type { Packet } from '@martlet/protocol';
import { ReasonCode } from '@martlet/protocol';
import { createTestBroker } from '@martlet/testing';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connect as connectNode } from '../../src/index.ts';
import { CONTINUED, grant, message, suback, taken, unsuback } from '../incoming/server-packets.ts';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';

let world: World;
let client: Client;
let server: TestServer;
let subscription: Subscription;
let seen: string[];
let dropped: string[];
beforeEach(() => {
  world = new World();
  seen = [];
  dropped = [];
});
afterEach(() => world.close());

const SECRET: Authentication = {
  method: 'SECRET',
  begin: () => ({ first: () => undefined, next: () => undefined, last: () => {} }),
};

/** A client whose handler does the work for the first message, and never ends with the second. */
async function connect(
  work: () => PromiseLike<unknown>,
  { receiveMaximum, ...options }: SubscribeOptions & { receiveMaximum?: number } = {},
  authentication?: Authentication,
): Promise<void> {
  client = world.connect({
    ...(authentication && { authentication }),
    ...(receiveMaximum && { receiveMaximum }),
  });
  client.on('dropped', ({ message: { topicName } }) => dropped.push(topicName));
  client.on('error', () => {});
  const pending = client.subscribe('t/+', { bufferMessages: 2, ...options }, ({ topicName }) => {
    seen.push(topicName);
    return seen.length === 1 ? work() : new Promise(() => {});
  });
  server = await world.accept({
    properties: authentication === undefined ? {} : { authenticationMethod: 'SECRET' },
  });
  grant(server);
  subscription = await pending;
}

const topicNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `t/${i}`);

/** All at once, as a network brings them. */
function burst(count: number): void {
  server.sendBytes(Buffer.concat(topicNames(count).map((each) => server.encode(message(each)))));
}

/** What the server answers to a packet of the client. */
function answers(packet: Packet): Packet[] {
  const properties = {};
  const reasonCode = 0;
  if (packet.type === 'publish') {
    const { packetId, qos } = packet;
    if (qos === 0) return [];
    const { responseTopic, correlationData } = packet.properties;
    const response =
      responseTopic === undefined
        ? []
        : [message(responseTopic, { properties: { ...(correlationData && { correlationData }) } })];
    return [{ type: qos === 1 ? 'puback' : 'pubrec', packetId, reasonCode, properties }, ...response];
  }
  if (packet.type === 'pubrel')
    return [{ type: 'pubcomp', packetId: packet.packetId, reasonCode, properties }];
  if (packet.type === 'subscribe') return [suback(packet.packetId, 0)];
  if (packet.type === 'unsubscribe') return [unsuback(packet.packetId, 0)];
  if (packet.type !== 'auth') return [];
  return [{ type: 'auth', reasonCode: ReasonCode.Success, properties: { authenticationMethod: 'SECRET' } }];
}

/** The server answers everything, each time after the client had the time to stop reading. */
async function answerAll(): Promise<void> {
  for (let packets = server.takeAll(); packets.length > 0; packets = server.takeAll()) {
    for (const answer of packets.flatMap(answers)) {
      await world.settle();
      server.send(answer);
    }
    await world.settle();
  }
}

async function firstOf(messages: AsyncIterable<Message>): Promise<void> {
  for await (const _first of messages) return;
}

describe('With block, a handler whose buffer is full can wait for', () => {
  const works: [string, () => PromiseLike<unknown>, Authentication?][] = [
    ['the acknowledgement of a message at QoS 1', () => client.publish('a', 'b', { qos: 1 })],
    ['the acknowledgements of a message at QoS 2', () => client.publish('a', 'b', { qos: 2 })],
    [
      'one message after the other',
      () =>
        [1, 2, 3].reduce<Promise<unknown>>(
          (before) => before.then(() => client.publish('a', 'b', { qos: 1 })),
          Promise.resolve(),
        ),
    ],
    ['a subscription', () => client.subscribe('other')],
    ['the end of a subscription', async () => (await client.subscribe('other')).unsubscribe()],
    ['a response', () => client.request('a', 'b')],
    ['an item of a stream', () => firstOf(client.requestMany('a', 'b'))],
    ['a new authentication', () => client.reauthenticate(), SECRET],
  ];

  test.each(works)('%s', async (_what, work, authentication) => {
    await connect(work, {}, authentication);
    burst(6);
    await world.settle();
    expect([seen, server.isPaused, subscription.waitingCount]).toEqual([['t/0'], false, 5]);
    await answerAll();
    // The second one waits for nothing that the server could send: now it is held back.
    expect([seen, server.isPaused, dropped]).toEqual([['t/0', 't/1'], true, []]);
  });

  test('what it asks for only after the server was held back', async () => {
    let go = (): void => {};
    await connect(async () => {
      await new Promise<void>((resolve) => {
        go = resolve;
      });
      await client.publish('a', 'b', { qos: 1 });
    });
    burst(6);
    await world.settle();
    expect([server.isPaused, subscription.waitingCount]).toEqual([true, 2]);
    go();
    await world.settle();
    await answerAll();
    expect([seen, server.isPaused, subscription.waitingCount, dropped]).toEqual([
      ['t/0', 't/1'],
      true,
      4,
      [],
    ]);
  });

  test('a network that takes no message at QoS 0, since the server waits for us to read', async () => {
    await connect(() => client.publish('a', 'b'));
    server.takesMore = false;
    client.publish('a', 'fills the network');
    await world.settle();
    burst(6);
    await world.settle();
    expect([seen, server.isPaused]).toEqual([['t/0'], false]);
    server.drain();
    await world.settle();
    expect([seen, server.isPaused, dropped]).toEqual([['t/0', 't/1'], true, []]);
  });

  test('an answer after a reconnect', async () => {
    await connect(() => client.publish('a', 'b', { qos: 1 }));
    burst(6);
    await world.settle();
    server.cut();
    await world.advance(5000);
    server = await world.accept(CONTINUED);
    expect(server.isPaused).toBe(false);
    await answerAll();
    expect([seen, server.isPaused]).toEqual([['t/0', 't/1'], true]);
  });
});

describe('While somebody waits for the server, with block', () => {
  const never = (): PromiseLike<unknown> => client.publish('a', 'b', { qos: 1 });

  test('bytes are limited all the same, of which each message counts 200: the newest of QoS 0 is dropped', async () => {
    // Topic names and payloads of 3 bytes each.
    await connect(never, { bufferBytes: 5 * (3 + 3 + 200) });
    burst(6);
    await world.settle();
    expect([subscription.waitingCount, dropped]).toEqual([5, []]);
    server.send(message('t/6'), message('t/7'));
    await world.settle();
    expect([subscription.waitingCount, dropped]).toEqual([5, ['t/6', 't/7']]);
    await answerAll();
    expect([seen, server.isPaused, subscription.waitingCount]).toEqual([['t/0', 't/1'], true, 4]);
  });

  test('one message that is larger than the buffer may wait, and none of QoS 1 is dropped', async () => {
    await connect(never, { bufferBytes: 1 });
    server.send(message('t/0'), message('t/1'), message('t/2'));
    await world.settle();
    expect([subscription.waitingCount, dropped]).toEqual([1, ['t/2']]);
    server.send(message('t/3', { qos: 1, packetId: 1 }), message('t/4', { qos: 1, packetId: 2 }));
    await world.settle();
    expect([subscription.waitingCount, dropped]).toEqual([3, ['t/2']]);
    expect(taken(server)).toEqual(['publish 2']);
  });
});

describe('Behind more messages than the server may send, however many, with block, a handler that waits for the server', () => {
  const work = (): PromiseLike<unknown> => client.publish('a', 'b', { qos: 1 });
  /** All at once, at QoS 1, many times the Receive Maximum of 2. */
  const flood = (from: number, to: number): void => {
    for (let id = from; id <= to; id++) server.send(message(`t/${id}`, { qos: 1, packetId: id }));
  };

  test('gets its answer, and no message is lost', async () => {
    await connect(work, { receiveMaximum: 2 });
    flood(1, 500);
    await world.settle();
    expect([seen, server.isPaused, subscription.waitingCount]).toEqual([['t/1'], false, 499]);
    await answerAll();
    expect([seen, subscription.waitingCount, dropped]).toEqual([['t/1', 't/2'], 498, []]);
    expect(server.isPaused).toBe(true);
  });

  test('has so many bytes wait as its buffer may hold: the newest are left for the next connection', async () => {
    const room = 30 * (3 + 3 + 200);
    await connect(work, { receiveMaximum: 2, bufferBytes: room });
    flood(1, 100);
    await world.settle();
    expect([seen, server.isPaused, subscription.waitingBytes <= room]).toEqual([['t/1'], false, true]);
    expect(dropped.length).toBe(99 - subscription.waitingCount);
    await answerAll();
    expect(seen).toEqual(['t/1', 't/2']);
    expect(taken(server)).not.toContain('puback 100');
  });

  test('does not wait for ever for a server that uses more identifiers than there are', async () => {
    await connect(work, { receiveMaximum: 2 });
    const packet = server.encode(message('t/0', { qos: 1, packetId: 1 }));
    const many = Buffer.concat(Array.from({ length: 1024 }, () => packet));
    for (let i = 0; i < 64; i++) server.sendBytes(many);
    expect(client.state).toBe('online');
    server.sendBytes(many);
    await world.settle();
    expect(taken(server)).toContain('disconnect 0x93');
  });
});

test('Thousands of messages whose handler publishes at QoS 1 are all handled, on a broker, in each version', async () => {
  for (const protocolVersion of [5, 4, 3] as const) {
    const broker = createTestBroker();
    const [a, b] = ['a', 'b'].map((clientId) =>
      connectNode({ ...broker.clientOptions(), clientId, protocolVersion }),
    ) as [Client, Client];
    const lost: unknown[] = [];
    a.on('dropped', (each) => lost.push(each));
    let count = 0;
    await a.subscribe('t', { qos: 0 }, async () => {
      await a.publish('u', 'x', { qos: 1 });
      count++;
    });
    await b.connected();
    const published = Array.from({ length: 3000 }, () => b.publish('t', 'x'));
    await Promise.all(published);
    // It comes behind the others.
    await new Promise((resolve) => {
      const subscribed = a.subscribe('last', { qos: 0 }, resolve);
      void subscribed.then(() => b.publish('last', 'x', { qos: 1 }));
    });
    while (count < 3000 && a.gauges.bufferedMessages > 0)
      await new Promise((resolve) => setImmediate(resolve));
    await broker.settled();
    expect([count, lost]).toEqual([3000, []]);
    await Promise.all([a.close(), b.close()]);
    await broker.close();
  }
});
