import { describe, expect, it } from 'vitest';
import { resolveProfile } from '../../src/core/options/resolve-profile.ts';
import { TestAuthorizer } from '../rights/test-authorizer.ts';
import { TestAuthenticator } from '../world/test-authenticator.ts';
import { bytesOf, World } from '../world/world.ts';

describe('limits that change', () => {
  it('hold at once for connected clients, and those left out have their defaults again', () => {
    const world = new World({ limits: { subscriptionsPerSession: 1, retainedMessages: 0 } });
    const client = world.connect();
    expect(client.subscribe('a')).toEqual([0]);
    expect(client.subscribe('b')).toEqual([0x97]);
    world.reconfigure({ limits: { subscriptionsPerSession: 2 } });
    expect(client.subscribe('b')).toEqual([0]);
    expect(client.subscribe('c')).toEqual([0x97]);
    client.publish('r', 'kept', { retain: true });
    expect(world.core.gauges.retainedMessages).toBe(1);
  });

  it('concern the outbox of a client that does not read', () => {
    const world = new World();
    const subscriber = world.connect({ clientId: 's' });
    subscriber.subscribe('#');
    subscriber.stalled = true;
    const publisher = world.connect();
    const publish = (): void => {
      for (let i = 0; i < 10; i++) publisher.publish('t', 'x'.repeat(1000));
    };
    publish();
    expect(world.dropped('outbox-full')).toBe(0);
    world.reconfigure({ limits: { outboxBytes: 1024 } });
    publish();
    expect(world.dropped('outbox-full')).toBe(10);
    world.reconfigure({ limits: { outboxBytesInAll: 1024 } });
    publish();
    expect(world.dropped('outbox-full')).toBe(20);
    world.reconfigure({});
    publish();
    expect(world.dropped('outbox-full')).toBe(20);
  });

  it('concern the names of topics that were named before', () => {
    const world = new World();
    const client = world.connect();
    client.publish('a/b/c', 'x', { qos: 1 });
    world.reconfigure({ limits: { topicLevels: 2 } });
    client.publish('a/b/c', 'x', { qos: 1 });
    expect(client.takeOne('disconnect').reasonCode).toBe(0x90);
  });

  it('leave a connected client what its CONNACK told it', () => {
    const world = new World({
      limits: { maximumPacketSize: 4096, receiveMaximum: 10, topicAliasMaximum: 5 },
    });
    const before = world.connect();
    world.reconfigure({ limits: { maximumPacketSize: 512, receiveMaximum: 20, topicAliasMaximum: 6 } });
    const after = world.connect();
    expect(after.connack?.properties).toMatchObject({
      maximumPacketSize: 512,
      receiveMaximum: 20,
      topicAliasMaximum: 6,
    });
    before.publish('a', 'x'.repeat(1000), { qos: 1 });
    expect(before.takeOne('puback').reasonCode).toBe(0x10);
    after.publish('a', 'x'.repeat(1000), { qos: 1 });
    expect(after.takeOne('disconnect').reasonCode).toBe(0x95);
  });

  it('are seen by whoever has the profile, and bound how many drops are remembered', () => {
    const world = new World({ limits: { recentDropsPerReason: 3 } });
    const { profile, outcomes } = world.core.context;
    const { limits } = profile;
    const client = world.connect();
    const publish = (...topics: string[]): void => {
      for (const topic of topics) client.publish(topic, 'x');
    };
    const remembered = (): string[] => outcomes.latest().map(({ topicName }) => topicName);
    publish('a', 'b', 'c', 'd');
    expect(remembered()).toEqual(['b', 'c', 'd']);
    world.reconfigure({ limits: { recentDropsPerReason: 2, sessions: 7 } });
    expect(limits.sessions).toBe(7);
    expect(profile).toBe(world.core.context.profile);
    expect(remembered()).toEqual(['c', 'd']);
    publish('e');
    expect(remembered()).toEqual(['d', 'e']);
    world.reconfigure({ limits: { recentDropsPerReason: 4 } });
    publish('f', 'g', 'h');
    expect(remembered()).toEqual(['e', 'f', 'g', 'h']);
    world.reconfigure({ limits: { recentDropsPerReason: 0 } });
    publish('i');
    expect(remembered()).toEqual([]);
  });

  it('bound the lines of the log', () => {
    const world = new World({ limits: { malformedLogPerMinute: 0 } });
    const break_ = (): void => world.open().sendBytes(bytesOf('GET / HTTP/1.1'));
    break_();
    expect(world.log).toEqual([]);
    world.reconfigure({ limits: { malformedLogPerMinute: 1 } });
    break_();
    break_();
    expect(world.log).toHaveLength(1);
  });
});

