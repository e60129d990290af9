// Enhanced authentication (section 4.12) as the client does it, in virtual time against a server that follows a script.

import type { Authentication, AuthenticationExchange } from '@martlet/client';
import type { Packet } from '@martlet/protocol';
import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { scram } from '../../src/authentication/scram.ts';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';
import { ScramServer } from './scram-server.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array | undefined): string => new TextDecoder().decode(data);

/** An exchange that says "first", answers "<data>!", and is content with the proof "genuine". */
function secret(exchange: Partial<AuthenticationExchange> = {}): Authentication {
  return {
    method: 'SECRET',
    begin: () => ({
      first: () => bytes('first'),
      next: async (data) => bytes(`${text(data)}!`),
      last: async (data) => {
        if (text(data) !== 'genuine') throw new Error('the proof is forged');
      },
      ...exchange,
    }),
  };
}

function auth(data: string, reasonCode: ReasonCode = ReasonCode.ContinueAuthentication): Packet {
  return {
    type: 'auth',
    reasonCode: reasonCode as 0x18,
    properties: { authenticationMethod: 'SECRET', authenticationData: bytes(data) },
  };
}

function connack(data: string, authenticationMethod = 'SECRET'): Packet {
  const properties = { authenticationMethod, authenticationData: bytes(data) };
  return { type: 'connack', sessionPresent: false, reasonCode: 0, properties };
}

