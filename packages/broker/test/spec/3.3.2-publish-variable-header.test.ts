import type { PublishProperties } from '@martlet/protocol';
import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { encodedPackets, publishPacket } from '../world/packets.ts';
import type { TestClient } from '../world/test-client.ts';
import { bytesOf, World } from '../world/world.ts';

const { V311, V5 } = ProtocolVersion;

/** A client that stays subscribed to `t` while it is away, and what it has got when it is back. */
function keptSubscriber(world: World, properties: Record<string, number> = {}) {
  const connect = {
    clientId: 'kept',
    cleanStart: false,
    properties: { sessionExpiryInterval: 1000, ...properties },
  };
  const client = world.connect(connect);
  client.subscribe('t', 2);
  client.drop();
  return { back: (): TestClient => world.connect(connect) };
}

describe('Topic Name', () => {
  it('[MQTT-1.5.4-1] [MQTT-1.5.4-2] v5 [MQTT-3.3.2-1] v5 v3.1.1 that is not UTF-8, or has U+0000, ends the connection, and nothing is routed', () => {
    for (const protocolVersion of [V311, V5]) {
      for (const name of [
        [0xc0, 0x80],
        [0x61, 0x00],
        [0xed, 0xa0, 0x80],
      ]) {
        for (const qos of [0, 1]) {
          const world = new World();
          const subscriber = world.connect();
          subscriber.subscribe('#', 1);
          const publisher = world.connect({ protocolVersion });
          const body = [
            0,
            name.length,
            ...name,
            ...(qos === 0 ? [] : [0, 1]),
            ...(protocolVersion === V5 ? [0] : []),
          ];
          publisher.sendBytes(Uint8Array.of(0x30 | (qos << 1), body.length, ...body));
          expect(publisher.closed).toBe(true);
          if (protocolVersion === V5) {
            expect(publisher.takeOne('disconnect').reasonCode).toBe(ReasonCode.MalformedPacket);
          }
          expect(subscriber.take()).toEqual([]);
        }
      }
    }
  });

  it('that is longer than its packet ends the connection', () => {
    for (const bytes of [
      [0x30, 2, 0, 1],
      [0x30, 1, 0],
      [0x30, 0],
      [0x32, 4, 0, 1, 0x74, 0],
      [0x32, 5, 0, 3, 0x74, 0, 1],
    ]) {
      const world = new World();
      const publisher = world.connect();
      publisher.sendBytes(Uint8Array.from(bytes));
      expect(publisher.takeOne('disconnect').reasonCode).toBe(ReasonCode.MalformedPacket);
      expect(publisher.closed).toBe(true);
    }
  });

  it('[MQTT-3.3.2-2] v5 v3.1.1 with a wildcard ends the connection, and nothing is routed', () => {
    for (const protocolVersion of [V311, V5]) {
      for (const name of ['a/+', '#', 'a#', '+/b']) {
        for (const qos of [0, 1]) {
          const world = new World();
          const subscriber = world.connect();
          subscriber.subscribe('#', 1);
          const publisher = world.connect({ protocolVersion });
          const body = [
            0,
            name.length,
            ...bytesOf(name),
            ...(qos === 0 ? [] : [0, 1]),
            ...(protocolVersion === V5 ? [0] : []),
          ];
          publisher.sendBytes(Uint8Array.of(0x30 | (qos << 1), body.length, ...body));
          expect(publisher.closed).toBe(true);
          if (protocolVersion === V5) {
            expect(publisher.takeOne('disconnect').reasonCode).toBe(ReasonCode.TopicNameInvalid);
          }
          expect(subscriber.take()).toEqual([]);
        }
      }
    }
  });

  it('[MQTT-4.7.3-1] v5 v3.1.1 of no character, without an alias, ends the connection', () => {
    for (const protocolVersion of [V311, V5]) {
      const publisher = new World().connect({ protocolVersion });
      publisher.sendBytes(Uint8Array.of(0x30, 3, 0, 0, 0));
      expect(publisher.closed).toBe(true);
      if (protocolVersion === V5) {
        const { reasonCode, properties } = publisher.takeOne('disconnect');
        expect(reasonCode).toBe(ReasonCode.ProtocolError);
        expect(properties.reasonString).toMatch(/empty topic name/);
      }
    }
  });

  it('[MQTT-3.3.2-3] v5 v3.1.1 is handed on as published, to those with a filter that matches it', () => {
    for (const protocolVersion of [V311, V5]) {
      for (const qos of [0, 1] as const) {
        const world = new World();
        const filters = ['a/b', 'a/+', 'a/#', '#', '+/b', 'a', 'a/c', 'A/b', '/a/b', 'a/b/'];
        const clients = filters.map((topicFilter) => {
          const client = world.connect({ protocolVersion });
          client.subscribe(topicFilter, qos);
          return client;
        });
        world.connect({ protocolVersion }).publish('a/b', 'x', { qos });
        const reached = filters.filter((_, i) =>
          clients[i]!.takePublishes().some(({ topicName }) => topicName === 'a/b'),
        );
        expect(reached).toEqual(['a/b', 'a/+', 'a/#', '#', '+/b']);
      }
    }
  });
});