describe('habits that change', () => {
  it('are what the next message and the next client see', () => {
    const world = new World({ habits: { tellNoMatchingSubscribers: false } });
    const client = world.connect();
    client.publish('a', 'x', { qos: 1 });
    expect(client.takeOne('puback').reasonCode).toBe(0);
    world.reconfigure({ habits: { tellNoMatchingSubscribers: true, durability: 'os' } });
    client.publish('a', 'x', { qos: 1 });
    expect(client.takeOne('puback').reasonCode).toBe(0x10);
  });

  it('switch $SYS on and off', () => {
    const world = new World();
    const client = world.connect();
    client.subscribe('$SYS/broker/uptime');
    world.reconfigure({ habits: { sysInterval: 10 } });
    expect(client.takeTexts()).toEqual(['0 seconds']);
    world.advance(10_050);
    expect(client.takeTexts()).toEqual(['10 seconds']);
    world.reconfigure({});
    world.advance(60_000);
    expect(client.takeTexts()).toEqual([]);
  });

  it('promise anew what topics promise, also of topics that were named before', () => {
    const world = new World();
    const client = world.connect();
    const { levels } = world.core.context;
    client.publish('a', 'x', { retain: true });
    const levelOf = (): number => {
      client.publish('a', 'x', { retain: true });
      return world.core.retaining.messages.get('a')!.durability;
    };
    expect(levelOf()).toBe(2);
    const rule = (durability: 'os' | 'memory') => [{ topicFilter: '#', durability }];
    world.reconfigure({ habits: { topicDurability: rule('memory') } });
    expect(levelOf()).toBe(0);
    world.reconfigure({ habits: { topicDurability: rule('os'), durability: 'memory' } });
    expect([levelOf(), levels.ofBroker, levels.ofIdentifiers]).toEqual([1, 0, 2]);
    world.reconfigure({ habits: { durability: 'disk' } });
    expect(levelOf()).toBe(2);
  });
});

describe('another authoriser', () => {
  it('is asked about the next packet of connected clients, whoever was asked before', () => {
    const world = new World();
    const client = world.connect({ clientId: 'c', username: 'u' });
    const publish = (): number => {
      client.publish('a', 'x', { qos: 1 });
      return client.takeOne('puback').reasonCode;
    };
    expect(publish()).toBe(0x10);
    const strict = new TestAuthorizer();
    strict.rule = ({ client: { clientId, username } }) => ({
      allowed: false,
      reasonString: `${clientId} ${username}`,
    });
    world.reconfigure({ authorizer: strict });
    client.publish('a', 'x', { qos: 1 });
    expect(client.takeOne('puback')).toMatchObject({
      reasonCode: 0x87,
      properties: { reasonString: 'c u' },
    });
    world.reconfigure({});
    expect(publish()).toBe(0x87);
    world.reconfigure({ authorizer: null });
    expect(publish()).toBe(0x10);
  });

  it('answers what the one before it was asked, and never answered', () => {
    const slow = new TestAuthorizer();
    slow.rule = () => 'late';
    const world = new World({ authorizer: slow });
    const client = world.connect();
    client.publish('a', 'x', { qos: 1 });
    expect(client.paused).toBe(true);
    const quick = new TestAuthorizer();
    world.reconfigure({ authorizer: quick });
    expect(client.takeOne('puback').reasonCode).toBe(0x10);
    expect(client.paused).toBe(false);
    expect(quick.asked).toEqual(['publish a 1']);
    slow.answer({ allowed: false });
    world.turn();
    expect(client.take()).toEqual([]);
  });

  it('answers for the will of a client that is just connecting', () => {
    const slow = new TestAuthorizer();
    slow.rule = () => 'late';
    const world = new World({ authorizer: slow });
    const will = { topicName: 'w', payload: bytesOf('x'), qos: 0, retain: false, properties: {} } as const;
    const client = world.connecting({ will });
    expect(client.take()).toEqual([]);
    world.reconfigure({ authorizer: null });
    expect(client.takeOne('connack').reasonCode).toBe(0);
    slow.answer({ allowed: false });
    world.turn();
    expect(client.closed).toBe(false);
  });
});

