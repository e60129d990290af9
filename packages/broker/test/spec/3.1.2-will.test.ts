import type { ConnectPacket, UserProperty, Will } from '@martlet/protocol';
import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import type { MemoryStore } from '../../src/stores/memory-store.ts';
import type { TestClient } from '../world/test-client.ts';
import { bytesOf, textOf, World } from '../world/world.ts';

const { V31, V311, V5 } = ProtocolVersion;
const VERSIONS = [V31, V311, V5];

function will(options: Partial<Will> = {}): Will {
  return { topicName: 'will', payload: bytesOf('gone'), qos: 0, retain: false, properties: {}, ...options };
}

/** A world with a subscriber to the will's topic, at QoS 2. */
function worldWithMourner(): { world: World; mourner: TestClient } {
  const world = new World();
  const mourner = world.connect({ clientId: 'mourner' });
  mourner.subscribe('will', 2);
  return { world, mourner };
}

describe('a will', () => {
  it('[MQTT-3.1.2-7] [MQTT-3.1.2-8] v5 [MQTT-3.1.2-8] v3.1.1 is published when the network connection is lost, at its own QoS', () => {
    for (const protocolVersion of VERSIONS) {
      for (const qos of [0, 1, 2] as const) {
        for (const kept of [false, true]) {
          const { world, mourner } = worldWithMourner();
          const properties = kept && protocolVersion === V5 ? { sessionExpiryInterval: 100 } : {};
          const client = world.connect({
            protocolVersion,
            cleanStart: !kept,
            properties,
            will: will({ qos }),
          });
          expect(mourner.takePublishes()).toEqual([]);
          client.drop();
          const [message] = mourner.takeAndAcknowledge();
          expect(message).toMatchObject({ topicName: 'will', payload: bytesOf('gone'), qos, retain: false });
          expect(mourner.take()).toEqual([]);
        }
      }
    }
  });

  it('[MQTT-3.1.2-8] v5 v3.1.1 is published when the broker ends the connection', () => {
    for (const protocolVersion of VERSIONS) {
      const ends: ((world: World, client: TestClient) => void)[] = [
        (_, client) => client.sendBytes(Uint8Array.of(0xf1, 0)),
        (world) => world.advance(15_000),
        (world) => world.connect({ protocolVersion, clientId: 'dying' }),
        (world) => {
          world.core.disconnect('dying', ReasonCode.AdministrativeAction, 'told to go');
          world.turn();
        },
      ];
      for (const end of ends) {
        const { world, mourner } = worldWithMourner();
        const client = world.connect({ protocolVersion, clientId: 'dying', keepAlive: 10, will: will() });
        end(world, client);
        expect(client.closed).toBe(true);
        expect(mourner.takeTexts()).toEqual(['gone']);
      }
    }
  });

  it('[MQTT-3.1.2-8] [MQTT-3.1.2-10] v5 v3.1.1 is not published after DISCONNECT, nor ever later', () => {
    for (const protocolVersion of VERSIONS) {
      const { world, mourner } = worldWithMourner();
      const properties = protocolVersion === V5 ? { sessionExpiryInterval: 100 } : {};
      const connect = { clientId: 'c', protocolVersion, cleanStart: false, properties };
      world.connect({ ...connect, will: will() }).disconnect();
      world.advance(50_000);
      world.connect(connect).drop();
      world.advance(200_000);
      expect(mourner.takePublishes()).toEqual([]);
    }
  });

  it('[MQTT-3.1.2-8] [MQTT-3.1.2-10] v5 is published after DISCONNECT with another reason code than 0x00', () => {
    for (const reasonCode of [
      ReasonCode.DisconnectWithWillMessage,
      ReasonCode.UnspecifiedError,
      ReasonCode.QuotaExceeded,
    ]) {
      const { world, mourner } = worldWithMourner();
      world.connect({ will: will() }).disconnect(reasonCode);
      expect(mourner.takeTexts()).toEqual(['gone']);
    }
  });

  it('[MQTT-3.1.2-10] v5 v3.1.1 is published once: a session that goes on has none until CONNECT brings one', () => {
    for (const protocolVersion of VERSIONS) {
      const { world, mourner } = worldWithMourner();
      const properties = protocolVersion === V5 ? { sessionExpiryInterval: 100 } : {};
      const connect = { clientId: 'c', protocolVersion, cleanStart: false, properties };
      world.connect({ ...connect, will: will() }).drop();
      expect(mourner.takeTexts()).toEqual(['gone']);
      world.connect(connect).drop();
      world.advance(200_000);
      expect(mourner.takeTexts()).toEqual([]);
      world.connect({ ...connect, will: will({ payload: bytesOf('again') }) }).drop();
      world.advance(200_000);
      expect(mourner.takeTexts()).toEqual(['again']);
    }
  });

  it('[MQTT-3.1.2-12] v3.1.1 is not published where CONNECT had none', () => {
    for (const protocolVersion of VERSIONS) {
      const { world, mourner } = worldWithMourner();
      mourner.subscribe('#', 2);
      world.connect({ protocolVersion }).drop();
      world.connect({ protocolVersion, keepAlive: 10 });
      world.advance(15_000);
      expect(mourner.takePublishes()).toEqual([]);
    }
  });

  it('[MQTT-3.1.2-14] v5 [MQTT-3.1.2-16] v3.1.1 with Will Retain 0 is published, and not retained', () => {
    for (const protocolVersion of VERSIONS) {
      const { world, mourner } = worldWithMourner();
      mourner.subscribe([{ topicFilter: 'will', retainAsPublished: true }]);
      world.connect({ protocolVersion, will: will({ retain: false }) }).drop();
      expect(mourner.takePublishes()).toMatchObject([{ retain: false }]);
      const late = world.connect();
      late.subscribe('will');
      expect(late.takePublishes()).toEqual([]);
    }
  });

  it('[MQTT-3.1.2-15] v5 [MQTT-3.1.2-17] v3.1.1 with Will Retain 1 is retained', () => {
    for (const protocolVersion of VERSIONS) {
      const { world, mourner } = worldWithMourner();
      world.connect({ protocolVersion, will: will({ retain: true, qos: 1 }) }).drop();
      expect(mourner.takePublishes()).toMatchObject([{ retain: false, qos: 1 }]);
      const late = world.connect();
      late.subscribe('will', 1);
      expect(late.takePublishes()).toMatchObject([{ payload: bytesOf('gone'), retain: true, qos: 1 }]);
      world.connect({ protocolVersion, will: will({ retain: true, payload: bytesOf('') }) }).drop();
      const later = world.connect();
      later.subscribe('will', 1);
      expect(later.takePublishes()).toEqual([]);
    }
  });

  it('[MQTT-3.1.2-7] v5 [MQTT-3.1.2-8] v3.1.1 survives the broker, and is published when its client does not return', () => {
    for (const properties of [{}, { sessionExpiryInterval: 1000 }]) {
      const before = new World();
      before
        .connect({ clientId: 'mourner', cleanStart: false, properties: { sessionExpiryInterval: 1000 } })
        .subscribe('will', 1);
      before.connect({ clientId: 'c', properties, will: will({ qos: 1 }) });
      const store: MemoryStore = before.store.reopen();
      const after = new World({ store, habits: { willGraceMs: 5000 } });
      const mourner = after.connect({
        clientId: 'mourner',
        cleanStart: false,
        properties: { sessionExpiryInterval: 1000 },
      });
      after.advance(4999);
      expect(mourner.takeTexts()).toEqual([]);
      after.advance(1);
      expect(mourner.takeTexts()).toEqual(['gone']);
    }
  });

  it('cannot be left on a topic that clients may not publish to, or that is none', () => {
    for (const topicName of ['$SYS/broker/version', 'a/'.repeat(200)]) {
      const old = new World().connecting({ protocolVersion: V311, will: will({ topicName }) });
      expect([old.closed, old.take()]).toEqual([true, []]);
      const client = new World().connecting({ will: will({ topicName }) });
      expect(client.takeOne('connack').reasonCode).toBe(ReasonCode.TopicNameInvalid);
      expect(client.closed).toBe(true);
    }
  });

  it('is refused, and with it the client, where the authoriser does not allow it', () => {
    for (const late of [false, true]) {
      const answers: (() => void)[] = [];
      const world = new World({
        authorizer: {
          authorize: ({ action, topic, qos, retain, client }, answer) => {
            const decision = {
              allowed: !(action === 'will' && topic === 'will'),
              reasonString: `not ${client.clientId}`,
            };
            if (!late) return decision;
            answers.push(() => answer(decision));
            expect([topic, qos, retain]).toEqual(['will', 1, true]);
            return undefined;
          },
        },
      });
      for (const protocolVersion of [V311, V5]) {
        const client = world.connecting({
          protocolVersion,
          clientId: 'c',
          will: will({ qos: 1, retain: true }),
        });
        for (const answer of answers.splice(0)) answer();
        world.turn();
        const connack = client.takeOne('connack');
        expect(connack.reasonCode).toBe(ReasonCode.NotAuthorized);
        expect(connack.properties.reasonString).toBe(protocolVersion === V5 ? 'not c' : undefined);
        expect(client.closed).toBe(true);
      }
    }
  });
});

