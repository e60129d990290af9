import { ReasonCode } from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import { TestAuthenticator } from '../world/test-authenticator.ts';
import { World } from '../world/world.ts';

const V311 = 4;

describe('a bound on connections', () => {
  test('of a user refuses the next one with 0x97 and says whose bound it is', () => {
    const world = new World({ rates: { perUser: { connections: 2 } } });
    world.connect({ username: 'anna' });
    const second = world.connect({ username: 'anna' });
    const third = world.connecting({ username: 'anna' });
    expect(third.takeOne('connack')).toMatchObject({
      reasonCode: ReasonCode.QuotaExceeded,
      properties: { reasonString: 'user "anna" has 2 connections, as many as it may (connections 2)' },
    });
    expect(third.closed).toBe(true);
    expect(world.core.context.metrics).toMatchObject({ connectsRefused: 1, connectsBeyondRate: 1 });
    world.connect({ username: 'bert' });
    world.connect(); // nobody's
    second.disconnect();
    world.connect({ username: 'anna' });
  });

  test('before MQTT 5.0 is told by return code 3', () => {
    const world = new World({ rates: { perUser: { connections: 1 } } });
    world.connect({ username: 'anna' });
    const second = world.connecting({ username: 'anna', protocolVersion: V311 });
    expect(second.takeOne('connack').reasonCode).toBe(ReasonCode.ServerUnavailable);
  });

  test('lets a client take the place of its own connection', () => {
    const world = new World({ rates: { perUser: { connections: 1 }, perAddress: { connections: 1 } } });
    const first = world.connect({ username: 'anna', clientId: 'a' });
    world.connect({ username: 'anna', clientId: 'a' });
    expect(first.closed).toBe(true);
    expect(world.connecting({ username: 'anna', clientId: 'b' }).takeOne('connack').reasonCode).toBe(
      ReasonCode.QuotaExceeded,
    );
  });

  test('of an address is told before anybody is authenticated', () => {
    const authenticator = new TestAuthenticator();
    const world = new World({ rates: { perAddress: { connections: 1 } }, authenticator });
    world.connecting();
    const asked = authenticator.attempts.length;
    const second = world.connecting();
    expect(second.takeOne('connack').reasonCode).toBe(ReasonCode.QuotaExceeded);
    expect(authenticator.attempts).toHaveLength(asked);
    world.peer = '192.0.2.7:1';
    world.connecting();
    expect(authenticator.attempts).toHaveLength(asked + 1);
  });

  test('of an address closes at once what comes beyond twice as many', () => {
    const world = new World({ rates: { perAddress: { connections: 2 } } });
    const open = Array.from({ length: 4 }, () => world.open());
    expect(open.every(({ closed }) => !closed)).toBe(true);
    expect(world.open().closed).toBe(true);
    const { metrics } = world.core.context;
    expect(metrics).toMatchObject({ connectionsRefused: 1, connectionsBeyondRate: 1, connectsBeyondRate: 0 });
    open[0]!.drop();
    expect(world.open().closed).toBe(false);
  });

  test('of a listener holds for all its connections', () => {
    const world = new World();
    world.listenerPolicy = { rates: { connections: 1 } };
    world.connect();
    world.peer = '192.0.2.7:1';
    expect(world.connecting().takeOne('connack').properties.reasonString).toBe(
      'listener test has 1 connections, as many as it may (connections 1)',
    );
    world.listener = 'other';
    world.listenerPolicy = undefined;
    world.connect();
  });
});

