import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { bytesOf, textOf, World } from '../world/world.ts';

const VERSIONS = [ProtocolVersion.V311, ProtocolVersion.V5] as const;

function subscription(topicFilter: string, qos: 0 | 1 | 2 = 0) {
  return { topicFilter, qos, noLocal: false, retainAsPublished: false, retainHandling: 0 as const };
}

describe.each(VERSIONS)('SUBSCRIBE in version %i', (protocolVersion) => {
  const invalid =
    protocolVersion === ProtocolVersion.V5 ? ReasonCode.TopicFilterInvalid : ReasonCode.UnspecifiedError;

  it('[MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-2.2.1-6] v5 [MQTT-3.8.4-1] [MQTT-3.8.4-2] [MQTT-2.3.1-7] v3.1.1 is answered by a SUBACK with its packet identifier', () => {
    const world = new World();
    const client = world.connect({ protocolVersion });
    for (const packetId of [1, 0x1234, 65_535]) {
      client.send({
        type: 'subscribe',
        packetId,
        subscriptions: [subscription(`t/${packetId}`)],
        properties: {},
      });
      expect(client.take()).toEqual([{ type: 'suback', packetId, reasonCodes: [0], properties: {} }]);
    }
  });

  it('[MQTT-3.8.4-3] v5 v3.1.1 with the same filter replaces the subscription: one copy, at the new QoS', () => {
    const world = new World();
    const publisher = world.connect();
    const client = world.connect({ protocolVersion });
    for (const [old, qos] of [
      [2, 0],
      [0, 1],
      [1, 2],
    ] as const) {
      client.subscribe('a/+', old);
      client.subscribe('a/+', qos);
      publisher.publish('a/b', 'x', { qos: 2 });
      publisher.send({
        type: 'pubrel',
        packetId: publisher.takeOne('pubrec').packetId,
        reasonCode: 0,
        properties: {},
      });
      publisher.takeOne('pubcomp');
      expect(client.takeAndAcknowledge().map((packet) => packet.qos)).toEqual([qos]);
    }
    client.unsubscribe('a/+');
    publisher.publish('a/b', 'x');
    expect(client.take()).toEqual([]);
  });

  it('[MQTT-3.8.4-4] v5 [MQTT-3.8.4-3] v3.1.1 with the same filter shows again what is retained, and loses no message', () => {
    const world = new World();
    const publisher = world.connect();
    const client = world.connect({ protocolVersion });
    publisher.publish('a', 'retained', { retain: true });
    client.subscribe('a', 1);
    client.take();
    for (let i = 0; i < 5; i++) {
      publisher.publish('a', `before ${i}`, { qos: 1 });
      client.subscribe('a', 1);
      publisher.publish('a', `after ${i}`, { qos: 1 });
      expect(client.takeAndAcknowledge().map(textOf)).toEqual([`before ${i}`, 'retained', `after ${i}`]);
    }
  });

  it('[MQTT-3.8.4-5] [MQTT-3.8.4-6] [MQTT-3.8.4-7] [MQTT-3.9.3-1] v5 [MQTT-3.8.4-4] [MQTT-3.8.4-5] [MQTT-3.9.3-1] v3.1.1 of several filters is answered by one SUBACK with a code for each, in their order', () => {
    const world = new World();
    const publisher = world.connect();
    const client = world.connect({ protocolVersion });
    client.send({
      type: 'subscribe',
      packetId: 7,
      subscriptions: [
        subscription('q2', 2),
        subscription('a/#/b', 2),
        subscription('q0', 0),
        subscription('q1', 1),
      ],
      properties: {},
    });
    const suback = client.takeOne('suback');
    expect(suback.reasonCodes).toEqual([2, invalid, 0, 1]);
    expect(client.take()).toEqual([]);
    for (const topicName of ['q0', 'q1', 'q2', 'a/x/b']) {
      publisher.publish(topicName, 'x', { qos: 2 });
      publisher.send({
        type: 'pubrel',
        packetId: publisher.takeOne('pubrec').packetId,
        reasonCode: 0,
        properties: {},
      });
      publisher.takeOne('pubcomp');
    }
    const received = client.takeAndAcknowledge();
    expect(received.map(({ topicName, qos }) => [topicName, qos])).toEqual([
      ['q0', 0],
      ['q1', 1],
      ['q2', 2],
    ]);
  });

  it('[MQTT-3.8.4-8] v5 [MQTT-3.8.4-6] v3.1.1 bounds the QoS of what is delivered: the lower of it and what was published', () => {
    const world = new World();
    const publisher = world.connect();
    for (const granted of [0, 1, 2] as const) {
      const client = world.connect({ protocolVersion });
      expect(client.subscribe('a', granted)).toEqual([granted]);
      for (const published of [0, 1, 2] as const) {
        publisher.publish('a', 'x', { qos: published });
        const qos = client.takeAndAcknowledge().map((packet) => packet.qos);
        expect(qos).toEqual([Math.min(granted, published)]);
        for (const packet of publisher.take()) {
          if (packet.type === 'pubrec')
            publisher.send({ ...packet, type: 'pubrel', reasonCode: 0, properties: {} });
        }
        publisher.take();
      }
    }
  });

  it('[MQTT-3.8.4-8] v5 [MQTT-3.8.4-6] v3.1.1 bounds it also for a client that is away', () => {
    const world = new World();
    const publisher = world.connect();
    const away = {
      protocolVersion,
      clientId: 'away',
      cleanStart: false,
      properties: protocolVersion === ProtocolVersion.V5 ? { sessionExpiryInterval: 100 } : {},
    };
    const client = world.connect(away);
    client.subscribe('a', 1);
    client.drop();
    publisher.publish('a', 'x', { qos: 2 });
    publisher.publish('a', 'y', { qos: 1 });
    publisher.publish('a', 'z', { qos: 0 });
    const received = world.connect(away).takeAndAcknowledge();
    expect(received.map((packet) => [textOf(packet), packet.qos])).toEqual([
      ['x', 1],
      ['y', 1],
    ]);
  });

  /** What the broker says when it ends the connection for a SUBSCRIBE with these bytes behind its packet identifier. */
  function toldFor(flags: number, payload: readonly number[]): readonly unknown[] {
    const client = new World().connect({ protocolVersion });
    const body = protocolVersion === ProtocolVersion.V5 ? [0, 1, 0, ...payload] : [0, 1, ...payload];
    client.sendBytes(Uint8Array.of(0x80 | flags, body.length, ...body));
    expect(client.closed).toBe(true);
    return client.take().map((packet) => (packet.type === 'disconnect' ? packet.reasonCode : packet));
  }

  const malformed = protocolVersion === ProtocolVersion.V5 ? [ReasonCode.MalformedPacket] : [];
  const protocolError = protocolVersion === ProtocolVersion.V5 ? [ReasonCode.ProtocolError] : [];

  it('[MQTT-3.8.1-1] v5 v3.1.1 with other flags than 2 ends the connection', () => {
    for (const flags of [0, 1, 3, 6, 10]) expect(toldFor(flags, [0, 1, 0x61, 0])).toEqual(malformed);
  });

  it('[MQTT-3.8.3-1] v5 v3.1.1 with a filter that is not UTF-8 ends the connection', () => {
    expect(toldFor(2, [0, 1, 0xff, 0])).toEqual(malformed);
    expect(toldFor(2, [0, 3, 0xed, 0xa0, 0x80, 0])).toEqual(malformed);
  });

  it('[MQTT-3.8.3-2] v5 [MQTT-3.8.3-3] v3.1.1 without a filter ends the connection', () => {
    expect(toldFor(2, [])).toEqual(protocolError);
  });

  it('[MQTT-3.8.3-4] v3.1.1 with a requested QoS of 3 ends the connection', () => {
    expect(toldFor(2, [0, 1, 0x61, 3])).toEqual(protocolError);
  });

  it('[MQTT-3.8.3-5] v5 [MQTT-3.8.3-4] v3.1.1 with a reserved bit beside the QoS ends the connection', () => {
    for (const bit of [0x40, 0x80]) expect(toldFor(2, [0, 1, 0x61, bit])).toEqual(malformed);
  });

  it('[MQTT-4.7.3-1] v5 v3.1.1 with an empty filter gets no subscription', () => {
    expect(toldFor(2, [0, 0, 0])).toHaveLength(protocolError.length);
  });

  it.each(['a/#/b', '#/a', 'a#', '#a', 'a/b#', '##'])(
    '[MQTT-4.7.1-1] v5 [MQTT-4.7.1-2] v3.1.1 refuses %s, where # is not alone or not last, and nothing else',
    (topicFilter) => {
      const client = new World().connect({ protocolVersion });
      expect(client.subscribe([{ topicFilter }, { topicFilter: 'valid' }])).toEqual([invalid, 0]);
    },
  );

  it.each(['a+', '+a', 'a/+b', 'a+/b', '++', '+#'])(
    '[MQTT-4.7.1-2] v5 [MQTT-4.7.1-3] v3.1.1 refuses %s, where + is not alone in its level, and nothing else',
    (topicFilter) => {
      const client = new World().connect({ protocolVersion });
      expect(client.subscribe([{ topicFilter }, { topicFilter: 'valid' }])).toEqual([invalid, 0]);
    },
  );

  it.each(['$share/', '$share//a'])(
    '[MQTT-4.8.2-1] v5 refuses %s, which has no share name, and nothing else',
    (topicFilter) => {
      const client = new World().connect({ protocolVersion });
      expect(client.subscribe([{ topicFilter }, { topicFilter: 'valid' }])).toEqual([invalid, 0]);
    },
  );

  it.each(['$share/g', '$share/g/', '$share/+/a', '$share/a#/b', '$share/g/a/#/b', '$share/g/a+'])(
    '[MQTT-4.8.2-2] v5 refuses %s, with a wildcard in the share name or no topic filter, and nothing else',
    (topicFilter) => {
      const client = new World().connect({ protocolVersion });
      expect(client.subscribe([{ topicFilter }, { topicFilter: 'valid' }])).toEqual([invalid, 0]);
    },
  );
});

