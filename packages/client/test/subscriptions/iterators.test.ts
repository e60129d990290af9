// Loops over the messages of a subscription.

import type { Client, ClientError, Message, Subscription } from '@martlet/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { grant, message, suback, taken } from '../incoming/server-packets.ts';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';

let world: World;
let client: Client;
let server: TestServer;
let errors: ClientError[];
beforeEach(() => {
  world = new World();
  client = world.connect();
  errors = [];
  client.on('error', (error) => errors.push(error));
});
afterEach(() => world.close());

async function accept(): Promise<void> {
  server = await world.accept();
  grant(server);
}

async function subscribed(): Promise<Subscription> {
  const pending = client.subscribe('#');
  await accept();
  return pending;
}

const qos1 = (packetId: number) => message(`t${packetId}`, { qos: 1, packetId });

/** What a loop has seen, and how it ended. */
class Loop {
  readonly seen: string[] = [];
  end: string | undefined;

  constructor(messages: AsyncIterable<Message>, until?: string) {
    void this.#run(messages, until);
  }

  async #run(messages: AsyncIterable<Message>, until?: string): Promise<void> {
    try {
      for await (const { topicName } of messages) {
        this.seen.push(topicName);
        if (topicName === until) break;
      }
      this.end = 'done';
    } catch (error) {
      this.end = (error as ClientError).code;
    }
  }
}

describe('A loop over a subscription', () => {
  test('gets what waits and what comes, and may be left and taken up again', async () => {
    const subscription = await subscribed();
    server.send(qos1(1), qos1(2));
    const first = new Loop(subscription, 't3');
    await world.settle();
    expect(first.seen).toEqual(['t1', 't2']);
    server.send(qos1(3), qos1(4));
    await world.settle();
    expect([first.seen.at(-1), first.end, subscription.isEnded]).toEqual(['t3', 'done', false]);
    const second = new Loop(subscription);
    await world.settle();
    expect(second.seen).toEqual(['t4']);
  });

  test('shares the messages with another loop: each goes to one of them, to whoever waits longest', async () => {
    const subscription = await subscribed();
    const loops = [new Loop(subscription), new Loop(subscription)];
    await world.settle();
    for (let i = 1; i <= 4; i++) {
      server.send(qos1(i));
      await world.settle();
    }
    expect(loops.map((each) => each.seen)).toEqual([
      ['t1', 't3'],
      ['t2', 't4'],
    ]);
  });

  test('that is left while it waits swallows no message', async () => {
    const subscription = await subscribed();
    const iterator = subscription[Symbol.asyncIterator]();
    const waiting = iterator.next();
    const other = new Loop(subscription);
    expect(await iterator.return!()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    server.send(qos1(1));
    await world.settle();
    expect(other.seen).toEqual(['t1']);
  });

  test('ends when the subscription is ended', async () => {
    const subscription = await subscribed();
    const loop = new Loop(subscription);
    await world.settle();
    void subscription.unsubscribe();
    await world.settle();
    expect(loop.end).toBe('done');
    expect(await subscription[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
  });

  test('ends when the client is closed', async () => {
    const loop = new Loop(await subscribed());
    await world.settle();
    await client.close({ timeoutMs: 0 });
    await world.settle();
    expect([loop.end, errors]).toEqual(['done', []]);
  });

  test('fails with what ended the client, behind the messages that wait', async () => {
    const subscription = await subscribed();
    server.send(message('a'));
    await world.settle();
    server.send({ type: 'disconnect', reasonCode: 0x8e, properties: {} });
    await world.settle();
    expect(client.state).toBe('closed');
    const loop = new Loop(subscription);
    await world.settle();
    expect([loop.seen, loop.end]).toEqual([['a'], 'SESSION_TAKEN_OVER']);
  });
});

describe('A loop over a subscription that has just been asked for', () => {
  test('begins at once, and ends the subscription when it is left', async () => {
    const loop = new Loop(client.subscribe('#'), 't2');
    await accept();
    server.send(qos1(1), qos1(2), qos1(3));
    await world.settle();
    // Leaving it waits for no answer of the server; what came behind has been dropped, and holds up nobody.
    expect([loop.seen, loop.end]).toEqual([['t1', 't2'], 'done']);
    expect(taken(server)).toEqual(['puback 1', 'puback 2', 'puback 3', 'unsubscribe 2 #']);
    server.send({ type: 'unsuback', packetId: 2, reasonCodes: [0], properties: {} });
    await world.settle();
    expect(client.gauges.subscriptions).toBe(0);
  });

  test('fails when the server refuses', async () => {
    const loop = new Loop(client.subscribe('bad'));
    server = await world.accept();
    server.take('subscribe');
    server.send(suback(1, 0x87));
    await world.settle();
    expect([loop.end, errors]).toEqual(['REFUSED', []]);
  });

  test('fails when the server does not answer in time', async () => {
    const loop = new Loop(client.subscribe('late', { timeoutMs: 1000 }));
    await world.accept();
    await world.advance(1000);
    expect([loop.end, errors]).toEqual(['TIMEOUT', []]);
  });

  test('fails with ABORTED whenever its signal says so, and ends the subscription', async () => {
    const controller = new AbortController();
    const loop = new Loop(client.subscribe('#', { signal: controller.signal, timeoutMs: 1000 }));
    await accept();
    await world.advance(2000);
    server.send(qos1(1));
    await world.settle();
    expect([loop.seen, loop.end]).toEqual([['t1'], undefined]);
    controller.abort();
    await world.settle();
    expect([loop.end, errors]).toEqual(['ABORTED', []]);
    expect(taken(server)).toEqual(['puback 1', 'unsubscribe 2 #']);
    await client.close({ timeoutMs: 0 });
    await world.settle();
    expect(world.timerCount).toBe(0);
  });
});

test('A subscription that is disposed of is ended, and the block waits for that', async () => {
  const pending = client.subscribe('#');
  await accept();
  let isLeft = false;
  const block = async (): Promise<void> => {
    await using subscription = await pending;
    expect(subscription.isEnded).toBe(false);
  };
  void block().then(() => {
    isLeft = true;
  });
  await world.settle();
  expect([pending.subscription.isEnded, isLeft]).toEqual([true, false]);
  grant(server);
  await world.settle();
  expect(isLeft).toBe(true);
});