describe('a rate of connecting', () => {
  test('of an address is told with 0x9F, and is over when time has passed', () => {
    const world = new World({ rates: { perAddress: { connectsPerSecond: 2 } } });
    world.connect();
    world.connect();
    const third = world.connecting();
    expect(third.takeOne('connack')).toMatchObject({
      reasonCode: ReasonCode.ConnectionRateExceeded,
      properties: { reasonString: 'address test connects more often than it may (connectsPerSecond 2)' },
    });
    const old = world.connecting({ protocolVersion: V311 });
    expect(old.takeOne('connack').reasonCode).toBe(ReasonCode.ServerUnavailable);
    expect(world.core.context.metrics.connectsBeyondRate).toBe(2);
    world.advance(499);
    expect(world.connecting().takeOne('connack').reasonCode).toBe(ReasonCode.ConnectionRateExceeded);
    world.advance(1);
    world.connect();
  });

  test('of a minute may be used at once', () => {
    const world = new World({ rates: { perAddress: { connectsPerMinute: 30 } } });
    for (let i = 0; i < 30; i++) world.connect();
    expect(world.connecting().takeOne('connack').reasonCode).toBe(ReasonCode.ConnectionRateExceeded);
    world.advance(2000);
    world.connect();
  });

  test('of a client holds across its connections, also when it comes from elsewhere', () => {
    const world = new World({ rates: { perClient: { connectsPerMinute: 2 } } });
    for (const peer of ['192.0.2.1:1', '192.0.2.2:1']) {
      world.peer = peer;
      world.connect({ clientId: 'flapping' }).drop();
    }
    world.peer = '192.0.2.3:1';
    expect(world.connecting({ clientId: 'flapping' }).takeOne('connack').reasonCode).toBe(
      ReasonCode.ConnectionRateExceeded,
    );
    world.connect({ clientId: 'other' });
  });

  test('is not used up by attempts that are refused for it', () => {
    const world = new World({ rates: { perClient: { connectsPerSecond: 1 } } });
    world.connect({ clientId: 'c' });
    for (let i = 0; i < 100; i++) world.connecting({ clientId: 'c' });
    world.advance(1000);
    world.connect({ clientId: 'c' });
  });
});

describe('a bound on subscriptions', () => {
  test('refuses the next one with 0x97, and lets one be replaced', () => {
    const world = new World({ rates: { perClient: { subscriptions: 2 } } });
    const client = world.connect();
    expect(client.subscribe([{ topicFilter: 'a' }, { topicFilter: 'b' }, { topicFilter: 'c' }])).toEqual([
      0,
      0,
      ReasonCode.QuotaExceeded,
    ]);
    expect(client.subscribe('b', 1)).toEqual([1]);
    client.unsubscribe('a');
    expect(client.subscribe('c')).toEqual([0]);
    expect(client.subscribe('d')).toEqual([ReasonCode.QuotaExceeded]);
    expect(world.core.context.metrics.subscriptionsBeyondRate).toBe(2);
  });

  test('of a user counts those of its connected clients, sessions that come back included', () => {
    const world = new World({ rates: { perUser: { subscriptions: 3 } } });
    const properties = { sessionExpiryInterval: 100 };
    const first = world.connect({ username: 'u', clientId: 'first', cleanStart: false, properties });
    first.subscribe([{ topicFilter: 'a' }, { topicFilter: 'b' }]);
    const second = world.connect({ username: 'u' });
    expect(second.subscribe([{ topicFilter: 'a' }, { topicFilter: 'b' }])).toEqual([
      0,
      ReasonCode.QuotaExceeded,
    ]);
    first.disconnect();
    expect(second.subscribe('b')).toEqual([0]);
    world.connect({ username: 'u', clientId: 'first', cleanStart: false, properties });
    expect(second.subscribe('c')).toEqual([ReasonCode.QuotaExceeded]);
  });
});

describe('what is remembered of who is away', () => {
  test('is forgotten once nothing of it matters any more, and within its limit', () => {
    const world = new World({
      rates: { perClient: { connectsPerMinute: 60 } },
      limits: { rememberedRates: 10 },
    });
    for (let i = 0; i < 100; i++) world.connect({ clientId: `c${i}` }).drop();
    expect(world.core.context.rates.size).toBeLessThanOrEqual(11);
    world.advance(60_000);
    for (let i = 0; i < 10; i++) {
      world.connect({ clientId: `d${i}` }).drop();
    }
    expect(world.core.context.rates.size).toBeLessThanOrEqual(11);
    world.advance(60_000);
    const last = world.connect({ clientId: 'last' });
    for (let i = 0; i < 10; i++) {
      world.connect({ clientId: 'one' }).drop();
      world.advance(60_000);
    }
    expect(world.core.context.rates.size).toBeLessThanOrEqual(2);
    last.drop();
  });

  test('holds no memory for who is refused, however many come', () => {
    const world = new World({
      rates: { perAddress: { connectsPerSecond: 1 }, perClient: { connectsPerSecond: 1 } },
      limits: { rememberedRates: 5 },
    });
    for (let i = 0; i < 1000; i++) world.connecting({ clientId: `c${i}` });
    expect(world.core.context.rates.size).toBeLessThanOrEqual(7);
  });
});