describe('No Local', () => {
  it('[MQTT-3.8.3-3] v5 keeps from a client what it publishes itself, and nothing else', () => {
    const world = new World();
    const client = world.connect();
    const other = world.connect();
    client.subscribe([{ topicFilter: 'a/+', noLocal: true, qos: 2 }]);
    for (const qos of [0, 1, 2] as const) {
      client.publish('a/own', 'own', { qos });
      other.publish('a/other', 'other', { qos });
    }
    expect(client.takeAndAcknowledge().map(textOf)).toEqual(['other', 'other', 'other']);
  });

  it('[MQTT-3.8.3-3] v5 of one subscription does not hide what another without it brings, at that one’s QoS and identifier', () => {
    const world = new World();
    const client = world.connect();
    client.subscribe([{ topicFilter: 'a/+', noLocal: true, qos: 2 }], 2, 1);
    client.subscribe([{ topicFilter: 'a/#', noLocal: false, qos: 1 }], 1, 2);
    for (const qos of [0, 1, 2] as const) client.publish('a/b', 'x', { qos });
    expect(client.takePublishes().map(({ qos, properties }) => [qos, properties])).toEqual([
      [0, { subscriptionIdentifiers: [2] }],
      [1, { subscriptionIdentifiers: [2] }],
      [1, { subscriptionIdentifiers: [2] }],
    ]);
  });

  it('[MQTT-3.8.3-3] v5 holds for the client identifier: also for what a former connection published', () => {
    const world = new World();
    const connect = { clientId: 'c', cleanStart: false, properties: { sessionExpiryInterval: 60 } };
    const client = world.connect({
      ...connect,
      will: { topicName: 'a/will', payload: bytesOf('will'), qos: 1, retain: false, properties: {} },
    });
    client.subscribe([{ topicFilter: 'a/+', noLocal: true, qos: 1 }]);
    client.drop();
    world.connect().publish('a/other', 'other', { qos: 1 });
    const back = world.connect(connect);
    expect(back.takeAndAcknowledge().map(textOf)).toEqual(['other']);
  });

  it('[MQTT-3.8.3-4] v5 on a shared subscription is a Protocol Error', () => {
    const world = new World();
    const client = world.connect();
    client.sendBytes(Uint8Array.from([0x82, 16, 0, 1, 0, 0, 10, ...bytesOf('$share/g/a'), 0x04]));
    expect(client.closed).toBe(true);
    expect(client.takeOne('disconnect').reasonCode).toBe(ReasonCode.ProtocolError);
  });
});

