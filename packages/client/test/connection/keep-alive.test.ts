// Who finds out that a connection is dead, and when; in virtual time, asleep, throttled, paused and congested.

import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const state = (): string => world.clients[0]!.state;

async function online(keepAlive: number): Promise<TestServer> {
  world.connect({ keepAlive });
  return await world.accept();
}

/** Answers every PINGREQ of this many milliseconds, looking each second. Returns how many there were. */
async function answering(server: TestServer, ms: number): Promise<number> {
  let pings = 0;
  for (let passedMs = 0; passedMs < ms; passedMs += 1000) {
    await world.advance(1000);
    for (const packet of server.takeAll()) {
      if (packet.type !== 'pingreq') continue;
      pings++;
      server.send({ type: 'pingresp' });
    }
  }
  return pings;
}

describe('A connection on which nothing happens', () => {
  test('[MQTT-3.1.2-20] v5 is kept by a ping each half keep alive', async () => {
    const server = await online(60);
    expect(await answering(server, 600_000)).toBe(20);
    expect(state()).toBe('online');
  });

  test('is dead when nothing comes back within the keep alive', async () => {
    const server = await online(60);
    await world.advance(30_000);
    server.take('pingreq');
    await world.advance(29_999);
    expect(state()).toBe('online');
    await world.advance(1);
    expect([state(), server.ended]).toEqual(['waiting', 'destroy']);
    expect(server.takeAll()).toEqual([]);
  });

  test('is left alone without a keep alive', async () => {
    const server = await online(0);
    await world.advance(86_400_000);
    expect([state(), server.takeAll(), world.timerCount]).toEqual(['online', [], 0]);
  });

  test('[MQTT-3.1.2-21] v5 is kept as often as the server says', async () => {
    world.connect({ keepAlive: 60 });
    const server = await world.accept({ properties: { serverKeepAlive: 10 } });
    expect(await answering(server, 60_000)).toBe(12);
  });
});

describe('A connection on which much happens', () => {
  test('[MQTT-3.1.2-20] v5 pings although the server sends all the time', async () => {
    const server = await online(60);
    let pings = 0;
    for (let i = 0; i < 60; i++) {
      await world.advance(5000);
      server.send({ type: 'pingresp' });
      pings += server.takeAll().length;
    }
    expect([pings, state()]).toEqual([10, 'online']);
  });

  test('pings although the client publishes all the time: its messages may go nowhere', async () => {
    const server = await online(60);
    for (let i = 0; i < 12; i++) {
      world.clients[0]!.publish('a', 'b');
      await world.advance(5000);
    }
    expect(server.takeAll().filter(({ type }) => type === 'pingreq')).toHaveLength(1);
    expect(state()).toBe('waiting');
  });

  test('takes a part of a large packet for a sign of life', async () => {
    const server = await online(60);
    server.sendBytes(Uint8Array.of(0x30, 0x80, 0x80, 0x04));
    for (let i = 0; i < 20; i++) {
      await world.advance(29_000);
      server.sendBytes(new Uint8Array(1));
    }
    expect(state()).toBe('online');
  });
});

describe('A process that was asleep', () => {
  test('gives the server its time again, and goes on when it answers', async () => {
    const server = await online(60);
    await world.advance(30_000);
    server.take('pingreq');
    world.sleep(3_600_000);
    await world.advance(0);
    server.take('pingreq');
    expect(state()).toBe('online');
    server.send({ type: 'pingresp' });
    await world.advance(29_000);
    expect(state()).toBe('online');
  });

  test('finds out half a keep alive after it woke that the server is gone', async () => {
    const server = await online(60);
    await world.advance(30_000);
    server.take('pingreq');
    world.sleep(3_600_000);
    await world.advance(0);
    await world.advance(29_999);
    expect(state()).toBe('online');
    await world.advance(1);
    expect(state()).toBe('waiting');
  });

  test('does not excuse a dead server for ever, where timers fire once a minute', async () => {
    await online(60);
    let minutes = 0;
    for (; state() === 'online' && minutes < 10; minutes++) {
      world.sleep(59_999);
      await world.advance(1);
    }
    expect(minutes).toBeLessThanOrEqual(4);
  });

  test('keeps a living server, where timers fire once a minute', async () => {
    const server = await online(60);
    for (let i = 0; i < 60; i++) {
      world.sleep(59_999);
      await world.advance(1);
      for (const _ping of server.takeAll()) server.send({ type: 'pingresp' });
    }
    expect(state()).toBe('online');
  });
});

