import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { connectPacket, publishPacket } from '../world/packets.ts';
import { TestAuthenticator } from '../world/test-authenticator.ts';
import { bytesOf, World } from '../world/world.ts';

const { V31, V311, V5 } = ProtocolVersion;
const VERSIONS = [V31, V311, V5];

describe('a CONNECT that is refused', () => {
  it('[MQTT-3.1.4-2] [MQTT-3.2.2-6] [MQTT-3.2.2-7] [MQTT-3.2.2-8] v5 [MQTT-3.2.2-4] [MQTT-3.2.2-5] [MQTT-3.2.2-6] v3.1.1 by the authenticator is told why as its version can say it, and closed', () => {
    const codes: readonly (readonly [
      reasonCode: ReasonCode,
      told5: ReasonCode,
      returnCode: number | undefined,
    ])[] = [
      [ReasonCode.BadUserNameOrPassword, ReasonCode.BadUserNameOrPassword, 4],
      [ReasonCode.NotAuthorized, ReasonCode.NotAuthorized, 5],
      [ReasonCode.Banned, ReasonCode.Banned, 5],
      [ReasonCode.ServerUnavailable, ReasonCode.ServerUnavailable, 3],
      [ReasonCode.ServerBusy, ReasonCode.ServerBusy, 3],
      [ReasonCode.ClientIdentifierNotValid, ReasonCode.ClientIdentifierNotValid, 2],
      [ReasonCode.UnspecifiedError, ReasonCode.UnspecifiedError, undefined],
      // What CONNACK cannot say.
      [ReasonCode.ServerShuttingDown, ReasonCode.ServerUnavailable, 3],
      [ReasonCode.KeepAliveTimeout, ReasonCode.UnspecifiedError, undefined],
      [ReasonCode.Success, ReasonCode.UnspecifiedError, undefined],
    ];
    for (const [reasonCode, told5, returnCode] of codes) {
      for (const protocolVersion of VERSIONS) {
        const authenticator = new TestAuthenticator(() => ({ kind: 'refuse', reasonCode }));
        const world = new World({ authenticator });
        const client = world.connecting({ clientId: 'c', protocolVersion });
        expect(client.closed).toBe(true);
        if (protocolVersion === V5) {
          expect(client.takeOne('connack')).toMatchObject({
            sessionPresent: false,
            reasonCode: told5,
            properties: { reasonString: 'authentication failed' },
          });
        } else {
          expect(client.writes).toEqual(
            returnCode === undefined ? [] : [Uint8Array.of(0x20, 2, 0, returnCode)],
          );
        }
        expect(world.core.sessions.count).toBe(0);
        expect(world.eventsOf('connectionRefused')).toMatchObject([{ clientId: 'c', reasonCode }]);
      }
    }
  });

  it('[MQTT-3.1.4-6] v5 [MQTT-3.1.4-5] v3.1.1 is the last packet that the broker acts on', () => {
    for (const protocolVersion of VERSIONS) {
      for (const late of [false, true]) {
        const refusal = { kind: 'refuse', reasonCode: ReasonCode.NotAuthorized } as const;
        const authenticator = new TestAuthenticator(({ clientId }) =>
          clientId === 'subscriber' ? { kind: 'accept' } : late ? undefined : refusal,
        );
        const world = new World({ authenticator });
        const subscriber = world.connect({ clientId: 'subscriber' });
        subscriber.subscribe('#');
        const client = world.connecting(
          { clientId: 'c', protocolVersion },
          publishPacket('t', 'x', { retain: true }),
          publishPacket('t', 'x', { qos: 1, packetId: 1 }),
        );
        if (late) authenticator.answer(world, refusal);
        expect(client.take().map((packet) => packet.type)).toEqual(['connack']);
        expect(client.closed).toBe(true);
        expect(subscriber.take()).toEqual([]);
        expect(world.store.messageCount).toBe(0);
      }
    }
  });

  it('[MQTT-3.1.4-6] v5 [MQTT-3.1.4-5] v3.1.1 is not made good by another CONNECT behind it', () => {
    for (const protocolVersion of [V311, V5]) {
      const world = new World();
      const holder = world.connect({ clientId: 'holder' });
      const will = {
        topicName: '$SYS/w',
        payload: bytesOf(''),
        qos: 0,
        retain: false,
        properties: {},
      } as const;
      const client = world.connecting(
        { protocolVersion, will },
        connectPacket({ protocolVersion, clientId: 'holder' }),
      );
      expect(client.take().map((packet) => packet.type)).toEqual(protocolVersion === V5 ? ['connack'] : []);
      expect([client.closed, holder.closed]).toEqual([true, false]);
      expect(world.core.sessions.connected).toBe(1);
    }
  });

  it('takes no session from whoever has it, and ends none', () => {
    for (const protocolVersion of VERSIONS) {
      const authenticator = new TestAuthenticator(({ password }) =>
        password === undefined
          ? { kind: 'refuse', reasonCode: ReasonCode.BadUserNameOrPassword }
          : { kind: 'accept' },
      );
      const world = new World({ authenticator });
      const holder = world.connect({ clientId: 'c', username: 'u', password: bytesOf('p') });
      holder.subscribe('t');
      const intruder = world.connecting({ protocolVersion, clientId: 'c', cleanStart: true });
      expect(intruder.closed).toBe(true);
      holder.publish('t', 'still here');
      expect(holder.takeTexts()).toEqual(['still here']);
    }
  });

  it('gets a Reason String of a length that can be sent, whatever it tells of', () => {
    const world = new World();
    const topicName = `$SYS/${'🦅'.repeat(10_000)}`;
    const will = { topicName, payload: bytesOf(''), qos: 0, retain: false, properties: {} } as const;
    const client = world.connecting({ clientId: 'c', will });
    const { reasonCode, properties } = client.takeOne('connack');
    expect(reasonCode).toBe(ReasonCode.TopicNameInvalid);
    expect(properties.reasonString).toMatch(/^\$SYS\/🦅+$/u);
    expect(world.log.filter((line) => line.code === 'internal-error')).toEqual([]);
  });
});

