// Waiting for a connection, and ending the client: both settle in every state, and nothing is left behind.

import type { Client, ClientOptions, SessionStore } from '@martlet/client';
import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { World } from '../world/world.ts';

let world: World;
let rejections: unknown[];
const onRejection = (reason: unknown): void => void rejections.push(reason);
beforeEach(() => {
  world = new World();
  rejections = [];
  process.on('unhandledRejection', onRejection);
});
afterEach(async () => {
  await world.close();
  await world.settle();
  process.off('unhandledRejection', onRejection);
  expect(rejections).toEqual([]);
});

/** A store that has nothing, and of which a test can hold up any call. */
function heldStore(): { store: SessionStore; release: (call: string) => void; calls: string[] } {
  const waiting = new Map<string, () => void>();
  const calls: string[] = [];
  const held = <T>(call: string, value: T): Promise<T> => {
    calls.push(call);
    return new Promise((resolve) => waiting.set(call, () => resolve(value)));
  };
  return {
    store: {
      open: () => held('open', []),
      write: () => held('write', undefined),
      close: async () => void calls.push('close'),
    },
    release: (call) => waiting.get(call)?.(),
    calls,
  };
}

describe('connected', () => {
  test('ends with the time, with the signal, and at once where that was aborted', async () => {
    const client = world.connect();
    const late = client.connected({ timeoutMs: 100 }).catch(({ code }) => code);
    const controller = new AbortController();
    const reason = new Error('enough');
    const aborted = client.connected({ signal: controller.signal }).catch((error) => error);
    controller.abort(reason);
    expect(await aborted).toMatchObject({ code: 'ABORTED', cause: reason });
    await expect(client.connected({ signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' });
    await world.advance(100);
    expect(await late).toBe('TIMEOUT');
    await world.accept();
    expect((await client.connected({ timeoutMs: 100 })).clientId).toBe('c');
    await world.settle();
    expect(world.timerCount).toBe(1);
  });

  test('waits through attempts that fail', async () => {
    const client = world.connect();
    const connected = client.connected({ timeoutMs: 10_000 });
    (await world.accepting()).cut();
    await world.advance(500);
    await world.accept();
    expect((await connected).protocolVersion).toBe(5);
  });

  test('waits for any time, and not for too short a one when it is too long for a timer', async () => {
    const client = world.connect();
    const connected = client.connected({ timeoutMs: 1e12 });
    await world.accept();
    expect(await connected).toBe(client.server);
  });

  test('is rejected at once when the client has ended, with the reason', async () => {
    const client = world.connect();
    client.on('error', () => {});
    const server = await world.accepting();
    server.send({ type: 'connack', sessionPresent: false, reasonCode: ReasonCode.Banned, properties: {} });
    await world.settle();
    await expect(client.connected()).rejects.toMatchObject({
      code: 'REFUSED',
      reasonCode: ReasonCode.Banned,
    });
  });
});

describe('close', () => {
  const states: readonly (readonly [string, ClientOptions, (client: Client) => Promise<void>])[] = [
    ['before anything happened', {}, async () => {}],
    ['while the URL is asked for', { url: () => new Promise(() => {}) }, () => world.settle()],
    ['while credentials are asked for', { credentials: () => new Promise(() => {}) }, () => world.settle()],
    [
      'while the connection opens',
      {
        transport: (_server, _listener, signal) =>
          new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      },
      () => world.settle(),
    ],
    [
      'while the connection opens, for a transport that takes no signal',
      { transport: () => new Promise(() => {}) },
      () => world.settle(),
    ],
    ['before CONNACK', {}, async () => void (await world.accepting())],
    ['while online', {}, async () => void (await world.accept())],
    ['while waiting', {}, async () => (await world.accept()).cut()],
    [
      'while the network takes nothing',
      {},
      async (client) => {
        const server = await world.accept();
        server.takesMore = false;
        client.publish('a', 'b', { qos: 1 });
      },
    ],
  ];

  test.each(states)('settles everything and leaves nothing: %s', async (_when, options, reach) => {
    const client = world.connect(options);
    const events: string[] = [];
    client.on('closed', () => events.push('closed'));
    client.on('error', () => {});
    const outcomes = Promise.allSettled([
      client.connected(),
      client.publish('a', 'b', { qos: 2 }),
      client.subscribe('a'),
      (async () => {
        for await (const _message of client.subscribe('b')) throw new Error('expected no message');
      })(),
    ]);
    await reach(client);
    const closed = client.close({ timeoutMs: 1000 });
    expect(client.close()).toBe(closed);
    await world.advance(1000);
    await closed;
    await outcomes;
    await world.settle();
    expect([client.state, events, world.plugCount, world.timerCount]).toEqual(['closed', ['closed'], 0, 0]);
    await client.close();
  });

  test('says DISCONNECT, and what the application wants said', async () => {
    for (const reasonCode of [
      ReasonCode.NormalDisconnection,
      ReasonCode.DisconnectWithWillMessage,
    ] as const) {
      const client = world.connect();
      const server = await world.accept();
      await client.close({ reasonCode });
      expect(server.take('disconnect')).toMatchObject({ reasonCode, properties: {} });
      expect(server.ended).toBe('end');
    }
  });

  test('says DISCONNECT before CONNACK too: the server may have accepted, and would publish the will', async () => {
    const client = world.connect();
    const server = await world.accepting();
    await client.close();
    expect(server.takeAll().map(({ type }) => type)).toEqual(['connect', 'disconnect']);
  });

  test('waits for what is under way, but no longer than it may', async () => {
    const client = world.connect();
    const server = await world.accept();
    const publication = client.publish('a', 'b', { qos: 1 });
    let isClosed = false;
    const closed = client.close({ timeoutMs: 1000 }).then(() => {
      isClosed = true;
    });
    await world.advance(999);
    expect([isClosed, client.state]).toEqual([false, 'online']);
    server.send({ type: 'puback', packetId: 1, reasonCode: 0, properties: {} });
    await closed;
    expect((await publication).reasonCode).toBe(0);
    const other = world.connect();
    await world.accept();
    const lost = expect(other.publish('a', 'b', { qos: 1 })).rejects.toMatchObject({ code: 'CLOSED' });
    const ended = other.close({ timeoutMs: 1000 });
    await world.advance(1000);
    await ended;
    await lost;
  });

  test('waits for what was published before there was a connection, at each QoS', async () => {
    const client = world.connect();
    const outcomes = Promise.allSettled(([0, 1, 2] as const).map((qos) => client.publish('a', 'b', { qos })));
    const closed = client.close();
    expect(client.state).toBe('connecting');
    const server = await world.accept();
    const ids = server.takeAll().map((packet) => (packet.type === 'publish' ? packet.packetId! : 0));
    expect(ids).toHaveLength(3);
    const of = { reasonCode: 0, properties: {} } as const;
    server.send({ type: 'puback', packetId: ids[1]!, ...of }, { type: 'pubrec', packetId: ids[2]!, ...of });
    await world.settle();
    expect(client.state).toBe('online');
    server.send({ type: 'pubcomp', packetId: ids[2]!, ...of });
    await closed;
    expect((await outcomes).map(({ status }) => status)).toEqual(new Array(3).fill('fulfilled'));
    expect(server.takeAll().map(({ type }) => type)).toEqual(['pubrel', 'disconnect']);
    await world.settle();
    expect(world.timerCount).toBe(0);
  });

  test('waits for that no longer than it may, and not beyond an attempt that fails', async () => {
    const [slow, refused] = [world.connect(), world.connect()];
    const outcomes = Promise.allSettled(
      [slow, refused].map((client) => client.publish('a', 'b', { qos: 1 })),
    );
    const closed = slow.close({ timeoutMs: 1000 });
    const refusedClosed = refused.close();
    await world.accepting();
    (await world.accepting()).cut();
    await refusedClosed;
    await world.advance(999);
    expect(slow.state).toBe('connecting');
    await world.advance(1);
    await closed;
    const ends = (await outcomes).map((each) => each.status === 'rejected' && each.reason.code);
    expect(ends).toEqual(['CLOSED', 'CLOSED']);
    const waiting = world.connect();
    (await world.accepting()).cut();
    await world.settle();
    expect(waiting.state).toBe('waiting');
    waiting.publish('a', 'b').acknowledged.catch(() => {});
    await waiting.close();
  });

  test('waits through an attempt in an older version for what was published', async () => {
    const client = world.connect({ fallback: true });
    const publication = client.publish('a', 'b', { qos: 1 });
    const closed = client.close();
    const first = await world.accepting();
    first.version = 4;
    first.send({ type: 'connack', sessionPresent: false, reasonCode: 0x84, properties: {} });
    await world.advance(0);
    const silent = await world.accepting();
    silent.cut();
    await world.advance(2000);
    const server = await world.accept();
    server.send({ type: 'puback', packetId: 1, reasonCode: 0, properties: {} });
    expect((await publication).reasonCode).toBe(0);
    await closed;
    expect(server.takeAll().map(({ type }) => type)).toEqual(['publish', 'disconnect']);
  });

  test('waits for the server that the first one names for what was published', async () => {
    const client = world.connect({ followServerMoved: true });
    const publication = client.publish('a', 'b', { qos: 1 });
    const closed = client.close();
    (await world.accepting()).send({
      type: 'connack',
      sessionPresent: false,
      reasonCode: ReasonCode.UseAnotherServer,
      properties: { serverReference: 'other' },
    });
    await world.advance(0);
    const server = await world.accept();
    server.send({ type: 'puback', packetId: 1, reasonCode: 0, properties: {} });
    expect((await publication).reasonCode).toBe(0);
    await closed;
  });

  test('leaves no timer for messages that would have expired', async () => {
    const client = world.connect();
    client.publish('a', 'b', { messageExpiryInterval: 60 });
    await world.settle();
    client.publish('a', 'b', { messageExpiryInterval: 30 });
    client.on('error', () => {});
    await client.close({ timeoutMs: 0 });
    await world.settle();
    expect(world.timerCount).toBe(0);
  });

  test('sends what was just published at QoS 0', async () => {
    const client = world.connect();
    const server = await world.accept();
    client.publish('a', 'b');
    await client.close({ timeoutMs: 0 });
    expect(server.takeAll().map(({ type }) => type)).toEqual(['publish', 'disconnect']);
  });

  test('lets no new work in, and tells so', async () => {
    const client = world.connect();
    await world.accept();
    const closed = client.close();
    expect(() => client.publish('a', 'b')).toThrow(expect.objectContaining({ code: 'CLOSED' }));
    expect(() => client.subscribe('a')).toThrow(expect.objectContaining({ code: 'CLOSED' }));
    await closed;
    await expect(client.reauthenticate()).rejects.toMatchObject({ kind: 'local' });
  });

  test('destroys a connection that opens too late', async () => {
    let give = (): void => {};
    const other = new World();
    const late = world.connect({
      transport: async (server, listener, signal) => {
        await new Promise<void>((resolve) => (give = resolve));
        return await other.open(server, listener, signal);
      },
    });
    await world.settle();
    await late.close();
    give();
    await world.settle();
    expect(other.opened[0]?.ended).toBe('destroy');
  });

  test('waits for a store that is being opened, so that the next client can have it', async () => {
    const { store, release, calls } = heldStore();
    const client = world.connect({ store });
    await world.settle();
    let isClosed = false;
    const closed = client.close().then(() => {
      isClosed = true;
    });
    await world.settle();
    expect(isClosed).toBe(false);
    release('open');
    await world.settle();
    release('write');
    await closed;
    expect(calls.at(-1)).toBe('close');
    expect(world.opened).toEqual([]);
  });

  test('returns although its store hangs', async () => {
    const { store } = heldStore();
    const client = world.connect({ store });
    await world.settle();
    const closed = client.close();
    await world.advance(5000);
    await closed;
    expect(world.timerCount).toBe(0);
  });

  test('takes the time that it may once, although a message and the store both hang', async () => {
    const { store, release } = heldStore();
    const client = world.connect({ store });
    await world.settle();
    release('open');
    await world.accept();
    client.publish('a', 'b', { qos: 1 }).acknowledged.catch(() => {});
    let isClosed = false;
    const closed = client.close({ timeoutMs: 1000 }).then(() => {
      isClosed = true;
    });
    await world.advance(1000);
    expect(isClosed).toBe(true);
    await closed;
  });

  test('returns at once when it may take no time, although its store hangs', async () => {
    const { store } = heldStore();
    const client = world.connect({ store });
    await world.settle();
    const before = world.nowMs;
    const closed = client.close({ timeoutMs: 0 });
    await world.advance(0);
    await closed;
    expect([world.nowMs - before, world.timerCount]).toEqual([0, 0]);
  });

  test('is told once, and not as a connection that was lost', async () => {
    const client = world.connect();
    const events: unknown[] = [];
    client.on('online', () => events.push('online'));
    client.on('offline', ({ error, reconnectMs }) => events.push('offline', error.code, reconnectMs));
    client.on('closed', (error) => events.push('closed', error));
    await world.accept();
    await client.close();
    expect(events).toEqual(['online', 'closed', undefined]);
  });

  test('is what `await using` does', async () => {
    const client = world.connect();
    await world.accept();
    await client[Symbol.asyncDispose]();
    expect(client.state).toBe('closed');
  });
});