describe('Packet Identifier', () => {
  it('[MQTT-2.2.1-3] v5 [MQTT-2.3.1-1] v3.1.1 0 ends the connection, and nothing is routed', () => {
    for (const protocolVersion of [V311, V5]) {
      for (const firstByte of [0x32, 0x34, 0x3a, 0x33]) {
        const world = new World();
        const subscriber = world.connect();
        subscriber.subscribe('#', 2);
        const publisher = world.connect({ protocolVersion });
        const body = [0, 1, 0x74, 0, 0, ...(protocolVersion === V5 ? [0] : [])];
        publisher.sendBytes(Uint8Array.of(firstByte, body.length, ...body));
        expect(publisher.closed).toBe(true);
        if (protocolVersion === V5) {
          expect(publisher.takeOne('disconnect').reasonCode).toBe(ReasonCode.ProtocolError);
        }
        expect(publisher.take()).toEqual([]);
        expect(subscriber.take()).toEqual([]);
      }
    }
  });
});

describe('a property of PUBLISH', () => {
  const properties: PublishProperties = {
    payloadFormatIndicator: 1,
    contentType: 'text/plain; charset=utf-8',
    responseTopic: 'answers/to/me',
    correlationData: Uint8Array.of(0, 255, 1, 0, 0x23),
    userProperties: [
      ['b', '2'],
      ['a', '1'],
      ['b', '3'],
      ['', ''],
      ['ключ', '値'],
    ],
  };

  const titled: readonly [title: string, name: keyof PublishProperties][] = [
    [
      '[MQTT-3.3.2-4] v5 Payload Format Indicator reaches every subscriber as it was',
      'payloadFormatIndicator',
    ],
    ['[MQTT-3.3.2-15] v5 Response Topic reaches every subscriber as it was', 'responseTopic'],
    ['[MQTT-3.3.2-16] v5 Correlation Data reaches every subscriber as it was', 'correlationData'],
    ['[MQTT-3.3.2-20] v5 Content Type reaches every subscriber as it was', 'contentType'],
    [
      '[MQTT-3.3.2-17] [MQTT-3.3.2-18] v5 User Property reaches every subscriber as it was, in order',
      'userProperties',
    ],
  ];

  /** What all kinds of subscribers get of a message that is published with these properties. */
  function received(qos: 0 | 1 | 2, published: PublishProperties): PublishProperties[] {
    const world = new World();
    const publisher = world.connect();
    const kept = keptSubscriber(world);
    const plain = world.connect();
    const aliased = world.connect({ properties: { topicAliasMaximum: 5 } });
    const identified = world.connect();
    const lower = world.connect();
    const member = world.connect();
    plain.subscribe('t', 2);
    aliased.subscribe('t', 2);
    identified.subscribe('t', 2, 7);
    lower.subscribe('t', 0);
    member.subscribe('$share/g/t', 2);
    publisher.publish('t', 'x', { qos, retain: true, properties: published });
    const late = world.connect();
    late.subscribe('t', 2);
    const live = [plain, aliased, identified, lower, member, late];
    const all = qos === 0 ? live : [...live, kept.back()];
    return all.map((client) => {
      const [packet] = client.takePublishes();
      const { subscriptionIdentifiers: _, ...rest } = packet!.properties;
      return rest;
    });
  }

  for (const [title, name] of titled) {
    it(title, () => {
      for (const qos of [0, 1, 2] as const) {
        const only = { [name]: properties[name] };
        for (const got of received(qos, only)) expect(got).toEqual(only);
      }
    });
  }

  it('stays in its place among the others, whatever is taken out between them', () => {
    for (const qos of [0, 1, 2] as const) {
      for (const got of received(qos, { ...properties, topicAlias: 9 })) expect(got).toEqual(properties);
    }
  });

  it('is handed on in the order of the bytes that came, which names them in an order of its own', () => {
    const world = new World();
    const subscriber = world.connect();
    subscriber.subscribe('t');
    const list = [
      ...[0x26, 0, 1, 0x62, 0, 1, 0x32], // b: 2
      ...[0x23, 0, 4], // Topic Alias
      ...[0x09, 0, 1, 0xff], // Correlation Data
      ...[0x26, 0, 1, 0x61, 0, 1, 0x31], // a: 1
      ...[0x01, 1], // Payload Format Indicator
    ];
    world
      .connect()
      .sendBytes(Uint8Array.of(0x30, 4 + list.length + 1, 0, 1, 0x74, list.length, ...list, 0x78));
    const forwarded = list.filter((_, i) => i < 7 || i >= 10);
    expect([...subscriber.writes.at(-1)!]).toEqual([
      ...[0x30, 5 + forwarded.length, 0, 1, 0x74, forwarded.length, ...forwarded, 0x78],
    ]);
  });

  it('is dropped for clients of other versions, and nothing else is', () => {
    for (const qos of [0, 1, 2] as const) {
      const world = new World();
      const old = world.connect({ protocolVersion: V311 });
      old.subscribe('t', 2);
      world
        .connect()
        .publish('t', 'x', { qos, properties: { ...properties, messageExpiryInterval: 9, topicAlias: 1 } });
      expect(old.takePublishes()).toMatchObject([
        { topicName: 't', payload: bytesOf('x'), qos, properties: {} },
      ]);
    }
  });

  it('[MQTT-3.3.2-13] [MQTT-3.3.2-14] [MQTT-3.3.2-19] v5 that is not valid ends the connection', () => {
    const cases: readonly [bytes: readonly number[], reasonCode: ReasonCode][] = [
      [[0x08, 0, 1, 0xff], ReasonCode.MalformedPacket],
      [[0x08, 0, 1, 0x2b], ReasonCode.ProtocolError],
      [[0x08, 0, 3, 0x61, 0x2f, 0x23], ReasonCode.ProtocolError],
      [[0x03, 0, 1, 0xff], ReasonCode.MalformedPacket],
      [[0x01, 2], ReasonCode.ProtocolError],
      [[0x01, 1, 0x01, 1], ReasonCode.ProtocolError],
      [[0x02, 0, 0, 0], ReasonCode.MalformedPacket],
    ];
    for (const [list, reasonCode] of cases) {
      const world = new World();
      const subscriber = world.connect();
      subscriber.subscribe('#');
      const publisher = world.connect();
      publisher.sendBytes(Uint8Array.of(0x30, 4 + list.length, 0, 1, 0x74, list.length, ...list));
      expect(publisher.takeOne('disconnect').reasonCode).toBe(reasonCode);
      expect(publisher.closed).toBe(true);
      expect(subscriber.take()).toEqual([]);
    }
  });
});