describe('A connection that is held back', () => {
  test('[MQTT-3.1.2-20] v5 pings and judges nobody while the application does not read', async () => {
    const server = await online(60);
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    world.clients[0]!.subscribe('a', { bufferMessages: 1 }, () => held);
    await world.settle();
    const { packetId } = server.take('subscribe');
    server.send({ type: 'suback', packetId, reasonCodes: [0], properties: {} });
    for (let i = 0; i < 10; i++) {
      server.send({
        type: 'publish',
        topicName: 'a',
        payload: new Uint8Array(1),
        qos: 0,
        packetId: 0,
        retain: false,
        dup: false,
        properties: {},
      });
    }
    await world.settle();
    expect(server.isPaused).toBe(true);
    await world.advance(300_000);
    expect(server.takeAll().map(({ type }) => type)).toEqual(new Array(10).fill('pingreq'));
    expect(state()).toBe('online');
    release();
    await world.settle();
    expect(server.isPaused).toBe(false);
    await world.advance(60_000);
    expect(state()).toBe('waiting');
  });

  test('is alive for a keep alive while a large message leaves, without a ping behind it', async () => {
    const server = await online(60);
    server.takesMore = false;
    world.clients[0]!.publish('a', new Uint8Array(1_000_000));
    await world.settle();
    await world.advance(59_000);
    expect([state(), server.takeAll().map(({ type }) => type)]).toEqual(['online', ['publish']]);
    server.drain();
    await world.advance(29_999);
    expect([state(), server.takeAll().map(({ type }) => type)]).toEqual(['online', ['pingreq']]);
    await world.advance(1);
    expect(state()).toBe('waiting');
  });

  test('gives a message of 16 MiB the time that it takes at 128 kbit/s', async () => {
    const server = await online(60);
    server.takesMore = false;
    world.clients[0]!.publish('a', new Uint8Array(16 * 1_048_576));
    await world.settle();
    await world.advance(1_048_576 + 59_999);
    expect(state()).toBe('online');
    server.drain();
    await world.advance(30_000);
    expect(state()).toBe('waiting');
  });

  test('is dead when a message has not left within the keep alive', async () => {
    const server = await online(60);
    server.takesMore = false;
    world.clients[0]!.publish('a', 'b');
    await world.settle();
    await world.advance(59_999);
    expect(state()).toBe('online');
    await world.advance(1);
    expect(state()).toBe('waiting');
  });

  test('counts the time of an answer from when the ping could leave', async () => {
    const server = await online(60);
    await world.advance(29_000);
    server.takesMore = false;
    world.wake();
    await world.settle();
    await world.advance(20_000);
    server.drain();
    await world.advance(4999);
    expect(state()).toBe('online');
    await world.advance(1);
    expect(state()).toBe('waiting');
  });
});

describe('A transport that tells how many bytes have left', () => {
  async function sending(bytes: number): Promise<TestServer> {
    const server = await online(60);
    server.sentBytes = 0;
    server.takesMore = false;
    world.clients[0]!.publish('a', new Uint8Array(bytes));
    await world.settle();
    return server;
  }

  test.each([1, 16 * 1_048_576])('is dead within the keep alive when none does, of %i', async (bytes) => {
    await sending(bytes);
    await world.advance(59_999);
    expect(state()).toBe('online');
    await world.advance(1);
    expect(state()).toBe('waiting');
  });

  test('is alive for as long as some do, and dead within the keep alive when no more do', async () => {
    const server = await sending(16 * 1_048_576);
    for (let i = 0; i < 200; i++) {
      await world.advance(29_000);
      server.sentBytes! += 100;
    }
    expect([state(), server.takeAll().map(({ type }) => type)]).toEqual(['online', ['publish']]);
    await world.advance(59_999);
    expect(server.ended).toBe('destroy');
  });

  test('is alive while the server sends, although nothing leaves', async () => {
    const server = await sending(1);
    for (let i = 0; i < 20; i++) {
      await world.advance(29_000);
      server.send({ type: 'pingresp' });
    }
    expect(state()).toBe('online');
    await world.advance(60_000);
    expect(state()).toBe('waiting');
  });

  test('is dead within the keep alive when the ping does not leave', async () => {
    const server = await online(60);
    server.sentBytes = 0;
    server.takesMore = false;
    await world.advance(59_999);
    expect([state(), server.takeAll().length]).toEqual(['online', 1]);
    await world.advance(1);
    expect(state()).toBe('waiting');
  });

  test('goes on as ever when everything has left', async () => {
    const server = await sending(1);
    await world.advance(40_000);
    server.drain();
    await world.advance(29_999);
    expect([state(), server.takeAll().map(({ type }) => type)]).toEqual(['online', ['publish', 'pingreq']]);
    await world.advance(1);
    expect(state()).toBe('waiting');
  });

  test('is found out by a probe in the time that an answer gets', async () => {
    const server = await sending(1);
    await world.advance(10_000);
    world.wake();
    await world.advance(4_999);
    expect([state(), server.takeAll().at(-1)?.type]).toEqual(['online', 'pingreq']);
    await world.advance(1);
    expect(state()).toBe('waiting');
  });

  test('is judged by its pings while the application does not read', async () => {
    const server = await online(60);
    server.sentBytes = 0;
    world.clients[0]!.subscribe('a', { bufferMessages: 1 }).then(undefined, () => {});
    await world.settle();
    const { packetId } = server.take('subscribe');
    server.send({ type: 'suback', packetId, reasonCodes: [0], properties: {} });
    const properties = {};
    const payload = new Uint8Array(1);
    for (let i = 0; i < 3; i++)
      server.send({
        type: 'publish',
        topicName: 'a',
        payload,
        qos: 0,
        packetId: 0,
        retain: false,
        dup: false,
        properties,
      });
    await world.settle();
    expect(server.isPaused).toBe(true);
    for (let i = 0; i < 20; i++) {
      await world.advance(30_000);
      server.take('pingreq');
      server.sentBytes += 2;
    }
    expect(state()).toBe('online');
    server.takesMore = false;
    await world.advance(60_000);
    expect(state()).toBe('waiting');
  });
});

describe('The reason of a connection that was given up', () => {
  test('is that of the keep alive', async () => {
    world.connect({ keepAlive: 2 });
    const codes: unknown[] = [];
    world.clients[0]!.on('offline', ({ error }) => codes.push(error.code, error.reasonCode));
    await world.accept();
    await world.advance(2000);
    expect(codes).toEqual(['CONNECTION_LOST', ReasonCode.KeepAliveTimeout]);
  });
});
