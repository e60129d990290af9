import { describe, expect, it } from 'vitest';
import { TestAuthorizer } from '../rights/test-authorizer.ts';
import { publishPacket } from '../world/packets.ts';
import { World } from '../world/world.ts';

const WANTED = { qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 0 } as const;

describe('subscriptionsPerSession', () => {
  it('as many are granted, one more is answered with 0x97 or 0x80, and a known one may be replaced', () => {
    const world = new World({ limits: { subscriptionsPerSession: 2 } });
    const client = world.connect();
    expect(client.subscribe(['a', '$share/g/b', 'c'].map((topicFilter) => ({ topicFilter })))).toEqual([
      0, 0, 0x97,
    ]);
    expect(client.subscribe('a', 1)).toEqual([1]);
    client.unsubscribe('a');
    expect(client.subscribe('c')).toEqual([0]);
    const old = world.connect({ protocolVersion: 4 });
    expect(old.subscribe(['a', 'b', 'c'].map((topicFilter) => ({ topicFilter })))).toEqual([0, 0, 0x80]);
    expect(world.core.context.metrics.subscriptionsRefused).toBe(2);
  });
});

describe('filterBytesPerSession', () => {
  it('topic filters may be so long together; what would go beyond is answered with 0x97, and unsubscribing makes room', () => {
    const world = new World({ limits: { filterBytesPerSession: 1024 } });
    const client = world.connect();
    const [first, second] = ['a'.repeat(1000), 'b'.repeat(24)];
    expect(client.subscribe([first, second, 'c'].map((topicFilter) => ({ topicFilter })))).toEqual([
      0, 0, 0x97,
    ]);
    expect(client.subscribe(first, 1)).toEqual([1]);
    client.unsubscribe(second);
    expect(client.subscribe('c'.repeat(24))).toEqual([0]);
    expect(client.subscribe('d')).toEqual([0x97]);
  });
});

describe('filtersPerPacket', () => {
  const named = (count: number): string[] => Array.from({ length: count }, (_, i) => `f/${i}`);

  it.each([4, 5] as const)(
    'in version %i, as many are answered one by one; one more ends the connection, and nothing of it is done',
    (protocolVersion) => {
      const authorizer = new TestAuthorizer();
      const world = new World({ authorizer, limits: { filtersPerPacket: 3 } });
      const client = world.connect({ protocolVersion, clientId: 'c' });
      expect(client.subscribe(named(3).map((topicFilter) => ({ topicFilter })))).toEqual([0, 0, 0]);
      expect(client.unsubscribe(...named(3))).toHaveLength(protocolVersion === 5 ? 3 : 0);
      const subscriptions = named(4).map((topicFilter) => ({ ...WANTED, topicFilter }));
      client.send({ type: 'subscribe', packetId: 9, subscriptions, properties: {} });
      expect(authorizer.asked).toHaveLength(3);
      expect(world.eventsOf('subscribed')).toHaveLength(3);
      expect(client.closed).toBe(true);
      if (protocolVersion === 5) expect(client.takeOne('disconnect').reasonCode).toBe(0x97);
      expect(client.take()).toEqual([]);
    },
  );

  it('an UNSUBSCRIBE with one more takes none of them off', () => {
    const world = new World({ limits: { filtersPerPacket: 3 } });
    const client = world.connect({ clientId: 'c', properties: { sessionExpiryInterval: 9 } });
    client.subscribe('f/0');
    client.send({ type: 'unsubscribe', packetId: 9, topicFilters: named(4), properties: {} });
    expect(client.takeOne('disconnect').reasonCode).toBe(0x97);
    expect(world.core.gauges.subscriptions).toBe(1);
  });

  it('properties before the filters are not taken for filters', () => {
    const client = new World({ limits: { filtersPerPacket: 1 } }).connect();
    const userProperties = Array.from({ length: 50 }, (_, i) => ['', `${i}`] as const);
    const subscriptions = [{ ...WANTED, topicFilter: 'a' }];
    client.send({ type: 'subscribe', packetId: 9, subscriptions, properties: { userProperties } });
    expect(client.takeOne('suback').reasonCodes).toEqual([0]);
  });

  it('bounds what one packet costs, whatever is in it', () => {
    const client = new World().connect();
    const body = new Uint8Array(3 + 2_000_000 * 3).fill(0x61);
    body.set([0, 1, 0]);
    for (let at = 3; at < body.length; at += 3) body.set([0, 1], at);
    // Its Remaining Length is 6,000,003.
    client.sendBytes(Uint8Array.of(0xa2, 0x83, 0x9b, 0xee, 0x02, ...body.subarray(0, 11)));
    client.sendBytes(body.subarray(11));
    expect(client.takeOne('disconnect').reasonCode).toBe(0x97);
  });
});

describe('subscriptions', () => {
  it('as many are granted to all sessions together, and each that ends makes room', () => {
    const world = new World({ limits: { subscriptions: 2 } });
    const [first, second] = [world.connect(), world.connect({ protocolVersion: 4 })];
    expect([first.subscribe('a'), second.subscribe('a'), second.subscribe('b')]).toEqual([[0], [0], [0x80]]);
    expect(first.subscribe('b')).toEqual([0x97]);
    first.disconnect();
    expect(second.subscribe('b')).toEqual([0]);
    expect(world.core.gauges.subscriptions).toBe(2);
  });
});