describe('overlapping subscriptions', () => {
  it('[MQTT-3.3.4-2] [MQTT-3.3.4-3] [MQTT-3.3.4-4] v5 make one copy at the highest QoS, with the identifiers of those that have one', () => {
    const world = new World();
    const publisher = world.connect();
    const client = world.connect();
    client.subscribe('a/b', 0, 11);
    client.subscribe('a/+', 2, 22);
    client.subscribe('a/#', 1, 11);
    client.subscribe('#', 1);
    client.subscribe('other', 2, 33);
    for (const qos of [0, 1, 2] as const) {
      publisher.publish('a/b', 'x', { qos });
      const [packet, ...more] = client.takeAndAcknowledge();
      expect(more).toEqual([]);
      expect(packet?.qos).toBe(qos);
      expect([...(packet?.properties.subscriptionIdentifiers ?? [])].sort()).toEqual([11, 11, 22]);
    }
  });

  it('[MQTT-3.3.5-1] v3.1.1 make one copy at the highest QoS', () => {
    const world = new World();
    const publisher = world.connect();
    const client = world.connect({ protocolVersion: ProtocolVersion.V311 });
    client.subscribe('a/b', 0);
    client.subscribe('a/#', 2);
    client.subscribe('+/b', 1);
    for (const qos of [0, 1, 2] as const) publisher.publish('a/b', 'x', { qos });
    expect(client.takeAndAcknowledge().map((packet) => packet.qos)).toEqual([0, 1, 2]);
  });

  it('[MQTT-3.3.1-13] v5 forward RETAIN if one of them wants it as published', () => {
    const world = new World();
    const publisher = world.connect();
    const client = world.connect();
    client.subscribe([{ topicFilter: 'a' }, { topicFilter: '#', retainAsPublished: true }]);
    publisher.publish('a', 'x', { retain: true });
    expect(client.takePublishes().map((packet) => packet.retain)).toEqual([true]);
  });

  it('lose an identifier when a subscription is replaced by one without', () => {
    const world = new World();
    const publisher = world.connect();
    const client = world.connect();
    client.subscribe('a', 0, 5);
    client.subscribe('a', 0, 6);
    publisher.publish('a', 'x');
    client.subscribe('a', 0);
    publisher.publish('a', 'x');
    expect(client.takePublishes().map((packet) => packet.properties)).toEqual([
      { subscriptionIdentifiers: [6] },
      {},
    ]);
  });
});