describe('Will Delay Interval', () => {
  const properties = { sessionExpiryInterval: 100 };
  const connect = (willDelayInterval: number, more: Partial<ConnectPacket> = {}): Partial<ConnectPacket> => ({
    clientId: 'c',
    cleanStart: false,
    properties,
    will: will({ properties: { willDelayInterval } }),
    ...more,
  });

  it('[MQTT-3.1.2-8] v5 is the time from the loss of the connection to the will', () => {
    const { world, mourner } = worldWithMourner();
    world.connect(connect(30)).drop();
    world.advance(29_999);
    expect(mourner.takeTexts()).toEqual([]);
    world.advance(1);
    expect(mourner.takeTexts()).toEqual(['gone']);
    world.advance(200_000);
    expect(mourner.takeTexts()).toEqual([]);
  });

  it('[MQTT-3.1.2-8] v5 is over when the session ends, by time, by DISCONNECT or by Clean Start', () => {
    const { world, mourner } = worldWithMourner();
    world.connect(connect(300)).drop();
    world.advance(99_999);
    expect(mourner.takeTexts()).toEqual([]);
    world.advance(1);
    expect(mourner.takeTexts()).toEqual(['gone']);

    world
      .connect(connect(300))
      .disconnect(ReasonCode.DisconnectWithWillMessage, { sessionExpiryInterval: 0 });
    expect(mourner.takeTexts()).toEqual(['gone']);

    world.connect(connect(300)).drop();
    expect(mourner.takeTexts()).toEqual([]);
    world.connect({ clientId: 'c', cleanStart: true });
    expect(mourner.takeTexts()).toEqual(['gone']);
  });

  it('[MQTT-3.1.2-8] v5 counts for nothing where the session ends with the connection', () => {
    const { world, mourner } = worldWithMourner();
    world.connect(connect(30, { properties: {} })).drop();
    expect(mourner.takeTexts()).toEqual(['gone']);
  });

  it('[MQTT-3.1.3-9] [MQTT-3.1.2-8] v5 is the time in which the client can come back, and there is no will', () => {
    const { world, mourner } = worldWithMourner();
    world.connect(connect(30)).drop();
    world.advance(29_999);
    const back = world.connect({ clientId: 'c', cleanStart: false, properties });
    world.advance(1000);
    back.disconnect();
    world.advance(200_000);
    expect(mourner.takeTexts()).toEqual([]);
  });

  it('[MQTT-3.1.3-9] v5 lets a client take its session over without a will; without a delay there is one', () => {
    const { world, mourner } = worldWithMourner();
    world.connect(connect(30));
    world.connect(connect(0));
    world.advance(100_000);
    expect(mourner.takeTexts()).toEqual([]);
    world.connect(connect(30));
    expect(mourner.takeTexts()).toEqual(['gone']);
  });

  it('[MQTT-3.1.3-9] v5 begins anew when the client is lost again', () => {
    const { world, mourner } = worldWithMourner();
    world.connect(connect(30)).drop();
    world.advance(20_000);
    world.connect(connect(30)).drop();
    world.advance(29_999);
    expect(mourner.takeTexts()).toEqual([]);
    world.advance(1);
    expect(mourner.takeTexts()).toEqual(['gone']);
  });
});