describe('Message Expiry Interval', () => {
  it('[MQTT-3.3.2-5] v5 that has passed before delivery began deletes the message for that subscriber', () => {
    for (const qos of [1, 2] as const) {
      const world = new World();
      const kept = keptSubscriber(world);
      const publisher = world.connect();
      publisher.publish('t', 'short', { qos, properties: { messageExpiryInterval: 10 } });
      publisher.publish('t', 'long', { qos, properties: { messageExpiryInterval: 100 } });
      publisher.publish('t', 'forever', { qos });
      world.advance(10_001);
      expect(kept.back().takeTexts()).toEqual(['long', 'forever']);
      expect(world.dropped('expired')).toBe(1);
    }
  });

  it('[MQTT-3.3.2-5] v5 that has passed while its client took nothing more deletes the message for it', () => {
    const world = new World();
    const subscriber = world.connect({ properties: { receiveMaximum: 1 } });
    subscriber.subscribe('t', 1);
    const publisher = world.connect();
    publisher.publish('t', 'first', { qos: 1, properties: { messageExpiryInterval: 10 } });
    publisher.publish('t', 'second', { qos: 1, properties: { messageExpiryInterval: 10 } });
    publisher.publish('t', 'third', { qos: 1 });
    world.advance(11_000);
    expect(subscriber.takeAndAcknowledge()).toMatchObject([{ payload: bytesOf('first') }]);
    expect(subscriber.takeTexts()).toEqual(['third']);
  });

  it('[MQTT-3.3.2-6] v5 is less what the message waited in the broker', () => {
    for (const qos of [1, 2] as const) {
      const world = new World();
      const kept = keptSubscriber(world);
      world.connect().publish('t', 'x', { qos, properties: { messageExpiryInterval: 100 } });
      world.advance(40_000);
      expect(kept.back().takePublishes()[0]!.properties).toEqual({ messageExpiryInterval: 60 });
    }
  });

  it('[MQTT-3.3.2-6] v5 goes on running while a message is retained', () => {
    for (const qos of [0, 1] as const) {
      const world = new World();
      world.connect().publish('t', 'x', {
        qos: 1,
        retain: true,
        properties: { messageExpiryInterval: 100 },
      });
      world.advance(30_000);
      const subscriber = world.connect();
      subscriber.subscribe('t', qos);
      expect(subscriber.takePublishes()[0]!.properties).toEqual({ messageExpiryInterval: 70 });
    }
  });

  it('[MQTT-3.3.2-6] v5 is handed on as it is to those who get the message at once', () => {
    for (const qos of [0, 1, 2] as const) {
      for (const connect of [{}, { properties: { sessionExpiryInterval: 9 } }]) {
        const world = new World();
        const subscriber = world.connect(connect);
        subscriber.subscribe('t', qos);
        world.connect().publish('t', 'x', { qos, properties: { messageExpiryInterval: 4_294_967_295 } });
        expect(subscriber.takePublishes()[0]!.properties).toEqual({ messageExpiryInterval: 4_294_967_295 });
      }
    }
  });

  it('of 0 lets the message reach those who can take it at once, and nobody later', () => {
    for (const sessionExpiryInterval of [0, 1000]) {
      const world = new World();
      const kept = keptSubscriber(world);
      const subscriber = world.connect({ properties: { sessionExpiryInterval } });
      subscriber.subscribe('t', 1);
      world.connect().publish('t', 'x', { qos: 1, properties: { messageExpiryInterval: 0 } });
      expect(subscriber.takePublishes()).toMatchObject([{ properties: { messageExpiryInterval: 0 } }]);
      world.advance(1);
      expect(kept.back().take()).toEqual([]);
    }
  });

  it('[MQTT-4.3.3-7] v5 does not end a QoS 2 message that was sent once: it is sent again after it has passed', () => {
    const world = new World();
    const connect = { clientId: 's', cleanStart: false, properties: { sessionExpiryInterval: 1000 } };
    const before = world.connect(connect);
    before.subscribe('t', 2);
    world.connect().publish('t', 'x', { qos: 2, properties: { messageExpiryInterval: 5 } });
    const [sent] = before.takePublishes();
    before.drop();
    world.advance(60_000);
    const after = world.connect(connect);
    expect(after.takePublishes()).toEqual([
      { ...sent!, dup: true, properties: { messageExpiryInterval: 0 } },
    ]);
  });
});

