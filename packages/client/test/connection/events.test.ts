// Events: who is told, that listeners harm nobody, and that the console speaks only for what nobody listens to.

import type { Packet, PublishPacket } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';

const publish = (topicName: string): Packet => ({
  type: 'publish',
  topicName,
  payload: new Uint8Array(1),
  qos: 0,
  packetId: 0,
  retain: false,
  dup: false,
  properties: {},
});

let world: World;
let said: unknown[];
beforeEach(() => {
  world = new World();
  said = [];
  vi.spyOn(console, 'error').mockImplementation((text) => void said.push(text));
});
afterEach(async () => {
  await world.close();
  vi.restoreAllMocks();
});

describe('A listener', () => {
  test('that throws harms neither the others nor the client, and is reported', async () => {
    const client = world.connect();
    const online: unknown[] = [];
    client.on('online', () => {
      throw new Error('my mistake');
    });
    client.on('online', (server) => online.push(server));
    await world.accept();
    expect([client.state, online, said]).toEqual(['online', [client.server], ['martlet: my mistake']]);
  });

  test('that is asynchronous and fails does no more harm, whatever it throws and whatever event it listens to', async () => {
    const client = world.connect();
    const thrown = [new Error('mine'), Object.create(null), { toString: () => Object.create(null) }];
    for (const error of thrown) client.on('online', () => Promise.reject(error));
    client.on('online', () => {
      throw thrown[1];
    });
    client.on('handlerError', async () => {
      throw new Error('of handlerError');
    });
    client.subscribe('a', {}, async () => {
      throw thrown[2];
    });
    const server = await world.accept();
    server.send(publish('a'));
    await world.settle();
    expect(client.state).toBe('online');
    expect(said).toHaveLength(5);
    expect(said).toEqual(expect.arrayContaining(['martlet: mine', 'martlet: of handlerError']));
  });

  test('is told no more once it was taken back, also by another one', async () => {
    const client = world.connect();
    const told: string[] = [];
    const offs: (() => void)[] = [];
    client.on('online', () => {
      for (const off of offs) off();
    });
    offs.push(client.on('offline', () => told.push('offline')));
    (await world.accept()).cut();
    expect(told).toEqual([]);
  });

  test('of online may publish, subscribe, authenticate and close', async () => {
    const client = world.connect();
    client.on('online', () => {
      client.publish('a', 'b');
      client.subscribe('a').then(undefined, () => {});
    });
    const server = await world.accept();
    expect(
      server
        .takeAll()
        .map(({ type }) => type)
        .sort(),
    ).toEqual(['publish', 'subscribe']);
    const other = world.connect();
    other.on('online', () => void other.close({ timeoutMs: 0 }));
    const last = await world.accept();
    expect([other.state, last.takeAll().map(({ type }) => type)]).toEqual(['closed', ['disconnect']]);
  });

  test('of offline may close', async () => {
    const client = world.connect();
    client.on('offline', () => void client.close());
    (await world.accept()).cut();
    await world.settle();
    expect([client.state, world.timerCount]).toEqual(['closed', 0]);
  });
});

describe('An error that nobody awaits', () => {
  test('is an event once, and not said on the console', async () => {
    world.refusal = new Error('nobody listens');
    const client = world.connect({ reconnect: false });
    const errors: string[] = [];
    client.on('error', ({ code }) => errors.push(code));
    await world.settle();
    expect([errors, said]).toEqual([['CONNECTION_FAILED'], []]);
  });

  test('is said on the console when nobody listens', async () => {
    world.refusal = new Error('nobody listens');
    world.connect({ reconnect: false });
    await world.settle();
    expect(said).toEqual(['martlet: could not connect: nobody listens']);
  });

  test('is none as long as the client goes on trying', async () => {
    const client = world.connect();
    (await world.accept()).cut();
    expect([client.state, said]).toEqual(['waiting', []]);
  });
});

describe('A server that breaks the protocol', () => {
  const broken = (server: TestServer): void => server.sendBytes(Uint8Array.of(0, 0));

  test('is an error event besides offline, once on each connection', async () => {
    const client = world.connect();
    const errors: unknown[] = [];
    client.on('error', ({ code, kind }) => errors.push([code, kind]));
    broken(await world.accept());
    expect([errors, said]).toEqual([[['PROTOCOL_BROKEN', 'remote']], []]);
    await world.advance(500);
    broken(await world.accept());
    expect([errors.length, client.state]).toEqual([2, 'waiting']);
  });

  test('is an error event once where the client does not try again', async () => {
    const client = world.connect({ reconnect: false });
    const errors: string[] = [];
    client.on('error', ({ code }) => errors.push(code));
    broken(await world.accept());
    expect([errors, client.state]).toEqual([['PROTOCOL_BROKEN'], 'closed']);
  });

  test('is said on the console when nobody listens, to offline neither', async () => {
    const client = world.connect();
    broken(await world.accept());
    expect(said).toEqual([expect.stringContaining('martlet: the server broke the protocol')]);
    client.on('offline', () => {});
    await world.advance(500);
    broken(await world.accept());
    expect(said).toHaveLength(1);
  });
});

describe('An error that somebody awaits', () => {
  test('is not said on the console', async () => {
    world.refusal = new Error('nobody listens');
    const client = world.connect({ reconnect: false });
    await expect(client.connected()).rejects.toMatchObject({ code: 'CONNECTION_FAILED' });
    await world.settle();
    expect(said).toEqual([]);
  });
});

describe('What keeps messages from the application', () => {
  const qos1 = (packetId: number): PublishPacket => publish(1, packetId);
  const publish = (qos: 0 | 1, packetId = 0): PublishPacket => {
    const payload = new Uint8Array(1);
    return {
      type: 'publish',
      topicName: 'a',
      payload,
      qos,
      packetId,
      retain: false,
      dup: false,
      properties: {},
    };
  };

  test('is said on the console where nobody listens to warning', async () => {
    const client = world.connect({ receiveMaximum: 1 });
    client.subscribe('a', { acknowledge: 'manual' }, () => {}).then(undefined, () => {});
    const server = await world.accept();
    server.send(qos1(1));
    expect(said).toEqual([expect.stringContaining('martlet: expected an acknowledgement')]);
    client.on('warning', () => {});
    server.cut();
    await world.advance(500);
    (await world.accept()).send(qos1(1));
    expect(said).toHaveLength(1);
  });

  test('is said on the console once where nobody listens to dropped, and only of what was too slow', async () => {
    const client = world.connect();
    const server = await world.accept();
    server.send(publish(0)); // no subscription
    expect(said).toEqual([]);
    const options = { whenSlow: 'dropNewest', bufferMessages: 1 } as const;
    client.subscribe('a', options, () => new Promise(() => {})).then(undefined, () => {});
    for (let i = 0; i < 5; i++) server.send(publish(0));
    expect(said).toEqual([
      'martlet: expected a to be read as fast as it comes, got more: messages are dropped',
    ]);
  });

  test('is not said where somebody listens to dropped', async () => {
    const client = world.connect();
    const server = await world.accept();
    let count = 0;
    client.on('dropped', () => count++);
    const options = { whenSlow: 'dropNewest', bufferMessages: 1 } as const;
    client.subscribe('a', options, () => new Promise(() => {})).then(undefined, () => {});
    for (let i = 0; i < 5; i++) server.send(publish(0));
    expect([count, said]).toEqual([3, []]);
  });
});
