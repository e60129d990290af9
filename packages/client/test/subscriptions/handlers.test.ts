// How handlers are called, and what becomes of what they return and throw.

import type { Client, HandlerErrorEvent } from '@martlet/client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { grant, message, taken } from '../incoming/server-packets.ts';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';

let world: World;
let client: Client;
let server: TestServer;
let failures: HandlerErrorEvent[];
const unhandled = vi.fn();
beforeEach(() => {
  process.on('unhandledRejection', unhandled);
  world = new World();
  client = world.connect();
  failures = [];
  client.on('handlerError', (event) => failures.push(event));
});
afterEach(async () => {
  await world.close();
  await world.settle();
  process.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

async function accept(): Promise<void> {
  server = await world.accept();
  grant(server);
}

const qos1 = (packetId: number) => message(`t${packetId}`, { qos: 1, packetId });

/** Something that is awaited without being a promise. */
function thenable(then: (fulfil: () => void, reject: (error: unknown) => void) => void): object {
  return Object.defineProperty({}, 'then', { value: then });
}

/** A handler whose calls end when the test says so. */
class Slow {
  readonly begun: string[] = [];
  readonly ends: { readonly fulfil: () => void; readonly reject: (error: unknown) => void }[] = [];
  readonly handle = ({ topicName }: { readonly topicName: string }): Promise<void> => {
    this.begun.push(topicName);
    return new Promise((fulfil, reject) => this.ends.push({ fulfil, reject }));
  };
}

describe('A handler', () => {
  test.each([
    [1, ['t1']],
    [2, ['t1', 't2']],
    [Number.POSITIVE_INFINITY, ['t1', 't2', 't3', 't4']],
  ])(
    'of which %d calls may be at work at once is called so often, in the order of the messages',
    async (concurrency, begun) => {
      const slow = new Slow();
      client.subscribe('#', { concurrency }, slow.handle);
      await accept();
      server.send(qos1(1), qos1(2), qos1(3), qos1(4));
      await world.settle();
      expect(slow.begun).toEqual(begun);
      for (let i = 0; i < 4; i++) {
        slow.ends[i]!.fulfil();
        await world.settle();
      }
      expect(slow.begun).toEqual(['t1', 't2', 't3', 't4']);
    },
  );

  test('that returns no promise is called for every message at once', async () => {
    const seen: string[] = [];
    client.subscribe('#', {}, ({ topicName }) => seen.push(topicName));
    await accept();
    server.send(qos1(1), qos1(2));
    expect(seen).toEqual(['t1', 't2']);
  });

  test('may return anything that can be awaited, such as a publication', async () => {
    const calls: string[] = [];
    client.subscribe('t1', {}, ({ topicName }) => {
      calls.push(topicName);
      return client.publish('answer', topicName, { qos: 1 });
    });
    await accept();
    server.send(qos1(1), { ...qos1(2), topicName: 't1' });
    await world.settle();
    const { packetId } = server.take('publish');
    expect([calls.length, ...taken(server)]).toEqual([1, 'puback 1']);
    server.send({ type: 'puback', packetId, reasonCode: 0, properties: {} });
    await world.settle();
    expect(calls.length).toBe(2);
  });

  const error = new Error('not today');
  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw error;
      },
    ],
    ['returns a promise that is rejected', () => Promise.reject(error)],
    ['returns something awaitable that rejects', () => thenable((_, reject) => reject(error))],
    [
      'returns something awaitable that throws',
      () =>
        thenable(() => {
          throw error;
        }),
    ],
    [
      'returns what cannot even be looked at',
      () =>
        Object.defineProperty({}, 'then', {
          get: () => {
            throw error;
          },
        }),
    ],
  ])(
    'that %s is told by an event, never by an unhandled rejection, and called for the next message',
    async (_name, handle) => {
      client.subscribe('#', {}, handle);
      await accept();
      server.send(qos1(1), qos1(2));
      await world.settle();
      expect(failures.map((each) => [each.error, each.message.topicName, each.topicFilter])).toEqual([
        [error, 't1', '#'],
        [error, 't2', '#'],
      ]);
      expect(taken(server)).toEqual(['puback 1', 'puback 2']);
    },
  );

  test('that throws undefined is told too', async () => {
    client.subscribe('#', { acknowledge: 'handled' }, () => Promise.reject());
    await accept();
    server.send(qos1(1));
    await world.settle();
    expect([failures.length, ...taken(server)]).toEqual([1]);
  });

  test('whose failure nobody listens to is named on the console, and the listener that throws harms nobody', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    try {
      await accept();
      const lonely = world.connect();
      lonely.subscribe('#', {}, () => {
        throw error;
      });
      await accept();
      server.send(qos1(1));
      await world.settle();
      expect(log).toHaveBeenCalledExactlyOnceWith('martlet: not today');
      lonely.on('handlerError', () => {
        throw new Error('nor tomorrow');
      });
      server.send(qos1(2));
      await world.settle();
      expect(log).toHaveBeenLastCalledWith('martlet: nor tomorrow');
      expect(taken(server)).toEqual(['puback 1', 'puback 2']);
    } finally {
      log.mockRestore();
    }
  });

  test('that ends its own subscription gets no further message, and those are acknowledged', async () => {
    const seen: string[] = [];
    const { subscription } = client.subscribe('#', {}, ({ topicName }) => {
      seen.push(topicName);
      void subscription.unsubscribe();
    });
    await accept();
    server.send(qos1(1), qos1(2));
    await world.settle();
    expect(seen).toEqual(['t1']);
    expect(taken(server)).toEqual(['unsubscribe 2 #', 'puback 1', 'puback 2']);
  });

  test('that ends another subscription spares it the message that is just being handed out', async () => {
    const seen: string[] = [];
    client.subscribe('t1', {}, () => {
      seen.push('first');
      void other.unsubscribe();
      client.subscribe('+', {}, () => seen.push('late'));
    });
    const other = client.subscribe('#', {}, () => seen.push('other')).subscription;
    await accept();
    server.send(qos1(1));
    await world.settle();
    expect(seen).toEqual(['first']);
    expect(taken(server)).toContain('puback 1');
  });

  test('that is at work when its subscription is ended settles its message all the same', async () => {
    const slow = new Slow();
    const { subscription } = client.subscribe('#', { acknowledge: 'handled' }, slow.handle);
    await accept();
    server.send(qos1(1), qos1(2));
    await world.settle();
    void subscription.unsubscribe();
    await world.settle();
    expect(taken(server)).toEqual(['unsubscribe 2 #']);
    slow.ends[0]!.fulfil();
    await world.settle();
    expect([slow.begun, taken(server)]).toEqual([['t1'], ['puback 1', 'puback 2']]);
  });
});
