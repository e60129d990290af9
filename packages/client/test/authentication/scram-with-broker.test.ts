// Against the broker, whose authenticator here speaks the server's side: by packets, and by the client over TCP.

import type { Authenticator } from '@martlet/broker';
import { createBroker } from '@martlet/broker';
import type { ConnackPacket } from '@martlet/protocol';
import { ReasonCode } from '@martlet/protocol';
import { createTestBroker } from '@martlet/testing';
import { describe, expect, test } from 'vitest';
import { TestAuthenticator } from '../../../broker/test/world/test-authenticator.ts';
import type { TestClient } from '../../../broker/test/world/test-client.ts';
import { World } from '../../../broker/test/world/world.ts';
import type { Authentication } from '../../src/authentication/authentication.ts';
import { scram } from '../../src/authentication/scram.ts';
import { connect as connectClient } from '../../src/index.ts';
import { ScramServer } from './scram-server.ts';

const bytesOf = (text: string | null): Uint8Array => new TextEncoder().encode(text ?? '');
const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

/** @param inAuth the signature is sent in an AUTH that continues, before the acceptance */
function authenticatorFor(password: string, inAuth: boolean): Authenticator {
  const refuse = { kind: 'refuse', reasonCode: ReasonCode.NotAuthorized } as const;
  return new TestAuthenticator((attempt) => {
    const data = textOf(attempt.authenticationData);
    if (attempt.state === 'signed') return { kind: 'accept' };
    if (attempt.state === undefined) {
      const salt = new Uint8Array(16).fill(7);
      const account = { username: 'ada', password, hash: 'sha256', salt, iterations: 4096 } as const;
      const server = new ScramServer(account, 'server');
      attempt.state = server;
      const challenge = server.challenge(data);
      return challenge === null ? refuse : { kind: 'continue', authenticationData: bytesOf(challenge) };
    }
    const signature = (attempt.state as ScramServer).signature(data);
    if (signature === null) return refuse;
    attempt.state = 'signed';
    return { kind: inAuth ? 'continue' : 'accept', authenticationData: bytesOf(signature) };
  });
}

function brokerWith(password: string, inAuth: boolean): World {
  return new World({ authenticator: authenticatorFor(password, inAuth) });
}

/** Speaks the client's side of the exchange over a raw connection until the broker has decided. */
async function connect(world: World, authentication: Authentication): Promise<[TestClient, ConnackPacket]> {
  const exchange = authentication.begin();
  const { method: authenticationMethod } = authentication;
  const first = (await exchange.first())!;
  const client = world.connecting({ properties: { authenticationMethod, authenticationData: first } });
  for (;;) {
    const [packet] = client.take();
    if (packet?.type === 'connack') {
      if (packet.reasonCode === ReasonCode.Success) {
        await exchange.last(packet.properties.authenticationData?.slice());
      }
      return [client, packet];
    }
    if (packet?.type !== 'auth') throw new Error(`expected AUTH or CONNACK, got ${packet?.type}`);
    const answer = await exchange.next(packet.properties.authenticationData?.slice());
    client.send({
      type: 'auth',
      reasonCode: ReasonCode.ContinueAuthentication,
      properties: {
        authenticationMethod,
        ...(answer === undefined ? undefined : { authenticationData: answer }),
      },
    });
  }
}

describe.each([
  ['CONNACK', false],
  ['an AUTH before it', true],
])('SCRAM with the broker, its signature in %s', (_where, inAuth) => {
  test('connects with the password, and authenticates again', async () => {
    const authentication = scram({ username: 'ada', password: 'lovelace', hash: 'SHA-256' });
    const [client, connack] = await connect(brokerWith('lovelace', inAuth), authentication);
    expect(connack.reasonCode).toBe(ReasonCode.Success);

    const { method: authenticationMethod } = authentication;
    const again = authentication.begin();
    let data = await again.first();
    let reasonCode: ReasonCode = ReasonCode.ReAuthenticate;
    for (let rounds = 0; ; rounds++) {
      const authenticationData = data === undefined ? undefined : { authenticationData: data };
      client.send({ type: 'auth', reasonCode, properties: { authenticationMethod, ...authenticationData } });
      const answer = client.takeOne('auth');
      const given = answer.properties.authenticationData?.slice();
      if (answer.reasonCode === ReasonCode.Success) {
        await again.last(given);
        expect(rounds).toBe(inAuth ? 2 : 1);
        break;
      }
      data = await again.next(given);
      reasonCode = ReasonCode.ContinueAuthentication;
    }
    expect(client.closed).toBe(false);
  });

  test('is refused with another password', async () => {
    const authentication = scram({ username: 'ada', password: 'Lovelace', hash: 'SHA-256' });
    const [client, connack] = await connect(brokerWith('lovelace', inAuth), authentication);
    expect(connack.reasonCode).toBe(ReasonCode.NotAuthorized);
    expect(client.closed).toBe(true);
  });

  test('is what the option authentication of connect does, and reauthenticate', async () => {
    const broker = createBroker({ authenticator: authenticatorFor('lovelace', inAuth) });
    const { address } = await broker.listen({ host: '127.0.0.1', port: 0 });
    const url = `mqtt://127.0.0.1:${(address as { port: number }).port}`;
    const authentication = scram({ username: 'ada', password: 'lovelace', hash: 'SHA-256' });
    const client = connectClient(url, { authentication });
    await client.connected({ timeoutMs: 20_000 });
    await client.reauthenticate({ timeoutMs: 20_000 });
    await client.publish('t', 'x', { qos: 1 });
    await client.close();

    const wrong = scram({ username: 'ada', password: 'Lovelace', hash: 'SHA-256' });
    const refused = connectClient(url, { authentication: wrong });
    refused.on('error', () => {});
    await expect(refused.connected({ timeoutMs: 20_000 })).rejects.toMatchObject({
      code: 'REFUSED',
      reasonCode: ReasonCode.NotAuthorized,
    });
    await refused.close();
    await broker.close();
  });

  test('works on a test broker, and again after each cut', async () => {
    const broker = createTestBroker({ authenticator: authenticatorFor('lovelace', inAuth) });
    const authentication = scram({ username: 'ada', password: 'lovelace', hash: 'SHA-256' });
    const client = connectClient({ ...broker.clientOptions(), authentication });
    await client.connected();
    broker.faults.cut();
    let isTaken = false;
    client.publish('t', 'x', { qos: 1 }).then(() => {
      isTaken = true;
    });
    while (!isTaken) {
      // The platform's cryptography takes real time; the delay of the next attempt is the broker's.
      await new Promise((resolve) => setImmediate(resolve));
      await broker.advance(10);
    }
    await client.reauthenticate();
    expect(broker.messages.map((message) => message.text())).toEqual(['x']);
    await client.close();
    await broker.close();
  });
});