describe('Topic Alias from a client', () => {
  const aliased = (topicName: string, payload: string, topicAlias: number) =>
    publishPacket(topicName, payload, { properties: { topicAlias } });

  it('[MQTT-3.3.2-12] v5 stands for its topic, for every value up to the maximum that CONNACK tells', () => {
    const world = new World({ limits: { topicAliasMaximum: 3 } });
    const subscriber = world.connect();
    subscriber.subscribe('#');
    const publisher = world.connect();
    expect(publisher.connack!.properties.topicAliasMaximum).toBe(3);
    publisher.send(
      aliased('a', '1', 1),
      aliased('b', '2', 2),
      aliased('c', '3', 3),
      aliased('', '4', 2),
      aliased('', '5', 1),
      aliased('', '6', 3),
      aliased('d', '7', 2),
      aliased('', '8', 2),
    );
    expect(subscriber.takePublishes().map(({ topicName }) => topicName)).toEqual([...'abcbacdd']);
  });

  it('[MQTT-3.3.2-7] v5 is forgotten when its connection ends', () => {
    const world = new World();
    const connect = { clientId: 'p', cleanStart: false, properties: { sessionExpiryInterval: 100 } };
    const before = world.connect(connect);
    before.send(aliased('a', '1', 1));
    before.drop();
    const subscriber = world.connect();
    subscriber.subscribe('#');
    const after = world.connect(connect);
    after.send(aliased('', '2', 1));
    expect(after.takeOne('disconnect').reasonCode).toBe(ReasonCode.ProtocolError);
    expect(after.closed).toBe(true);
    expect(subscriber.take()).toEqual([]);
  });

  it('[MQTT-3.3.2-8] v5 0 ends the connection with 0x94', () => {
    const publisher = new World().connect();
    publisher.sendBytes(Uint8Array.of(0x30, 7, 0, 1, 0x74, 3, 0x23, 0, 0));
    expect(publisher.takeOne('disconnect').reasonCode).toBe(ReasonCode.TopicAliasInvalid);
    expect(publisher.closed).toBe(true);
  });

  it('[MQTT-3.3.2-9] v5 above the maximum that CONNACK tells ends the connection with 0x94', () => {
    for (const topicAliasMaximum of [0, 3]) {
      const world = new World({ limits: { topicAliasMaximum } });
      const subscriber = world.connect();
      subscriber.subscribe('#');
      const publisher = world.connect();
      publisher.send(aliased('t', 'x', topicAliasMaximum + 1));
      expect(publisher.takeOne('disconnect').reasonCode).toBe(ReasonCode.TopicAliasInvalid);
      expect(publisher.closed).toBe(true);
      expect(subscriber.take()).toEqual([]);
    }
  });

  it('keeps its topic when the message itself is not accepted', () => {
    const world = new World({ authorizer: { authorize: ({ topic }) => ({ allowed: topic !== 'no' }) } });
    const subscriber = world.connect();
    subscriber.subscribe('#');
    const publisher = world.connect();
    publisher.send(aliased('no', '1', 1), aliased('yes', '2', 2), aliased('', '3', 1), aliased('', '4', 2));
    expect(subscriber.takeTexts()).toEqual(['2', '4']);
    expect(publisher.closed).toBe(false);
  });
});

