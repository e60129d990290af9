// When the client connects again, after how long, where to, and when it gives up.

import type { Client, ClientError, ClientOptions, OfflineEvent } from '@martlet/client';
import type { Packet } from '@martlet/protocol';
import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';

const refused = (reasonCode: ReasonCode, serverReference?: string): Packet => ({
  type: 'connack',
  sessionPresent: false,
  reasonCode,
  properties: serverReference === undefined ? {} : { serverReference },
});
const disconnected = (reasonCode: ReasonCode, serverReference?: string): Packet => ({
  type: 'disconnect',
  reasonCode,
  properties: serverReference === undefined ? {} : { serverReference },
});

let world: World;
let offline: OfflineEvent[];
beforeEach(() => {
  world = new World();
  offline = [];
});
afterEach(() => world.close());

function connect(options: ClientOptions = {}): Client {
  const client = world.connect(options);
  client.on('error', () => {});
  client.on('offline', (event) => offline.push(event));
  return client;
}

/** What the next server answers to CONNECT. */
async function answer(...packets: Packet[]): Promise<TestServer> {
  const server = await world.accepting();
  server.connect = server.take('connect');
  server.send(...packets);
  await world.settle();
  return server;
}

describe('A client whose attempts fail', () => {
  test('waits a random part of a range that doubles up to a minute', async () => {
    world.refusal = new Error('nobody listens');
    connect();
    await world.settle();
    for (const rangeMs of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
      expect(offline.pop()?.reconnectMs).toBe(rangeMs / 2);
      world.randoms.push(0.5);
      await world.advance(rangeMs / 2);
    }
  });

  test.each([0, 0.25, 0.999])('takes the whole range for its random part: %d', async (random) => {
    world.randoms.push(random);
    world.refusal = new Error('nobody listens');
    connect({ reconnect: { minimumDelayMs: 100, maximumDelayMs: 100 } });
    await world.settle();
    expect(offline[0]?.reconnectMs).toBe(Math.round(random * 100));
  });

  test('gives up after so many attempts, and settles everything', async () => {
    world.refusal = new Error('nobody listens');
    const client = connect({ reconnect: { attempts: 2 } });
    const closed: unknown[] = [];
    client.on('closed', (error) => closed.push(error?.code));
    const outcomes = Promise.allSettled([
      client.connected(),
      client.publish('a', 'b', { qos: 1 }),
      client.subscribe('a'),
    ]);
    await world.advance(60_000);
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(offline.map(({ reconnectMs }) => reconnectMs)).toEqual([500, 1000, undefined]);
    expect([closed, client.state, world.timerCount]).toEqual([['CONNECTION_FAILED'], 'closed', 0]);
  });

  test('does not connect again when it is not to', async () => {
    const client = connect({ reconnect: false });
    (await world.accept()).cut();
    await world.settle();
    expect([client.state, offline.length, world.timerCount]).toEqual(['closed', 1, 0]);
  });

  test('tells of each attempt once, whatever fails in it', async () => {
    connect({ connectTimeoutMs: 1000 });
    (await world.accepting()).cut(new Error('reset'));
    await world.advance(500);
    await answer(refused(ReasonCode.ServerUnavailable));
    await world.advance(6000);
    expect((await world.accepting()).ended).toBeUndefined();
    await world.advance(1000);
    expect(offline.map(({ error }) => error.code)).toEqual(['CONNECTION_LOST', 'REFUSED', 'TIMEOUT']);
  });

  test.each([ReasonCode.ServerBusy, ReasonCode.ServerUnavailable, ReasonCode.ConnectionRateExceeded])(
    'leaves a busy server alone for five seconds: %d',
    async (reasonCode) => {
      connect();
      await answer(refused(reasonCode));
      expect(offline).toMatchObject([{ reconnectMs: 5500, error: { reasonCode } }]);
    },
  );

  test('takes its servers in turn', async () => {
    connect({ servers: ['mqtt://a', 'mqtt://b', 'mqtt://c'] });
    for (let i = 0; i < 4; i++) {
      (await world.accepting()).cut();
      await world.advance(60_000);
    }
    expect(world.hrefs.slice(0, 4)).toEqual([
      'mqtt://a:1883',
      'mqtt://b:1883',
      'mqtt://c:1883',
      'mqtt://a:1883',
    ]);
  });
});