describe('a limit of subscriptions', () => {
  it('of one session refuses one more with 0x97, and lets an old one be replaced or make room', () => {
    const world = new World({ limits: { subscriptionsPerSession: 2 } });
    const client = world.connect();
    expect(client.subscribe([{ topicFilter: 'a' }, { topicFilter: 'b' }, { topicFilter: 'c' }])).toEqual([
      0, 0, 0x97,
    ]);
    expect(client.subscribe('a', 1)).toEqual([1]);
    client.unsubscribe('b');
    expect(client.subscribe('c')).toEqual([0]);
    expect(world.connect().subscribe([{ topicFilter: 'a' }, { topicFilter: 'b' }])).toEqual([0, 0]);
    const old = world.connect({ protocolVersion: ProtocolVersion.V311 });
    expect(old.subscribe([{ topicFilter: 'a' }, { topicFilter: 'b' }, { topicFilter: 'c' }])).toEqual([
      0, 0, 0x80,
    ]);
  });

  it('of all sessions refuses one more with 0x97 until a session ends', () => {
    const world = new World({ limits: { subscriptions: 3 } });
    const first = world.connect();
    const second = world.connect();
    expect(first.subscribe([{ topicFilter: 'a' }, { topicFilter: '$share/g/b' }])).toEqual([0, 0]);
    expect(second.subscribe([{ topicFilter: 'a' }, { topicFilter: 'b' }])).toEqual([0, 0x97]);
    first.drop();
    expect(second.subscribe([{ topicFilter: 'b' }, { topicFilter: 'c' }, { topicFilter: 'd' }])).toEqual([
      0, 0, 0x97,
    ]);
  });

  it('of levels refuses a filter of one more with 0x8F, shared or not', () => {
    const world = new World({ limits: { topicLevels: 3 } });
    const client = world.connect();
    const subscriptions = ['a/b/c', 'a/b/#', '//', 'a/b/c/d', '///', '$share/g/a/b/c', '$share/g/a/b/c/d'];
    expect(client.subscribe(subscriptions.map((topicFilter) => ({ topicFilter })))).toEqual([
      0, 0, 0, 0x8f, 0x8f, 0, 0x8f,
    ]);
  });

  it('of bytes refuses a filter of one more with 0x8F', () => {
    const world = new World({ limits: { topicBytes: 10 } });
    const client = world.connect();
    const subscriptions = ['0123456789', '0123456789a', '€€€b', '€€€bc'];
    expect(client.subscribe(subscriptions.map((topicFilter) => ({ topicFilter })))).toEqual([
      0, 0x8f, 0, 0x8f,
    ]);
  });
});

