// Authenticators of configurations in front of the broker's core: late answers, and clients that are gone by then.

import { generateKeyPairSync } from 'node:crypto';
import { ReasonCode } from '@martlet/protocol';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import type { TestClient } from '../../world/test-client.ts';
import { World } from '../../world/world.ts';
import type { AuthenticationTest } from './authentication-kit.ts';
import { AuthenticationKit, bytesOf, failuresOf, jwtOf } from './authentication-kit.ts';

const kit = new AuthenticationKit();
/** The password is `x`. */
const SHA512 =
  '$6$g8BI+GhQAMz18b1C$jSRpVuPtHpJzZfkKxd2hjtaSIte3RyBDQvMLXTIliYl7V2embLVi9402wJgUUOPcOSvnzoeMLfV/zna7ML29IQ==';

async function worldOf(): Promise<[World, AuthenticationTest]> {
  const file = kit.file(`ann:${SHA512}\n`);
  const test = await kit.build([{ type: 'passwordFile', file, skipBadLines: false }], {
    failures: failuresOf({ delayMs: 1000, maximumDelayMs: 1000, banAfter: 2, exempt: [] }),
  });
  const world = new World({ authenticator: test.built.authenticator });
  world.peer = '192.0.2.1:1';
  return [world, test];
}

const wrong = { clientId: 'c', username: 'ann', password: bytesOf('y') };

async function untilDelayed({ memory }: AuthenticationTest, count = 1): Promise<void> {
  while (memory.delays < count) await new Promise(setImmediate);
}

describe('A refusal that is told later', () => {
  it('holds back what the client sends behind CONNECT, and ends the connection when it comes', async () => {
    const [world, test] = await worldOf();
    const client = world.connecting(wrong, { type: 'pingreq' });
    await untilDelayed(test);
    world.turn();
    expect([client.take(), client.paused, client.closed]).toEqual([[], true, false]);
    test.clock.advance(1000);
    world.turn();
    expect(client.take()).toMatchObject([{ type: 'connack', reasonCode: ReasonCode.BadUserNameOrPassword }]);
    expect(client.closed).toBe(true);
  });

  it('harms nobody if its client has gone, or has been too slow for the connect timeout', async () => {
    const [world, test] = await worldOf();
    const client = world.connecting(wrong);
    await untilDelayed(test);
    client.drop();
    world.turn();
    test.clock.advance(1000);
    world.turn();
    expect(client.take()).toEqual([]);
    expect(test.memory.delays).toBe(0);
    world.peer = '192.0.2.2:1';
    const slow = world.connecting(wrong);
    await untilDelayed(test);
    world.advance(600_000);
    expect(slow.closed).toBe(true);
    test.clock.advance(1000);
    world.turn();
    expect(slow.take()).toEqual([]);
  });

  it('is followed by a ban, which is told at once and names its reason', async () => {
    const [world, test] = await worldOf();
    for (let count = 1; count <= 2; count++) world.connecting(wrong);
    await untilDelayed(test, 2);
    const banned = world.connecting({ ...wrong, password: bytesOf('x') });
    expect(banned.take()).toMatchObject([
      {
        type: 'connack',
        reasonCode: ReasonCode.Banned,
        properties: {
          reasonString: 'banned for 300 s more: 2 failed attempts within 60 s by this address',
        },
      },
    ]);
    const old = world.connecting({ ...wrong, protocolVersion: 4 });
    // Return code 5, which is all that MQTT 3.1.1 can say.
    expect(old.take()).toMatchObject([{ type: 'connack', reasonCode: ReasonCode.NotAuthorized }]);
  });
});

describe('A token that expires', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const BEGIN_S = Date.UTC(2026, 0, 1) / 1000;
  const tokenUntil = (seconds: number) =>
    new SignJWT({ sub: 'ann', exp: BEGIN_S + seconds }).setProtectedHeader({ alg: 'ES256' }).sign(privateKey);

  async function connected(): Promise<[World, TestClient]> {
    const keyFile = kit.file(publicKey.export({ type: 'spki', format: 'pem' }).toString());
    const { built } = await kit.build([jwtOf({ keyFile, clockToleranceSeconds: 0 })]);
    const world = new World({ authenticator: built.authenticator });
    const authenticationData = bytesOf(await tokenUntil(60));
    const client = world.connecting({
      clientId: 'c',
      keepAlive: 0,
      properties: { authenticationMethod: 'jwt', authenticationData },
    });
    while (client.paused) await new Promise(setImmediate);
    world.turn();
    expect(client.takeOne('connack').reasonCode).toBe(ReasonCode.Success);
    return [world, client];
  }

  it('takes its client off, and says why', async () => {
    const [world, client] = await connected();
    world.advance(59_000);
    expect(client.closed).toBe(false);
    world.advance(1000);
    expect(client.take()).toMatchObject([{ type: 'disconnect', reasonCode: ReasonCode.NotAuthorized }]);
    expect(client.closed).toBe(true);
  });

  it('is replaced by one that the client brings in AUTH', async () => {
    const [world, client] = await connected();
    client.send({
      type: 'auth',
      reasonCode: ReasonCode.ReAuthenticate,
      properties: { authenticationMethod: 'jwt', authenticationData: bytesOf(await tokenUntil(120)) },
    });
    while (client.paused) await new Promise(setImmediate);
    world.turn();
    expect(client.takeOne('auth').reasonCode).toBe(ReasonCode.Success);
    world.advance(119_000);
    expect(client.closed).toBe(false);
    world.advance(1000);
    expect(client.closed).toBe(true);
  });
});