describe('another authenticator', () => {
  it('is asked instead of the one that has not answered, and leaves connected clients alone', () => {
    const slow = new TestAuthenticator();
    const world = new World();
    const connected = world.connect();
    world.reconfigure({ authenticator: slow });
    const client = world.connecting({ username: 'u', password: bytesOf('p') });
    expect(client.take()).toEqual([]);
    const strict = new TestAuthenticator(() => ({ kind: 'refuse', reasonCode: 0x86 }));
    world.reconfigure({ authenticator: strict });
    expect(client.takeOne('connack').reasonCode).toBe(0x86);
    expect(strict.attempts).toHaveLength(1);
    expect(strict.attempts[0]).toMatchObject({ username: 'u', password: bytesOf('p') });
    slow.answer(world, { kind: 'accept' });
    expect(client.take()).toEqual([]);
    expect(connected.closed).toBe(false);
    expect(world.core.context.metrics.connectsReceived).toBe(2);
  });

  it('ends what was begun in AUTH packets, with 0x89', () => {
    const challenge = new TestAuthenticator(() => ({ kind: 'continue' }));
    const world = new World({ authenticator: challenge });
    const client = world.connecting({ properties: { authenticationMethod: 'M' } });
    client.takeOne('auth');
    world.reconfigure({ authenticator: new TestAuthenticator() });
    expect(client.takeOne('connack').reasonCode).toBe(0x89);
    expect(client.closed).toBe(true);
  });

  it('ends a re-authentication that is under way, and the connection with it', () => {
    let step = 0;
    const world = new World({
      authenticator: new TestAuthenticator(() => ({ kind: step++ === 0 ? 'accept' : 'continue' })),
    });
    const properties = { authenticationMethod: 'M' };
    const client = world.connect({ properties });
    const other = world.connecting({ properties });
    client.send({ type: 'auth', reasonCode: 0x19, properties });
    client.takeOne('auth');
    world.reconfigure({ authenticator: null });
    expect(client.takeOne('disconnect').reasonCode).toBe(0x89);
    expect(other.take().at(-1)).toMatchObject({ type: 'connack', reasonCode: 0x89 });
  });

  it('is asked by the next re-authentication; without any, the method is not supported any more', () => {
    const properties = { authenticationMethod: 'M' };
    const world = new World({ authenticator: new TestAuthenticator(() => ({ kind: 'accept' })) });
    const client = world.connect({ properties });
    const second = new TestAuthenticator(() => ({ kind: 'accept' }));
    world.reconfigure({ authenticator: second });
    client.send({ type: 'auth', reasonCode: 0x19, properties });
    expect(client.takeOne('auth').reasonCode).toBe(0);
    expect(second.attempts).toHaveLength(1);
    world.reconfigure({ authenticator: null });
    client.send({ type: 'auth', reasonCode: 0x19, properties });
    expect(client.takeOne('disconnect').reasonCode).toBe(0x8c);
  });
});

describe('a profile that is impossible', () => {
  it('is refused as a whole, and nothing has changed', () => {
    const world = new World({ limits: { sessions: 5 } });
    expect(() => world.reconfigure({ limits: { sessions: 0 } })).toThrow(RangeError);
    expect(world.core.context.profile).toEqual(resolveProfile({ sysInterval: 0, limits: { sessions: 5 } }));
  });
});
