import type { Authentication } from '@martlet/client';
import { ReasonCode } from '@martlet/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TestServer } from '../world/test-server.ts';
import { World } from '../world/world.ts';
import { CONNACK, connect, disconnected, sent, V311 } from './exchange.ts';

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (data: Uint8Array | undefined): string => new TextDecoder().decode(data);

/** Answers each challenge with the challenge and an exclamation mark; refuses one that says "wrong". */
const method: Authentication = {
  method: 'ECHO',
  begin: () => ({
    first: () => bytes('first'),
    next: (data) => {
      if (text(data) === 'wrong') throw new Error('the challenge is wrong');
      return bytes(`${text(data)}!`);
    },
    last: (data) => {
      if (text(data) === 'wrong') throw new Error('the server is not who it says');
    },
  }),
};

function auth(
  server: TestServer,
  data: string,
  reasonCode: ReasonCode = 0x18,
  authenticationMethod = 'ECHO',
) {
  server.send({
    type: 'auth',
    reasonCode,
    properties: { authenticationMethod, authenticationData: bytes(data) },
  });
}

/** A connection that was accepted with the method. */
async function authenticated() {
  const client = connect(world, { authentication: method });
  const server = await world.accept({ properties: { authenticationMethod: 'ECHO' } });
  return { client, server };
}

describe('Enhanced authentication of a client', () => {
  test('[MQTT-3.1.2-30] [MQTT-4.12.0-3] [MQTT-4.12.0-5] [MQTT-3.15.2-1] v5 sends nothing but AUTH with 0x18 and its method before CONNACK', async () => {
    const client = connect(world, { authentication: method, keepAlive: 5 });
    client.publish('t', '', { qos: 1 });
    client.subscribe('t', {}, () => {});
    const server = await world.accepting();
    const { authenticationMethod, authenticationData } = server.take('connect').properties;
    expect([authenticationMethod, text(authenticationData)]).toEqual(['ECHO', 'first']);
    await world.advance(10_000);
    expect(server.takeAll()).toEqual([]);
    for (const challenge of ['a', 'b']) {
      auth(server, challenge);
      await world.settle();
      const answer = server.take('auth');
      expect(answer.reasonCode).toBe(ReasonCode.ContinueAuthentication);
      expect(answer.properties.authenticationMethod).toBe('ECHO');
      expect(text(answer.properties.authenticationData)).toBe(`${challenge}!`);
      expect(server.takeAll()).toEqual([]);
    }
    server.send({ ...CONNACK, properties: { authenticationMethod: 'ECHO' } });
    await world.settle();
    expect(server.takeAll()).toHaveLength(2);
  });

  test('[MQTT-4.12.0-5] v5 of another method in AUTH or in CONNACK ends the connection', async () => {
    for (const answer of ['auth', 'connack'] as const) {
      const client = connect(world, { authentication: method });
      const server = await world.accepting();
      server.take('connect');
      if (answer === 'auth') auth(server, 'a', 0x18, 'OTHER');
      else server.send({ ...CONNACK, properties: { authenticationMethod: 'OTHER' } });
      await world.settle();
      expect(server.ended).toBeDefined();
      expect(sent(server).filter((packet) => packet !== 'disconnect')).toEqual([]);
      await client.close();
    }
  });

  test('[MQTT-4.12.0-5] v5 without a method in CONNACK ends the connection', async () => {
    const client = connect(world, { authentication: method });
    const server = await world.accept();
    expect(server.ended).toBeDefined();
    expect(client.state).not.toBe('online');
  });

  test('[MQTT-4.12.0-7] v5 is not begun by a client that named no method: it sends no AUTH, and AUTH ends the connection', async () => {
    for (const isOnline of [false, true]) {
      const client = connect(world);
      const server = await (isOnline ? world.accept() : world.accepting());
      if (!isOnline) server.take('connect');
      auth(server, 'a');
      await world.settle();
      expect(server.ended).toBeDefined();
      expect(sent(server).filter((packet) => packet !== 'disconnect')).toEqual([]);
      await expect(client.reauthenticate()).rejects.toMatchObject({ code: 'INVALID_OPTION' });
      await client.close();
    }
  });

  test('[MQTT-4.12.0-7] v5 is refused at the call before MQTT 5.0, which has none', () => {
    expect(() => connect(world, { authentication: method, protocolVersion: V311 })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    );
  });

  test('[MQTT-4.12.1-1] v5 again, has the method of CONNECT and 0x19', async () => {
    const { client, server } = await authenticated();
    const again = client.reauthenticate();
    await world.settle();
    expect(server.take('auth')).toMatchObject({
      reasonCode: ReasonCode.ReAuthenticate,
      properties: { authenticationMethod: 'ECHO', authenticationData: bytes('first') },
    });
    auth(server, 'a');
    await world.settle();
    expect(server.take('auth').reasonCode).toBe(ReasonCode.ContinueAuthentication);
    auth(server, '', ReasonCode.Success);
    await again;
    expect(client.state).toBe('online');
  });

  test('[MQTT-4.12.1-2] v5 again, closes the connection when it fails, with DISCONNECT', async () => {
    for (const reasonCode of [0x18, 0x00] as const) {
      const { client, server } = await authenticated();
      const failed = expect(client.reauthenticate()).rejects.toMatchObject({ code: 'AUTHENTICATION_FAILED' });
      await world.settle();
      server.take('auth');
      auth(server, 'wrong', reasonCode);
      expect(await disconnected(world, server)).toBeGreaterThanOrEqual(0x80);
      await failed;
      await client.close();
    }
  });

  test('[MQTT-3.15.1-1] [MQTT-3.15.2-1] v5 AUTH with wrong flags or a wrong reason code ends the connection', async () => {
    for (const bad of [
      [0xf1, 2, 0x18, 0],
      [0xf0, 2, 0x17, 0],
    ]) {
      const { client, server } = await authenticated();
      server.sendBytes(new Uint8Array(bad));
      expect(await disconnected(world, server)).toBe(ReasonCode.MalformedPacket);
      await client.close();
    }
  });

  test('[MQTT-3.15.2-2] [MQTT-3.15.2-3] v5 AUTH has neither Reason String nor User Properties', async () => {
    const { client, server } = await authenticated();
    client.reauthenticate().catch(() => {});
    await world.settle();
    expect(Object.keys(server.take('auth').properties).sort()).toEqual([
      'authenticationData',
      'authenticationMethod',
    ]);
  });
});
