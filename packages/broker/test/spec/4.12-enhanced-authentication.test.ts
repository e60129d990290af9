import type { AuthPacket, AuthProperties } from '@martlet/protocol';
import { ProtocolVersion, packetLength, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import type { AuthenticationAnswer } from '../../src/core/ports/authenticator.ts';
import { connectPacket, publishPacket } from '../world/packets.ts';
import { TestAuthenticator } from '../world/test-authenticator.ts';
import type { TestClient } from '../world/test-client.ts';
import { bytesOf, World } from '../world/world.ts';

const { V31, V311, V5 } = ProtocolVersion;
const METHOD = 'COUNTING';

function auth(reasonCode: ReasonCode, data?: string, method: string | null = METHOD): AuthPacket {
  const properties: AuthProperties = {
    ...(method === null ? undefined : { authenticationMethod: method }),
    ...(data === undefined ? undefined : { authenticationData: bytesOf(data) }),
  };
  return { type: 'auth', reasonCode, properties };
}
const CONTINUE = ReasonCode.ContinueAuthentication;

/** Asks for "1", "2" and "3" in turn, and remembers in the attempt how far it is. */
function counting(): TestAuthenticator {
  return new TestAuthenticator((attempt): AuthenticationAnswer => {
    const count = ((attempt.state as number | undefined) ?? 0) + 1;
    attempt.state = count;
    const { authenticationData } = attempt;
    const data = authenticationData === undefined ? undefined : new TextDecoder().decode(authenticationData);
    if (data !== `${count}`) {
      return { kind: 'refuse', reasonCode: ReasonCode.BadUserNameOrPassword, reasonString: `not ${count}` };
    }
    if (count < 3) return { kind: 'continue', authenticationData: bytesOf(`after ${count}`) };
    return { kind: 'accept', username: 'Ada', authenticationData: bytesOf('done') };
  });
}

function connecting(world: World, data: string | undefined = '1'): TestClient {
  return world.connecting({
    clientId: 'c',
    properties: {
      authenticationMethod: METHOD,
      ...(data === undefined ? undefined : { authenticationData: bytesOf(data) }),
    },
  });
}

/** A client that has been authenticated in three steps. */
function connected(world: World): TestClient {
  const client = connecting(world);
  client.send(auth(CONTINUE, '2'));
  client.send(auth(CONTINUE, '3'));
  expect(client.take().at(-1)).toMatchObject({ type: 'connack', reasonCode: ReasonCode.Success });
  return client;
}

describe('enhanced authentication', () => {
  it('[MQTT-4.12.0-2] [MQTT-4.12.0-5] v5 goes to and fro in AUTH packets of 0x18 and ends in CONNACK, all with the method of CONNECT', () => {
    const authenticator = counting();
    const world = new World({ authenticator });
    const client = connecting(world);
    expect(client.take()).toEqual([auth(CONTINUE, 'after 1')]);
    expect(world.core.sessions.count).toBe(0);
    client.send(auth(CONTINUE, '2'));
    expect(client.take()).toEqual([auth(CONTINUE, 'after 2')]);
    client.send(auth(CONTINUE, '3'));
    const connack = client.takeOne('connack');
    expect(connack).toMatchObject({
      reasonCode: ReasonCode.Success,
      properties: { authenticationMethod: METHOD, authenticationData: bytesOf('done') },
    });
    expect(client.closed).toBe(false);
    expect(world.eventsOf('clientConnected')).toMatchObject([{ username: 'Ada' }]);
    expect(new Set(authenticator.attempts.map((each) => each.shown)).size).toBe(1);
    expect(authenticator.attempts[1]).toMatchObject({ clientId: 'c', authenticationMethod: METHOD });
  });

  it('[MQTT-4.12.0-1] v5 by a method that the broker does not know is refused with 0x8C, and the connection closed', () => {
    const client = connecting(new World());
    expect(client.takeOne('connack').reasonCode).toBe(ReasonCode.BadAuthenticationMethod);
    expect(client.closed).toBe(true);

    const choosy = new TestAuthenticator(({ authenticationMethod }) =>
      authenticationMethod === 'GOOD'
        ? { kind: 'accept' }
        : { kind: 'refuse', reasonCode: ReasonCode.BadAuthenticationMethod },
    );
    const refused = connecting(new World({ authenticator: choosy }));
    expect(refused.takeOne('connack').reasonCode).toBe(ReasonCode.BadAuthenticationMethod);
    expect(refused.closed).toBe(true);
  });

  it('[MQTT-4.12.0-4] v5 that fails, at whatever step, is answered with CONNACK and why, and the connection closed', () => {
    for (const steps of [['x'], ['1', 'x'], ['1', '2', 'x']]) {
      const world = new World({ authenticator: counting() });
      const client = connecting(world, steps[0]);
      for (const data of steps.slice(1)) client.send(auth(CONTINUE, data));
      const connack = client.takeOne('connack');
      expect(connack.reasonCode).toBe(ReasonCode.BadUserNameOrPassword);
      expect(connack.properties.reasonString).toBe(`not ${steps.length}`);
      expect(client.closed).toBe(true);
      expect(world.core.sessions.count).toBe(0);
    }
  });

  it('[MQTT-4.12.0-3] v5 goes on only by an AUTH of 0x18', () => {
    for (const reasonCode of [ReasonCode.Success, ReasonCode.ReAuthenticate]) {
      const client = connecting(new World({ authenticator: counting() }));
      client.take();
      client.send(auth(reasonCode, '2'));
      expect(client.takeOne('connack').reasonCode).toBe(ReasonCode.ProtocolError);
      expect(client.closed).toBe(true);
    }
  });

  it('[MQTT-4.12.0-5] v5 ends when an AUTH names another method, or none', () => {
    for (const method of ['OTHER', '', null]) {
      const client = connecting(new World({ authenticator: counting() }));
      client.take();
      client.send(auth(CONTINUE, method === null ? undefined : '2', method));
      expect(client.takeOne('connack').reasonCode).toBe(ReasonCode.ProtocolError);
      expect(client.closed).toBe(true);
    }
  });

  it('[MQTT-3.1.2-30] v5 is no time for other packets: they end the connection, and nothing is done about them', () => {
    for (const packet of [
      publishPacket('t', 'x'),
      connectPacket({ clientId: 'c' }),
      { type: 'pingreq' } as const,
      { type: 'unsubscribe', packetId: 1, topicFilters: ['t'], properties: {} } as const,
    ]) {
      const world = new World({
        authenticator: new TestAuthenticator(({ authenticationMethod }) =>
          authenticationMethod === undefined ? { kind: 'accept' } : { kind: 'continue' },
        ),
      });
      const subscriber = world.connect();
      subscriber.subscribe('#');
      const client = connecting(world);
      client.take();
      client.send(packet);
      expect(client.takeOne('connack')).toMatchObject({
        reasonCode: ReasonCode.ProtocolError,
        properties: { reasonString: `${packet.type} came while the client was being authenticated` },
      });
      expect(client.closed).toBe(true);
      expect(subscriber.take()).toEqual([]);
    }
  });

  it('[MQTT-3.1.2-30] v5 can be given up by DISCONNECT, which is not answered', () => {
    const client = connecting(new World({ authenticator: counting() }));
    client.take();
    client.disconnect();
    expect([client.closed, client.take()]).toEqual([true, []]);
  });

  it('may take its time at each step: what comes meanwhile waits', () => {
    const authenticator = new TestAuthenticator();
    const world = new World({ authenticator });
    const client = connecting(world);
    client.send(auth(CONTINUE, '2'));
    expect(authenticator.attempts).toHaveLength(1);
    authenticator.answer(world, { kind: 'continue', authenticationData: bytesOf('?') });
    expect(client.take()).toEqual([auth(CONTINUE, '?')]);
    expect(authenticator.attempts).toHaveLength(2);
    client.send({ type: 'pingreq' });
    authenticator.answer(world, { kind: 'accept' });
    expect(client.take().map((packet) => packet.type)).toEqual(['connack', 'pingresp']);
  });

  it('is over when its time is', () => {
    const world = new World({ authenticator: counting(), limits: { connectTimeoutMs: 5000 } });
    const client = connecting(world);
    world.advance(4000);
    client.send(auth(CONTINUE, '2'));
    world.advance(999);
    expect(client.closed).toBe(false);
    world.advance(1);
    expect(client.closed).toBe(true);
    expect(client.take().map((packet) => packet.type)).toEqual(['auth', 'auth']);
  });

  it('is cut short by an AUTH that is too large for the client', () => {
    const size = packetLength(auth(CONTINUE, 'after 1'), V5);
    for (const [maximumPacketSize, fits] of [
      [size, true],
      [size - 1, false],
    ] as const) {
      const client = new World({ authenticator: counting() }).connecting({
        properties: { authenticationMethod: METHOD, authenticationData: bytesOf('1'), maximumPacketSize },
      });
      expect(client.closed).toBe(!fits);
      expect(client.take()).toMatchObject(
        fits ? [{ type: 'auth' }] : [{ type: 'connack', reasonCode: ReasonCode.PacketTooLarge }],
      );
    }
  });
});

describe('a CONNECT without Authentication Method', () => {
  it('[MQTT-4.12.0-6] v5 never leads to an AUTH, nor to a method or data in CONNACK', () => {
    const answers: AuthenticationAnswer[] = [
      { kind: 'accept', authenticationData: bytesOf('for nobody') },
      { kind: 'continue', authenticationData: bytesOf('say more') },
    ];
    for (const answer of answers) {
      for (const protocolVersion of [V31, V311, V5]) {
        const world = new World({ authenticator: new TestAuthenticator(() => answer) });
        const client = world.connecting({ protocolVersion });
        const { reasonCode, properties } = client.takeOne('connack');
        expect(reasonCode).toBe(answer.kind === 'accept' ? ReasonCode.Success : ReasonCode.NotAuthorized);
        expect(client.closed).toBe(answer.kind !== 'accept');
        expect(properties.authenticationMethod).toBeUndefined();
        expect(properties.authenticationData).toBeUndefined();
        expect(client.take()).toEqual([]);
      }
    }
  });

  it('[MQTT-4.12.0-7] v5 makes any AUTH of the client end the connection', () => {
    for (const authenticator of [undefined, new TestAuthenticator(() => ({ kind: 'accept' }))]) {
      for (const reasonCode of [ReasonCode.ReAuthenticate, CONTINUE, ReasonCode.Success]) {
        for (const method of [METHOD, null]) {
          const client = new World(authenticator === undefined ? {} : { authenticator }).connect();
          client.send(auth(reasonCode, undefined, method));
          expect(client.takeOne('disconnect').reasonCode).toBe(ReasonCode.ProtocolError);
          expect(client.closed).toBe(true);
        }
      }
    }
  });

  it('of an older version makes an AUTH malformed', () => {
    for (const protocolVersion of [V31, V311]) {
      const client = new World().connect({ protocolVersion });
      client.sendBytes(Uint8Array.of(0xf0, 0));
      expect([client.closed, client.take()]).toEqual([true, []]);
    }
  });
});

describe('re-authentication', () => {
  const AGAIN = ReasonCode.ReAuthenticate;

  it('[MQTT-4.12.0-2] [MQTT-4.12.0-5] v5 begins with an AUTH of 0x19, goes on as the first time and ends with one of 0x00', () => {
    const authenticator = counting();
    const world = new World({ authenticator });
    const client = connected(world);
    client.send(auth(AGAIN, '1'));
    expect(client.take()).toEqual([auth(CONTINUE, 'after 1')]);
    client.send(auth(CONTINUE, '2'));
    expect(client.take()).toEqual([auth(CONTINUE, 'after 2')]);
    client.send(auth(CONTINUE, '3'));
    expect(client.take()).toEqual([auth(ReasonCode.Success, 'done')]);
    expect(authenticator.attempts.map((each) => [each.reauthentication, each.username])).toEqual([
      ...Array(3).fill([false, undefined]),
      ...Array(3).fill([true, 'Ada']),
    ]);
    expect(client.closed).toBe(false);
  });

  it('lets other packets pass between its steps', () => {
    const world = new World({ authenticator: counting() });
    const client = connected(world);
    client.subscribe('t');
    client.send(auth(AGAIN, '1'), publishPacket('t', 'x'));
    expect(client.take().map((packet) => packet.type)).toEqual(['auth', 'publish']);
    client.send(auth(CONTINUE, '2'), publishPacket('t', 'y'));
    expect(client.take().map((packet) => packet.type)).toEqual(['auth', 'publish']);
  });

  it('[MQTT-4.12.1-2] v5 that fails, at whatever step, ends the connection with a DISCONNECT that says why', () => {
    for (const steps of [['x'], ['1', 'x'], ['1', '2', 'x']]) {
      const world = new World({ authenticator: counting() });
      const client = connected(world);
      client.send(auth(AGAIN, steps[0]));
      for (const data of steps.slice(1)) client.send(auth(CONTINUE, data));
      // Bad User Name or Password is a code that DISCONNECT does not have.
      expect(client.takeOne('disconnect')).toMatchObject({
        reasonCode: ReasonCode.NotAuthorized,
        properties: { reasonString: `not ${steps.length}` },
      });
      expect(client.closed).toBe(true);
    }
  });

  it('[MQTT-4.12.1-1] [MQTT-4.12.0-5] v5 by another method than that of CONNECT ends the connection', () => {
    for (const method of ['OTHER', null]) {
      const authenticator = counting();
      const client = connected(new World({ authenticator }));
      client.send(auth(AGAIN, method === null ? undefined : '1', method));
      expect(client.takeOne('disconnect').reasonCode).toBe(ReasonCode.ProtocolError);
      expect(client.closed).toBe(true);
      expect(authenticator.attempts).toHaveLength(3);
    }
  });

  it('cannot go on before it has begun, nor after it is over', () => {
    for (const reasonCode of [CONTINUE, ReasonCode.Success]) {
      for (const before of [[], ['1', '2', '3']]) {
        const authenticator = counting();
        const client = connected(new World({ authenticator }));
        for (const data of before) client.send(auth(data === '1' ? AGAIN : CONTINUE, data));
        client.take();
        const asked = authenticator.attempts.length;
        client.send(auth(reasonCode, '1'));
        expect(client.takeOne('disconnect').reasonCode).toBe(ReasonCode.ProtocolError);
        expect(client.closed).toBe(true);
        expect(authenticator.attempts).toHaveLength(asked);
      }
    }
  });

  it('may take its time: what comes meanwhile waits, and what is published reaches the client', () => {
    let decided = false;
    const authenticator = new TestAuthenticator(({ reauthentication }) =>
      reauthentication || decided ? undefined : { kind: 'accept' },
    );
    const world = new World({ authenticator });
    const client = connecting(world);
    client.subscribe('t');
    const publisher = world.connect();
    decided = true;
    client.take();
    client.send(auth(AGAIN), { type: 'pingreq' });
    publisher.publish('t', 'meanwhile');
    expect(client.takeTexts()).toEqual(['meanwhile']);
    expect([client.paused, client.take()]).toEqual([true, []]);
    authenticator.answer(world, { kind: 'accept' });
    expect(client.take()).toEqual([auth(ReasonCode.Success), { type: 'pingresp' }]);
    expect(client.paused).toBe(false);
  });

  it('[MQTT-4.12.1-2] v5 that is refused late ends the connection, and what waited is lost', () => {
    const authenticator = new TestAuthenticator(({ reauthentication }) =>
      reauthentication ? undefined : { kind: 'accept' },
    );
    const world = new World({ authenticator });
    const subscriber = world.connect();
    subscriber.subscribe('t');
    const client = connecting(world);
    client.take();
    client.send(auth(AGAIN), publishPacket('t', 'x'));
    authenticator.answer(world, { kind: 'refuse', reasonCode: ReasonCode.Banned });
    expect(client.take()).toMatchObject([{ type: 'disconnect', reasonCode: ReasonCode.NotAuthorized }]);
    expect(client.closed).toBe(true);
    expect(subscriber.take()).toEqual([]);
  });

  it('is cut short by an AUTH that is too large for the client', () => {
    const authenticator = new TestAuthenticator(({ reauthentication }) => ({
      kind: 'accept',
      ...(reauthentication ? { authenticationData: bytesOf('x'.repeat(100)) } : undefined),
    }));
    const client = new World({ authenticator }).connect({
      properties: { authenticationMethod: METHOD, maximumPacketSize: 100 },
    });
    client.send(auth(AGAIN));
    expect(client.take()).toMatchObject([{ type: 'disconnect', reasonCode: ReasonCode.PacketTooLarge }]);
    expect(client.closed).toBe(true);
  });

  it('that is answered when the connection is gone changes nothing', () => {
    for (const kind of ['accept', 'refuse', 'continue'] as const) {
      const authenticator = new TestAuthenticator(({ reauthentication }) =>
        reauthentication ? undefined : { kind: 'accept' },
      );
      const world = new World({ authenticator });
      const client = connecting(world);
      client.take();
      client.send(auth(AGAIN));
      const back = connecting(world);
      authenticator.answer(
        world,
        kind === 'refuse' ? { kind, reasonCode: ReasonCode.NotAuthorized } : { kind },
      );
      expect(client.take()).toMatchObject([{ type: 'disconnect', reasonCode: ReasonCode.SessionTakenOver }]);
      back.send({ type: 'pingreq' });
      expect(back.take().map((packet) => packet.type)).toEqual(['connack', 'pingresp']);
    }
  });
});