describe('A server that accepts and closes at once', () => {
  test('is asked ever more rarely', async () => {
    connect();
    for (const delayMs of [500, 1000, 2000, 4000]) {
      (await world.accept()).cut();
      expect(offline.pop()?.reconnectMs).toBe(delayMs);
      await world.advance(delayMs);
    }
  });

  test('counts as well again once a connection to it has lasted', async () => {
    connect();
    (await world.accept()).cut();
    await world.advance(500);
    const second = await world.accept();
    await world.advance(10_000);
    second.cut();
    expect(offline.map(({ reconnectMs }) => reconnectMs)).toEqual([500, 500]);
  });

  test('is told of after five short connections in a row, once until one has lasted', async () => {
    const client = connect();
    const warnings: ClientError[] = [];
    client.on('warning', (warning) => warnings.push(warning));
    const beShort = async (): Promise<void> => {
      (await world.accept()).cut();
      await world.advance(offline.at(-1)!.reconnectMs!);
    };
    for (let i = 0; i < 4; i++) await beShort();
    expect(warnings).toEqual([]);
    for (let i = 0; i < 4; i++) await beShort();
    expect(warnings).toMatchObject([{ code: 'SHORT_CONNECTIONS', kind: 'environment' }]);
    expect(warnings[0]!.message).toBe(
      'expected connections that last 10 s, got 5 shorter ones in a row: does another client have the identifier c?',
    );
    const lasting = await world.accept();
    await world.advance(10_000);
    lasting.cut();
    await world.advance(offline.at(-1)!.reconnectMs!);
    for (let i = 0; i < 5; i++) await beShort();
    expect(warnings.length).toBe(2);
  });

  test('is asked after whole milliseconds', async () => {
    world.randoms.push(0.123456);
    connect();
    (await world.accept()).cut();
    expect(offline.map(({ reconnectMs }) => reconnectMs)).toEqual([123]);
  });
});

describe('A client that is refused', () => {
  test.each([
    ReasonCode.ClientIdentifierNotValid,
    ReasonCode.BadUserNameOrPassword,
    ReasonCode.NotAuthorized,
    ReasonCode.Banned,
    ReasonCode.BadAuthenticationMethod,
  ])('for good stops and says why: %d', async (reasonCode) => {
    const client = connect();
    const connected = expect(client.connected()).rejects.toMatchObject({ code: 'REFUSED', reasonCode });
    await answer(refused(reasonCode));
    await connected;
    expect([client.state, offline.length]).toEqual(['closed', 1]);
  });

  test('goes on when the next attempt has other credentials', async () => {
    let count = 0;
    const client = connect({ credentials: async () => ({ username: 'ann', password: `token ${++count}` }) });
    const first = await answer(refused(ReasonCode.BadUserNameOrPassword));
    await world.advance(500);
    const second = await world.accept();
    expect([first, second].map(({ connect: { password } }) => Buffer.from(password!).toString())).toEqual([
      'token 1',
      'token 2',
    ]);
    expect(client.state).toBe('online');
  });

  test('goes on when it has been online before', async () => {
    const client = connect();
    (await world.accept()).cut();
    await world.advance(500);
    await answer(refused(ReasonCode.NotAuthorized));
    expect(client.state).toBe('waiting');
  });

  test('does not fight for its identifier', async () => {
    const client = connect();
    const server = await world.accept();
    server.send(disconnected(ReasonCode.SessionTakenOver));
    expect(client.state).toBe('closed');
    expect(offline).toMatchObject([{ error: { code: 'SESSION_TAKEN_OVER' }, reconnectMs: undefined }]);
    expect(() => client.publish('a', 'b')).toThrow(
      expect.objectContaining({
        code: 'CLOSED',
        cause: expect.objectContaining({ code: 'SESSION_TAKEN_OVER' }),
      }),
    );
  });
});

