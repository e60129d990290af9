import { encodePacket, ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { connectPacket, publishPacket } from '../world/packets.ts';
import { TestAuthenticator } from '../world/test-authenticator.ts';
import { bytesOf, World } from '../world/world.ts';

const { V31, V311, V5 } = ProtocolVersion;
const VERSIONS = [V31, V311, V5];

describe('packets behind CONNECT', () => {
  it('wait while the authenticator has not answered, and are then acted on in order', () => {
    for (const protocolVersion of VERSIONS) {
      const authenticator = new TestAuthenticator();
      const world = new World({ authenticator });
      const client = world.connecting(
        { clientId: 'c', protocolVersion },
        {
          type: 'subscribe',
          packetId: 1,
          subscriptions: [
            { topicFilter: 't', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 },
          ],
          properties: {},
        },
      );
      expect(client.paused).toBe(true);
      // What was on its way when reading was paused.
      const half = encodePacket(publishPacket('t', 'two'), protocolVersion);
      client.sendBytes(
        new Uint8Array([...encodePacket(publishPacket('t', 'one'), protocolVersion), ...half.subarray(0, 3)]),
      );
      client.sendBytes(half.slice(3));
      expect(client.take()).toEqual([]);
      authenticator.answer(world, { kind: 'accept' });
      expect(client.paused).toBe(false);
      const received = client.take();
      expect(received.map((packet) => packet.type)).toEqual(['connack', 'suback', 'publish', 'publish']);
      client.publish('t', 'three');
      expect(client.takeTexts()).toEqual(['three']);
      expect(authenticator.attempts).toHaveLength(1);
    }
  });

  it('wait through the answers of the authenticator and of the authoriser', () => {
    for (const allowed of [true, false]) {
      const authenticator = new TestAuthenticator();
      let allow = (): void => {};
      const world = new World({
        authenticator,
        authorizer: {
          authorize: ({ action }, answer) => {
            if (action !== 'will') return { allowed: true };
            allow = () => answer({ allowed });
            return undefined;
          },
        },
      });
      const will = { topicName: 'w', payload: bytesOf('x'), qos: 0, retain: false, properties: {} } as const;
      const client = world.connecting({ clientId: 'c', will }, { type: 'pingreq' });
      authenticator.answer(world, { kind: 'accept' });
      expect(client.take()).toEqual([]);
      expect([client.paused, client.closed]).toEqual([true, false]);
      allow();
      world.turn();
      expect(client.take().map((packet) => packet.type)).toEqual(
        allowed ? ['connack', 'pingresp'] : ['connack'],
      );
      expect([client.paused, client.closed]).toEqual(allowed ? [false, false] : [true, true]);
    }
  });

  it('end the connection behind CONNACK when they are a second CONNECT', () => {
    const authenticator = new TestAuthenticator();
    const world = new World({ authenticator });
    const client = world.connecting({ clientId: 'c' }, connectPacket());
    authenticator.answer(world, { kind: 'accept' });
    expect(client.take().map((packet) => packet.type)).toEqual(['connack', 'disconnect']);
    expect(authenticator.attempts).toHaveLength(1);
  });
});

describe('an authenticator', () => {
  it('is shown what CONNECT says, and may replace the user name', () => {
    const authenticator = new TestAuthenticator(() => ({ kind: 'accept', username: 'Ada' }));
    const asked: unknown[] = [];
    const world = new World({
      authenticator,
      authorizer: {
        authorize: ({ client }) => {
          asked.push(client.username);
          return { allowed: true };
        },
      },
    });
    const will = { topicName: 'w', payload: bytesOf('x'), qos: 0, retain: false, properties: {} } as const;
    const client = world.connect({ clientId: 'c', username: 'ada@example', password: bytesOf('pw'), will });
    expect(authenticator.attempts).toMatchObject([
      {
        clientId: 'c',
        username: 'ada@example',
        password: bytesOf('pw'),
        protocolVersion: V5,
        peer: 'test:1',
        origin: { listener: 'test', kind: 'stream' },
        reauthentication: false,
      },
    ]);
    client.subscribe('t');
    expect(asked).toEqual(['Ada', 'Ada']);
    expect(world.eventsOf('clientConnected')).toMatchObject([{ username: 'Ada' }]);
  });

  it('that does not answer in time is not waited for, and its late answer changes nothing', () => {
    for (const kind of ['accept', 'refuse', 'continue'] as const) {
      const authenticator = new TestAuthenticator();
      const world = new World({ authenticator, limits: { connectTimeoutMs: 5000 } });
      const timedOut = world.connecting({ clientId: 'a' });
      world.advance(5000);
      expect(timedOut.closed).toBe(true);
      const gone = world.connecting({ clientId: 'b' });
      gone.drop();
      const answer = kind === 'refuse' ? { kind, reasonCode: ReasonCode.NotAuthorized } : { kind };
      authenticator.answer(world, answer);
      authenticator.answer(world, answer);
      expect([...timedOut.take(), ...gone.take()]).toEqual([]);
      expect(world.core.sessions.count).toBe(0);
      expect(world.eventsOf('connectionRefused')).toHaveLength(2);
      expect(world.core.gauges.connections).toBe(0);
    }
  });

  it('that throws, or answers with what cannot be sent, ends this connection and no other', () => {
    const throwing = new TestAuthenticator(({ clientId }) => {
      if (clientId === 'bad') throw new Error('database gone');
      return clientId === 'late' ? undefined : { kind: 'accept' };
    });
    const world = new World({ authenticator: throwing });
    const other = world.connect({ clientId: 'good' });
    const client = world.connecting({ clientId: 'bad' });
    expect(client.takeOne('connack').reasonCode).toBe(ReasonCode.ImplementationSpecificError);
    const late = world.connecting({ clientId: 'late' });
    throwing.answer(world, { kind: 'refuse', reasonCode: ReasonCode.Banned, reasonString: '\ud800' });
    expect(late.closed).toBe(true);
    expect(world.log.map((line) => line.code)).toContain('internal-error');
    other.send({ type: 'pingreq' });
    expect(other.take()).toEqual([{ type: 'pingresp' }]);
  });

  it('still thinking when the broker shuts down is not waited for', () => {
    for (const protocolVersion of VERSIONS) {
      const authenticator = new TestAuthenticator(({ clientId }) =>
        clientId === 'other' ? { kind: 'accept' } : undefined,
      );
      const world = new World({ authenticator });
      const client = world.connecting({ clientId: 'c', protocolVersion });
      const other = world.connect({ clientId: 'other', protocolVersion });
      const silent = world.open();
      world.core.shutDown();
      world.turn();
      expect(client.takeOne('connack').reasonCode).toBe(ReasonCode.ServerUnavailable);
      expect(other.take()).toMatchObject(
        protocolVersion === V5 ? [{ type: 'disconnect', reasonCode: ReasonCode.ServerShuttingDown }] : [],
      );
      expect([client.closed, other.closed, silent.closed]).toEqual([true, true, true]);
      expect(silent.take()).toEqual([]);
    }
  });
});