describe('SUBACK', () => {
  it('[MQTT-3.9.3-2] v3.1.1 has no code but the granted QoS and 0x80', () => {
    const world = new World({
      limits: { subscriptionsPerSession: 3 },
      authorizer: { authorize: ({ topic }) => ({ allowed: topic !== 'secret' }) },
    });
    const client = world.connect({ protocolVersion: ProtocolVersion.V311 });
    const topicFilters = ['a', 'b', 'c', 'd', 'secret', '#a'];
    const codes = client.subscribe(
      topicFilters.map((topicFilter, i) => ({ topicFilter, qos: (i % 3) as 0 | 1 | 2 })),
    );
    expect(codes).toEqual([0, 1, 2, 0x80, 0x80, 0x80]);
  });

  it('[MQTT-3.9.3-2] v5 says why by reason code and reason string: an invalid filter, no right, too many', () => {
    const world = new World({
      limits: { subscriptionsPerSession: 1 },
      authorizer: { authorize: ({ topic }) => ({ allowed: topic !== 'secret' }) },
    });
    const client = world.connect();
    client.send({
      type: 'subscribe',
      packetId: 1,
      subscriptions: ['secret', 'a', 'b', 'a/#/b'].map((topicFilter) => subscription(topicFilter)),
      properties: {},
    });
    const suback = client.takeOne('suback');
    expect(suback.reasonCodes).toEqual([
      ReasonCode.NotAuthorized,
      0,
      ReasonCode.QuotaExceeded,
      ReasonCode.TopicFilterInvalid,
    ]);
    expect(suback.properties.reasonString).toMatch(/secret: not authorized; b: .*; a\/#\/b: /);
  });

  it('[MQTT-3.9.2-1] v5 leaves its reason string out where the packet would be larger than the client takes', () => {
    const world = new World();
    const client = world.connect({ properties: { maximumPacketSize: 20 } });
    client.send({ type: 'subscribe', packetId: 1, subscriptions: [subscription('#a')], properties: {} });
    expect(client.takeOne('suback')).toEqual({
      type: 'suback',
      packetId: 1,
      reasonCodes: [ReasonCode.TopicFilterInvalid],
      properties: {},
    });
  });
});