describe('A server that names another', () => {
  test.each([ReasonCode.ServerMoved, ReasonCode.UseAnotherServer])(
    'ends a client that is not to follow, which says where: %d',
    async (reasonCode) => {
      const client = connect();
      const connected = expect(client.connected()).rejects.toThrow('it names other:1884');
      await answer(refused(reasonCode, 'other:1884'));
      await connected;
      expect(client.state).toBe('closed');
    },
  );

  test('is followed at once on request, by the same scheme and path and with the same credentials', async () => {
    connect({ url: 'wss://ann:secret@first/mqtt?x=1', followServerMoved: true });
    await answer(refused(ReasonCode.ServerMoved, 'other:8443 third'));
    await world.advance(0);
    const second = await answer();
    expect(world.hrefs).toEqual(['wss://first:443/mqtt?x=1', 'wss://other:8443/mqtt?x=1']);
    expect(second.connect).toMatchObject({ username: 'ann', password: new TextEncoder().encode('secret') });
  });

  test('is followed after DISCONNECT, and asked again when the other is lost', async () => {
    connect({ url: 'mqtt://first', followServerMoved: true });
    const first = await world.accept();
    first.send(disconnected(ReasonCode.UseAnotherServer, '[::1]'));
    await world.advance(0);
    const second = await world.accept();
    await world.advance(10_000);
    second.cut();
    await world.advance(500);
    await world.accept();
    expect(world.hrefs).toEqual(['mqtt://first:1883', 'mqtt://[::1]:1883', 'mqtt://first:1883']);
  });

  test('is not followed in a circle', async () => {
    const client = connect({ url: 'mqtt://a', followServerMoved: true });
    for (let i = 0; i < 6; i++) {
      await answer(refused(ReasonCode.ServerMoved, i % 2 === 0 ? 'b' : 'a'));
      await world.advance(offline.at(-1)?.reconnectMs ?? 0);
    }
    expect([client.state, world.hrefs.length]).toEqual(['closed', 6]);
    expect(offline.map(({ reconnectMs }) => reconnectMs)).toEqual([0, 1000, 2000, 4000, 8000, undefined]);
  });

  test('is asked again when what it names is no server', async () => {
    const client = connect({ url: 'mqtt://a', followServerMoved: true });
    await answer(refused(ReasonCode.ServerMoved, 'http://user:pass@evil/path'));
    await world.advance(0);
    expect([client.state, world.hrefs.length]).toEqual(['waiting', 1]);
    await world.advance(offline.at(-1)!.reconnectMs!);
    expect(world.hrefs).toEqual(['mqtt://a:1883', 'mqtt://a:1883']);
  });
});

describe('The URL and the credentials of an attempt', () => {
  test('are asked for anew each time', async () => {
    let count = 0;
    connect({ url: () => `mqtt://host-${++count}` });
    (await world.accept()).cut();
    await world.advance(500);
    await world.accept();
    expect(world.hrefs).toEqual(['mqtt://host-1:1883', 'mqtt://host-2:1883']);
  });

  test.each<[string, ClientOptions, string]>([
    ['throws', { url: () => fail() }, 'CONNECTION_FAILED'],
    ['rejects', { credentials: () => Promise.reject(new Error('no token')) }, 'CONNECTION_FAILED'],
    ['gives what cannot be sent', { credentials: () => ({ username: '\ud800' }) }, 'CONNECTION_FAILED'],
    ['gives a password of no kind', { credentials: () => ({ password: 7 as never }) }, 'INVALID_PAYLOAD'],
    ['hangs', { credentials: () => new Promise(() => {}) }, 'TIMEOUT'],
  ])('may fail: it %s', async (_how, options, code) => {
    const client = connect(options);
    await world.advance(30_000);
    expect(offline[0]).toMatchObject({ error: { code } });
    expect(offline[0]?.reconnectMs).toBeGreaterThan(0);
    await client.close();
    expect(world.timerCount).toBe(0);
  });

  test('end the client when the application gives no URL that could be used', async () => {
    const client = connect({ url: () => 'http://localhost' });
    await world.settle();
    expect([client.state, offline[0]?.error.code]).toEqual(['closed', 'INVALID_OPTION']);
  });

  test('come too late after the time is up, and do no harm', async () => {
    let give = (_url: string): void => {};
    const urls = [new Promise<string>((resolve) => (give = resolve)), 'mqtt://second'];
    connect({ url: () => urls.shift()!, connectTimeoutMs: 1000 });
    await world.advance(1500);
    give('mqtt://first');
    await world.accept();
    expect(world.hrefs).toEqual(['mqtt://second:1883']);
  });
});

function fail(): never {
  throw new Error('no address');
}

describe('A client that is woken', () => {
  test('connects at once while it waits', async () => {
    const client = connect();
    (await world.accept()).cut();
    expect(client.state).toBe('waiting');
    world.wake();
    await world.accept();
    expect(client.state).toBe('online');
  });

  test('finds out within five seconds that its connection is dead', async () => {
    const client = connect({ keepAlive: 0 });
    const server = await world.accept();
    world.wake();
    await world.settle();
    server.take('pingreq');
    await world.advance(4999);
    expect(client.state).toBe('online');
    await world.advance(1);
    expect([client.state, offline[0]?.error.reasonCode]).toEqual(['waiting', ReasonCode.KeepAliveTimeout]);
  });

  test('goes on when the server answers, and asks nothing more', async () => {
    const client = connect({ keepAlive: 0 });
    const server = await world.accept();
    world.wake();
    await world.settle();
    server.take('pingreq');
    server.send({ type: 'pingresp' });
    await world.advance(100_000);
    expect([client.state, server.takeAll()]).toEqual(['online', []]);
  });
});