describe.each([
  ['topicLevels', { topicLevels: 3 }, 'a/b/c', 'a/b/c/d'],
  ['topicBytes', { topicBytes: 20 }, 'é/23456789012345678', 'é/234567890123456789'],
] as const)('%s', (_, limits, at, past) => {
  it.each([0, 1, 2] as const)(
    'a topic name at it is routed at QoS %i, one past it ends the connection with 0x90',
    (qos) => {
      const world = new World({ limits });
      const subscriber = world.connect();
      subscriber.subscribe('#');
      const publisher = world.connect();
      publisher.publish(at, 'x', { qos });
      publisher.take();
      publisher.publish(past, 'x', { qos });
      expect(publisher.takeOne('disconnect').reasonCode).toBe(0x90);
      expect(subscriber.takePublishes().map(({ topicName }) => topicName)).toEqual([at]);
      const old = world.connect({ protocolVersion: 4 });
      old.publish(past, 'x', { qos });
      expect(old.closed).toBe(true);
    },
  );

  it('a topic filter at it is granted, one past it is answered with 0x8F or 0x80, shared or not', () => {
    const world = new World({ limits });
    // A shared filter counts with its prefix in bytes, and without it in levels.
    const shared = 'topicBytes' in limits ? at.slice(9) : at;
    const wanted = [at, past, `$share/g/${shared}`, `$share/g/${shared}/x`].map((topicFilter) => ({
      topicFilter,
    }));
    expect(world.connect().subscribe(wanted)).toEqual([0, 0x8f, 0, 0x8f]);
    expect(world.connect({ protocolVersion: 4 }).subscribe(wanted)).toEqual([0, 0x80, 0, 0x80]);
  });

  it('is that of $SYS too: what is past it is left out', () => {
    const world = new World({ limits, habits: { sysInterval: 10 } });
    world.advance(10_000);
    expect(world.core.gauges.retainedMessages).toBeGreaterThan(0);
    expect(world.log).toEqual([]);
  });

  it('a will at it is accepted, one past it refuses the CONNECT with 0x90', () => {
    const world = new World({ limits });
    const will = { payload: new Uint8Array(1), qos: 0, retain: false, properties: {} } as const;
    expect(world.connect({ will: { ...will, topicName: at } }).closed).toBe(false);
    expect(world.connecting({ will: { ...will, topicName: past } }).takeOne('connack').reasonCode).toBe(0x90);
  });
});

describe('internedTopics', () => {
  it('bounds the names that are remembered to twice as many; all are routed, also when forgotten between', () => {
    const world = new World({ limits: { internedTopics: 64 } });
    const subscriber = world.connect();
    subscriber.subscribe('t/#');
    const publisher = world.connect();
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 500; i++) {
        publisher.publish(`t/${i}`, `${i}`);
        expect(world.core.gauges.internedTopics).toBeLessThanOrEqual(128);
      }
    }
    expect(subscriber.takePublishes().map(({ topicName }) => topicName)).toEqual(
      Array.from({ length: 1000 }, (_, i) => `t/${i % 500}`),
    );
    expect(world.core.gauges.internedTopics).toBeGreaterThan(64);
  });
});

describe('rememberedRights', () => {
  it('decisions for as many topics are remembered, and beyond the authoriser is asked again', () => {
    const authorizer = new TestAuthorizer();
    const publisher = new World({ authorizer, limits: { rememberedRights: 3 } }).connect();
    for (let round = 0; round < 3; round++) for (const name of ['a', 'b', 'c']) publisher.publish(name, 'x');
    expect(authorizer.asked).toHaveLength(3);
    publisher.publish('d', 'x');
    publisher.publish('a', 'x');
    expect(authorizer.asked).toHaveLength(5);
  });
});

describe('topicAliasMaximum', () => {
  it('the alias at it may be used, the next ends the connection with 0x94', () => {
    const world = new World({ limits: { topicAliasMaximum: 3 } });
    const publisher = world.connect();
    expect(publisher.connack?.properties.topicAliasMaximum).toBe(3);
    publisher.publish('a', 'x', { properties: { topicAlias: 3 } });
    expect(publisher.closed).toBe(false);
    publisher.publish('a', 'x', { properties: { topicAlias: 4 } });
    expect(publisher.takeOne('disconnect').reasonCode).toBe(0x94);
  });
});

describe('outboundTopicAliases', () => {
  it('as many are used towards a client that allows more, for the topics used most', () => {
    const world = new World({ limits: { outboundTopicAliases: 2 } });
    const subscriber = world.connect({ properties: { topicAliasMaximum: 100 } });
    subscriber.subscribe('#');
    const publisher = world.connect();
    const often = ['a', 'b', 'c', 'd'].flatMap((name) =>
      Array.from({ length: 10 }, () => publishPacket(name, 'x')),
    );
    publisher.send(...often);
    const aliases = subscriber.takePublishes().map(({ properties }) => properties.topicAlias ?? 0);
    expect(Math.max(...aliases)).toBe(2);
    publisher.send(...Array.from({ length: 50 }, () => publishPacket('d', 'x')));
    expect(subscriber.takePublishes().at(-1)).toMatchObject({
      topicName: '',
      properties: { topicAlias: expect.any(Number) },
    });
  });

  it('0 uses none', () => {
    const world = new World({ limits: { outboundTopicAliases: 0 } });
    const subscriber = world.connect({ properties: { topicAliasMaximum: 100 } });
    subscriber.subscribe('#');
    world.connect().send(...Array.from({ length: 5 }, () => publishPacket('a', 'x')));
    expect(
      subscriber.takePublishes().filter(({ properties }) => properties.topicAlias !== undefined),
    ).toEqual([]);
  });
});