describe('Will Properties', () => {
  it('[MQTT-3.1.3-10] v5 go with the will as they came, User Properties in their order', () => {
    const userProperties: UserProperty[] = [
      ['b', '1'],
      ['a', '2'],
      ['b', '1'],
      ['', 'no name'],
    ];
    const { world, mourner } = worldWithMourner();
    const properties = {
      payloadFormatIndicator: 1 as const,
      messageExpiryInterval: 60,
      contentType: 'text/plain',
      responseTopic: 'answers',
      correlationData: Uint8Array.of(1, 2, 3),
      userProperties,
      willDelayInterval: 10,
    };
    world.connect({ properties: { sessionExpiryInterval: 100 }, will: will({ properties }) }).drop();
    world.advance(10_000);
    const [message] = mourner.takePublishes();
    const { willDelayInterval: _, ...forwarded } = properties;
    expect(message!.properties).toEqual(forwarded);
    expect(textOf(message)).toBe('gone');
  });

  it('say when the will expires, counted from its publication', () => {
    const { world } = worldWithMourner();
    const kept = { clientId: 'kept', cleanStart: false, properties: { sessionExpiryInterval: 1000 } };
    world.connect(kept).subscribe('will', 1);
    world.core.disconnect('kept', 0, 'away');
    const properties = { messageExpiryInterval: 60, willDelayInterval: 10 };
    world.connect({ properties: { sessionExpiryInterval: 100 }, will: will({ qos: 1, properties }) }).drop();
    world.advance(69_000);
    const back = world.connect(kept);
    expect(back.takeAndAcknowledge().map((packet) => packet.properties.messageExpiryInterval)).toEqual([1]);
    back.drop();
    world.connect({ will: will({ qos: 1, properties }) }).drop();
    world.advance(60_001);
    expect(world.connect(kept).takePublishes()).toEqual([]);
    expect(world.dropped('expired')).toBe(1);
  });
});