describe('Topic Alias to a client', () => {
  /** The topics that a client understands: it keeps the aliases that it was told. */
  function understood(client: TestClient, aliases: string[], maximum: number): string[] {
    return client.takePublishes().map(({ topicName, properties }) => {
      const alias = properties.topicAlias;
      if (alias === undefined) return topicName;
      expect(alias).toBeLessThanOrEqual(maximum);
      if (topicName !== '') aliases[alias] = topicName;
      return aliases[alias] ?? `alias ${alias} was never told`;
    });
  }

  it('[MQTT-3.3.2-11] [MQTT-3.1.2-26] v5 never exceeds its maximum, and is always one that it was told', () => {
    for (const maximum of [1, 2, 3]) {
      for (const qos of [0, 1, 2] as const) {
        const world = new World();
        const subscriber = world.connect({ properties: { topicAliasMaximum: maximum } });
        subscriber.subscribe('#', qos);
        const publisher = world.connect({ protocolVersion: V311 });
        const aliases: string[] = [];
        let byAlias = 0;
        for (let i = 0; i < 600; i++) {
          // The favourite changes half-way.
          const topicName = i % 3 === 0 ? `t/${(i * 7) % 11}` : i < 300 ? 'early' : 'late';
          publisher.publish(topicName, String(i), { qos });
          expect(understood(subscriber, aliases, maximum)).toEqual([topicName]);
          const [, , high, low] = subscriber.writes.at(-1)!;
          if (high === 0 && low === 0) byAlias++;
        }
        // Two of three are the favourite's.
        expect(byAlias).toBeGreaterThan(280);
      }
    }
  });

  it('[MQTT-3.1.2-26] v5 is not used for a client that allows none', () => {
    for (const properties of [{}, { topicAliasMaximum: 0 }]) {
      const world = new World();
      const subscriber = world.connect({ properties });
      subscriber.subscribe('#', 1);
      const publisher = world.connect();
      for (let i = 0; i < 10; i++) {
        publisher.publish('t', 'x');
        publisher.publish('t', 'x', { qos: 1 });
      }
      const packets = subscriber.takePublishes();
      expect(packets).toHaveLength(20);
      for (const packet of packets) expect(packet).toMatchObject({ topicName: 't', properties: {} });
    }
  });

  it('is told again on the next connection', () => {
    const world = new World();
    const connect = {
      clientId: 's',
      cleanStart: false,
      properties: { sessionExpiryInterval: 100, topicAliasMaximum: 3 },
    };
    const before = world.connect(connect);
    before.subscribe('t', 1);
    const publisher = world.connect();
    for (let i = 0; i < 4; i++) publisher.publish('t', String(i), { qos: 1 });
    expect(understood(before, [], 3)).toEqual(['t', 't', 't', 't']);
    before.drop();
    const after = world.connect(connect);
    for (let i = 0; i < 4; i++) publisher.publish('t', String(i), { qos: 1 });
    expect(understood(after, [], 3)).toEqual(Array.from({ length: 8 }, () => 't'));
  });

  it('is not thought to be known when the packet that would have told it was dropped', () => {
    const world = new World({ limits: { outboxBytes: 2000 } });
    const subscriber = world.connect({ properties: { topicAliasMaximum: 9, maximumPacketSize: 500 } });
    subscriber.subscribe('#');
    const publisher = world.connect();
    const aliases: string[] = [];
    const seen: string[] = [];
    subscriber.stalled = true;
    for (let i = 0; i < 120; i++) {
      // Some are too large for the client, many find its outbox full.
      publisher.publish(`t/${i % 4}`, new Uint8Array(i % 5 === 0 ? 600 : 200));
      if (i % 20 === 19) {
        subscriber.unstall();
        seen.push(...understood(subscriber, aliases, 9));
        subscriber.stalled = true;
      }
    }
    expect(world.dropped('outbox-full')).toBeGreaterThan(10);
    expect(world.dropped('packet-too-large')).toBeGreaterThan(10);
    expect(seen.length).toBeGreaterThan(20);
    expect(new Set(seen)).toEqual(new Set(['t/0', 't/1', 't/2', 't/3']));
  });

  it('saves its topic name', () => {
    const world = new World();
    const subscriber = world.connect({ properties: { topicAliasMaximum: 1 } });
    const topicName = 'a/rather/long/name/of/a/topic';
    subscriber.subscribe('#');
    const publisher = world.connect();
    const lengths = [1, 2, 3, 4].map(() => {
      publisher.publish(topicName, 'x');
      return subscriber.writes.at(-1)!.length;
    });
    const plain = encodedPackets(V5, [publishPacket(topicName, 'x')]).length;
    expect(lengths).toEqual([plain, plain + 3, plain + 3 - topicName.length, plain + 3 - topicName.length]);
  });
});