describe('the limit of sessions', () => {
  it('lets clients with a session in, and refuses one more', () => {
    for (const protocolVersion of VERSIONS) {
      const world = new World({ limits: { sessions: 2 } });
      const kept = { clientId: 'kept', cleanStart: false, properties: { sessionExpiryInterval: 100 } };
      world.connect(kept).drop();
      world.connect({ clientId: 'b', protocolVersion });
      const refused = world.connecting({ clientId: 'c', protocolVersion });
      expect(refused.closed).toBe(true);
      if (protocolVersion === V5) {
        expect(refused.takeOne('connack').reasonCode).toBe(ReasonCode.QuotaExceeded);
      } else {
        expect(refused.writes).toEqual([Uint8Array.of(0x20, 2, 0, 3)]);
      }
      expect(world.connect(kept).connack!.sessionPresent).toBe(true);
      world.connect({ clientId: 'b', protocolVersion }).disconnect();
      expect(world.connect({ clientId: 'c', protocolVersion }).closed).toBe(false);
    }
  });

  it('holds for clients that are authenticated at the same time', () => {
    const authenticator = new TestAuthenticator();
    const world = new World({ authenticator, limits: { sessions: 2 } });
    const clients = ['a', 'b', 'c'].map((clientId) => world.connecting({ clientId }));
    for (const _ of clients) authenticator.answer(world, { kind: 'accept' });
    expect(clients.map((client) => client.takeOne('connack').reasonCode)).toEqual([
      ReasonCode.Success,
      ReasonCode.Success,
      ReasonCode.QuotaExceeded,
    ]);
    expect(world.core.sessions.count).toBe(2);
  });

  it('is there for connections too: one more is closed at once', () => {
    const world = new World({ limits: { connections: 2 } });
    const first = world.connect();
    world.open();
    expect(world.open().closed).toBe(true);
    first.disconnect();
    expect(world.connect().closed).toBe(false);
  });
});