describe('A client that authenticates', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());

  async function online(authentication = secret()): Promise<[ReturnType<World['connect']>, TestServer]> {
    const client = world.connect({ authentication });
    const server = await world.accepting();
    server.take('connect');
    server.send(connack('genuine'));
    await world.settle();
    expect(client.state).toBe('online');
    return [client, server];
  }

  test('names its method in CONNECT and answers what the server asks', async () => {
    const client = world.connect({ authentication: secret() });
    const server = await world.accepting();
    const { authenticationMethod, authenticationData } = server.take('connect').properties;
    expect([authenticationMethod, text(authenticationData)]).toEqual(['SECRET', 'first']);
    server.send(auth('who are you'));
    await world.settle();
    const answer = server.take('auth');
    expect(answer.reasonCode).toBe(ReasonCode.ContinueAuthentication);
    expect(text(answer.properties.authenticationData)).toBe('who are you!');
    server.send(connack('genuine'));
    await client.connected();
  });

  test('sends and reads nothing before the server has proved itself', async () => {
    let prove = (): void => {};
    const last = (): Promise<void> => new Promise((resolve) => (prove = resolve));
    const client = world.connect({ authentication: secret({ last }) });
    const received: string[] = [];
    client.subscribe('a/#', {}, (message) => received.push(message.topicName));
    client.publish('secret', 'plan', { qos: 1 });
    client.publish('secret', 'plan');
    const server = await world.accepting();
    server.take('connect');
    const properties = {};
    server.send(connack('genuine'), {
      type: 'publish',
      topicName: 'a/b',
      payload: bytes('x'),
      qos: 0,
      packetId: 0,
      retain: false,
      dup: false,
      properties,
    });
    await world.settle();
    expect(server.takeAll()).toEqual([]);
    expect(server.isPaused).toBe(true);
    expect([client.state, client.server, received]).toEqual(['connecting', undefined, []]);
    prove();
    await world.settle();
    expect(server.takeAll().map(({ type }) => type)).toEqual(['subscribe', 'publish', 'publish']);
    expect([client.state, received, server.isPaused]).toEqual(['online', ['a/b'], false]);
  });

  test('leaves a server with a forged proof, which gets nothing, and does not come back', async () => {
    const client = world.connect({ authentication: secret() });
    client.publish('secret', 'plan', { qos: 1 });
    const connected = expect(client.connected()).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    const server = await world.accepting();
    server.take('connect');
    server.send(connack('forged'));
    await connected;
    expect(server.takeAll()).toMatchObject([{ type: 'disconnect', reasonCode: ReasonCode.UnspecifiedError }]);
    expect(client.state).toBe('closed');
  });

  test('gives a proof that takes too long no more than the time to connect', async () => {
    const last = (): Promise<void> => new Promise(() => {});
    const client = world.connect({ authentication: secret({ last }), connectTimeoutMs: 1000 });
    const offline: unknown[] = [];
    client.on('offline', ({ error }) => offline.push(error.code));
    const server = await world.accepting();
    server.send(connack('genuine'));
    await world.advance(1000);
    expect([offline, server.ended, client.state]).toEqual([['TIMEOUT'], 'destroy', 'waiting']);
  });

  test('keeps no more of a server that has not proved itself than one packet of the largest size', async () => {
    const last = (): Promise<void> => new Promise(() => {});
    const client = world.connect({ authentication: secret({ last }), maximumPacketSize: 100 });
    const server = await world.accepting();
    server.transport.pause = undefined as never;
    server.take('connect');
    server.send(connack('genuine'));
    server.sendBytes(new Uint8Array(100));
    expect(client.state).toBe('connecting');
    server.sendBytes(new Uint8Array(1));
    expect(client.state).toBe('waiting');
  });

  test.each([
    ['CONNACK names another method', connack('genuine', 'OTHER')],
    [
      'CONNACK names none',
      { type: 'connack', sessionPresent: false, reasonCode: 0, properties: {} } satisfies Packet,
    ],
    ['AUTH names another method', { ...auth('x'), properties: { authenticationMethod: 'OTHER' } } as Packet],
    ['AUTH says success before CONNACK', auth('x', ReasonCode.Success)],
    ['AUTH asks the client to authenticate again', auth('x', ReasonCode.ReAuthenticate)],
  ])('[MQTT-4.12.0-5] v5 tells the server of a protocol error when %s', async (_what, packet) => {
    const client = world.connect({ authentication: secret() });
    const server = await world.accepting();
    server.take('connect');
    server.send(packet);
    await world.settle();
    expect(server.take('disconnect').reasonCode).toBe(ReasonCode.ProtocolError);
    expect(client.state).toBe('waiting');
  });

  test('takes a second AUTH before its answer for a protocol error', async () => {
    const next = (): Promise<undefined> => new Promise(() => {});
    world.connect({ authentication: secret({ next }) });
    const server = await world.accepting();
    server.take('connect');
    server.send(auth('one'), auth('two'));
    expect(server.take('disconnect').reasonCode).toBe(ReasonCode.ProtocolError);
  });

  test.each([
    ['first', { first: () => Promise.reject(new Error('no token')) }, 'CONNECTION_FAILED'],
    ['next', { next: () => Promise.reject(new Error('no token')) }, 'AUTHENTICATION_FAILED'],
  ] as const)('reports what %s throws, and leaks no rejection', async (_name, exchange, code) => {
    const client = world.connect({ authentication: secret(exchange) });
    client.on('error', () => {});
    const offline: unknown[] = [];
    client.on('offline', ({ error }) => offline.push([error.code, error.message]));
    await world.settle();
    world.opened[0]?.send(auth('x'));
    await world.settle();
    expect(offline).toEqual([[code, expect.stringContaining('no token')]]);
  });

  test('does not go back to a version without authentication', async () => {
    const client = world.connect({ authentication: secret(), fallback: true });
    const server = await world.accepting();
    server.take('connect');
    server.cut();
    await world.advance(1000);
    const again = (await world.accepting()).take('connect');
    expect([again.protocolVersion, again.properties.authenticationMethod]).toEqual([5, 'SECRET']);
    expect(client.state).toBe('connecting');
  });

  test('authenticates again, while messages go on', async () => {
    const [client, server] = await online();
    const done = client.reauthenticate();
    await world.settle();
    const first = server.take('auth');
    expect(first.reasonCode).toBe(ReasonCode.ReAuthenticate);
    expect(first.properties.authenticationMethod).toBe('SECRET');
    client.publish('a', 'b');
    await world.settle();
    server.take('publish');
    server.send(auth('and now'));
    await world.settle();
    expect(text(server.take('auth').properties.authenticationData)).toBe('and now!');
    server.send(auth('genuine', ReasonCode.Success));
    await done;
    const again = client.reauthenticate();
    await world.settle();
    server.take('auth');
    server.send(auth('genuine', ReasonCode.Success));
    await again;
    expect(client.state).toBe('online');
  });

  test.each(['TIMEOUT', 'ABORTED'] as const)(
    'gives up a re-authentication by %s, after which the next one is free, and a late answer ends the connection',
    async (code) => {
      const [client, server] = await online();
      const before = world.timerCount;
      const controller = new AbortController();
      const giveUp = async (): Promise<void> => {
        const { signal } = controller;
        const done = client.reauthenticate(code === 'TIMEOUT' ? { timeoutMs: 200 } : { signal });
        const outcome = expect(done).rejects.toMatchObject({ code });
        await world.settle();
        if (code === 'TIMEOUT') await world.advance(200);
        else controller.abort();
        await outcome;
      };
      await giveUp();
      server.take('auth');
      const again = client.reauthenticate({ timeoutMs: 200 });
      await world.settle();
      server.take('auth');
      server.send(auth('genuine', ReasonCode.Success));
      await again;
      expect([client.state, world.timerCount]).toEqual(['online', before]);
      await giveUp();
      server.takeAll();
      server.send(auth('late'));
      expect(server.take('disconnect').reasonCode).toBe(ReasonCode.ProtocolError);
      expect(client.state).toBe('waiting');
    },
  );

  test('ends the connection when the server cannot prove itself again', async () => {
    const [client, server] = await online();
    const done = expect(client.reauthenticate()).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
    await world.settle();
    server.take('auth');
    server.send(auth('forged', ReasonCode.Success));
    await done;
    expect(server.take('disconnect').reasonCode).toBe(ReasonCode.UnspecifiedError);
    expect(client.state).toBe('waiting');
  });

  test('rejects with what the server says when it refuses a re-authentication', async () => {
    const [client, server] = await online();
    const done = expect(client.reauthenticate()).rejects.toMatchObject({
      reasonCode: ReasonCode.NotAuthorized,
    });
    await world.settle();
    server.send({ type: 'disconnect', reasonCode: ReasonCode.NotAuthorized, properties: {} });
    await done;
  });

  test('authenticates again once at a time, online only, with a method only', async () => {
    const [client, server] = await online();
    const first = client.reauthenticate({ timeoutMs: 100 }).catch(({ code }) => code);
    await expect(client.reauthenticate()).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await world.advance(100);
    expect(await first).toBe('TIMEOUT');
    server.cut();
    await expect(client.reauthenticate()).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    const plain = new World();
    const other = plain.connect();
    await plain.accept();
    await expect(other.reauthenticate()).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await plain.close();
  });

  test('answers AUTH that nobody asked for with Protocol Error', async () => {
    const client = world.connect();
    const server = await world.accept();
    server.send(auth('surprise'));
    expect(server.take('disconnect').reasonCode).toBe(ReasonCode.ProtocolError);
    expect(client.state).toBe('waiting');
    const [, other] = await online();
    other.send(auth('surprise'));
    expect(other.take('disconnect').reasonCode).toBe(ReasonCode.ProtocolError);
  });

  test('drops what an exchange computes for a connection that is over', async () => {
    let answer = (_data: Uint8Array): void => {};
    const next = (): Promise<Uint8Array> => new Promise((resolve) => (answer = resolve));
    world.connect({ authentication: secret({ next }) });
    const server = await world.accepting();
    server.send(auth('x'));
    server.cut();
    await world.advance(1000);
    const second = await world.accepting();
    answer(bytes('late'));
    await world.settle();
    expect(second.takeAll().map(({ type }) => type)).toEqual(['connect']);
  });

  test('convinces a server by SCRAM and is convinced by it, and not by one without the password', async () => {
    for (const state of ['online', 'closed']) {
      const client = world.connect({
        authentication: scram({ username: 'ada', password: 'lovelace', hash: 'SHA-256' }),
      });
      client.on('error', () => {});
      const account = { username: 'ada', password: 'lovelace', hash: 'sha256', iterations: 4096 } as const;
      const scramServer = new ScramServer({ ...account, salt: new Uint8Array(16).fill(7) }, 'server');
      const server = await world.accepting();
      const said = text(server.take('connect').properties.authenticationData);
      const properties = { authenticationMethod: 'SCRAM-SHA-256' };
      const challenge = bytes(scramServer.challenge(said)!);
      server.send({
        type: 'auth',
        reasonCode: ReasonCode.ContinueAuthentication,
        properties: { ...properties, authenticationData: challenge },
      });
      let proof = server.takeAll();
      for (; proof.length === 0; proof = server.takeAll()) await world.settle();
      const [packet] = proof as Extract<Packet, { type: 'auth' }>[];
      const signature = scramServer.signature(text(packet!.properties.authenticationData))!;
      const told = state === 'online' ? signature : `v=${Buffer.alloc(32).toString('base64')}`;
      server.send({
        type: 'connack',
        sessionPresent: false,
        reasonCode: 0,
        properties: { ...properties, authenticationData: bytes(told) },
      });
      await client.connected().catch(() => {});
      expect(client.state).toBe(state);
    }
  });
});
