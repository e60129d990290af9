import { describe, expect, it } from 'vitest';
import { CommittingWorld } from '../commits/committing-world.ts';
import { World } from '../world/world.ts';

describe('connections', () => {
  it('as many as allowed are served, one more is refused and counted, and its place is free when one goes', () => {
    const world = new World({ limits: { connections: 2 } });
    const [first] = [world.connect(), world.connect()];
    const third = world.open();
    expect(third.closed).toBe(true);
    expect(world.core.context.metrics.connectionsRefused).toBe(1);
    first.drop();
    expect(world.connect().closed).toBe(false);
    expect(world.core.context.metrics.connectionsRefused).toBe(1);
  });
});

describe('sessions', () => {
  it('as many as allowed are kept, a client without one is refused, and one with one is not', () => {
    const world = new World({ limits: { sessions: 2 } });
    const durable = { cleanStart: false, properties: { sessionExpiryInterval: 60 } };
    world.connect({ clientId: 'a', ...durable }).drop();
    world.connect({ clientId: 'b' });
    expect(world.connecting({ clientId: 'c' }).takeOne('connack').reasonCode).toBe(0x97);
    const old = world.connecting({ clientId: 'd', protocolVersion: 4 });
    old.takeOne('connack');
    expect(old.writes[0]?.[3]).toBe(3);
    expect(world.connect({ clientId: 'a', ...durable }).connack?.sessionPresent).toBe(true);
    expect(world.core.context.metrics.connectsRefused).toBe(2);
    world.advance(1);
    world.connect({ clientId: 'a' }).disconnect();
    expect(world.connect({ clientId: 'c' }).closed).toBe(false);
  });
});

describe('maximumPacketSize', () => {
  /** A v5 PUBLISH of so many bytes in all. */
  const publishOf = (size: number): Uint8Array => {
    const packet = new Uint8Array(size).fill(0x78);
    packet.set([0x30, 0x80 | ((size - 3) & 0x7f), (size - 3) >> 7, 0, 1, 0x61, 0]);
    return packet;
  };

  it('a packet of this size is taken, a larger one ends the connection with 0x95', () => {
    const world = new World({ limits: { maximumPacketSize: 1000 } });
    const subscriber = world.connect();
    subscriber.subscribe('a');
    const client = world.connect();
    expect(client.connack?.properties.maximumPacketSize).toBe(1000);
    client.sendBytes(publishOf(1000));
    expect(subscriber.takePublishes()[0]?.payload).toHaveLength(1000 - 7);
    client.sendBytes(publishOf(1001));
    expect(client.takeOne('disconnect').reasonCode).toBe(0x95);
    expect(subscriber.take()).toEqual([]);
  });

  it('the length alone is enough to refuse it: nothing is buffered', () => {
    const world = new World({ limits: { maximumPacketSize: 1000 } });
    const client = world.connect();
    client.sendBytes(publishOf(1001).slice(0, 3));
    expect(client.takeOne('disconnect').reasonCode).toBe(0x95);
  });
});

describe('connectPacketSize', () => {
  it('bounds CONNECT, but nothing after it', () => {
    const world = new World({ limits: { connectPacketSize: 256, maximumPacketSize: 10_000 } });
    // 15 bytes of a version 5 CONNECT are not its client identifier.
    const client = world.connect({ clientId: 'c'.repeat(256 - 16) });
    client.subscribe('a');
    client.publish('a', new Uint8Array(5000));
    expect(client.takePublishes()).toHaveLength(1);
    const tooLarge = world.connecting({ clientId: 'c'.repeat(256 - 15) });
    expect(tooLarge.closed).toBe(true);
    expect(world.eventsOf('connectionRefused')).toMatchObject([{ reasonCode: 0x95 }]);
  });
});

describe('connectTimeoutMs', () => {
  it('a connection without an accepted CONNECT is closed then, not before, and counted', () => {
    const world = new World({ limits: { connectTimeoutMs: 5000 } });
    const silent = world.open();
    world.advance(4999);
    expect(silent.closed).toBe(false);
    world.advance(1);
    expect(silent.closed).toBe(true);
    expect(world.core.context.metrics.connectTimeouts).toBe(1);
    expect(world.core.gauges.connections).toBe(0);
  });

  it('ends with CONNECT, and includes authentication', () => {
    const world = new World({
      limits: { connectTimeoutMs: 5000 },
      authenticator: {
        authenticate: ({ clientId }) => (clientId === 'slow' ? undefined : { kind: 'accept' }),
      },
    });
    const [client, slow] = [world.connect(), world.connecting({ clientId: 'slow' })];
    world.advance(5000);
    expect([client.closed, slow.closed]).toEqual([false, true]);
  });
});

describe('closeTimeoutMs', () => {
  it('so long may CONNACK wait for its commit once the connection is to end', () => {
    const world = new CommittingWorld({ limits: { closeTimeoutMs: 3000 } });
    const client = world.connecting({ cleanStart: false, properties: { sessionExpiryInterval: 100 } });
    client.send({ type: 'disconnect', reasonCode: 0, properties: {} });
    world.advance(2999);
    expect(client.closed).toBe(false);
    world.advance(1);
    expect([client.closed, client.take()]).toEqual([true, []]);
    expect(world.core.gauges.connections).toBe(0);
  });

  it('a client that reads nothing more is gone then, and one that reads gets its last output', () => {
    const world = new World({ limits: { closeTimeoutMs: 3000 } });
    for (const reads of [true, false]) {
      const client = world.connect({ clientId: 'c' });
      client.stalled = true;
      client.send({ type: 'pingreq' });
      world.core.disconnect('c', 0x98, 'enough');
      world.advance(2999);
      expect(client.closed).toBe(false);
      if (reads) {
        client.unstall();
        expect(client.takeOne('disconnect').reasonCode).toBe(0x98);
      } else {
        world.advance(1);
        expect(client.take()).toEqual([]);
      }
      expect(client.closed).toBe(true);
      expect(world.core.gauges.connections).toBe(0);
    }
  });
});

describe('maximumKeepAlive', () => {
  it('is what a version 5 client is told that asks for more, and what refuses an older one', () => {
    const world = new World({ limits: { maximumKeepAlive: 60 } });
    expect(world.connect({ keepAlive: 60 }).connack?.properties.serverKeepAlive).toBeUndefined();
    expect(world.connect({ keepAlive: 61 }).connack?.properties.serverKeepAlive).toBe(60);
    expect(world.connect({ keepAlive: 0 }).connack?.properties.serverKeepAlive).toBe(60);
    expect(world.connect({ keepAlive: 60, protocolVersion: 4 }).closed).toBe(false);
    const refused = world.connecting({ keepAlive: 61, protocolVersion: 4 });
    refused.takeOne('connack');
    expect([refused.writes[0]?.[3], refused.closed]).toEqual([2, true]);
  });
});

describe('maximumSessionExpiryInterval', () => {
  it('is what CONNACK tells a client that asks for longer, and when its session ends', () => {
    const world = new World({ limits: { maximumSessionExpiryInterval: 100 } });
    const at = world.connect({ clientId: 'at', properties: { sessionExpiryInterval: 100 } });
    const past = world.connect({ clientId: 'past', properties: { sessionExpiryInterval: 101 } });
    expect(at.connack?.properties.sessionExpiryInterval).toBeUndefined();
    expect(past.connack?.properties.sessionExpiryInterval).toBe(100);
    const old = world.connect({ clientId: 'old', protocolVersion: 4, cleanStart: false });
    const later = world.connect({ clientId: 'later', properties: { sessionExpiryInterval: 1 } });
    later.disconnect(0, { sessionExpiryInterval: 1000 });
    for (const client of [at, past, old]) client.drop();
    world.advance(99_999);
    expect(world.core.gauges.sessions).toBe(4);
    world.advance(1);
    expect(world.core.gauges.sessions).toBe(0);
  });
});

describe('malformedLogPerMinute', () => {
  it('so many lines are written in a minute, and later how many were left out', () => {
    const world = new World({ limits: { malformedLogPerMinute: 3 } });
    const misbehave = (): void => world.open().sendBytes(Uint8Array.of(0xc0, 0));
    for (let i = 0; i < 3; i++) misbehave();
    expect(world.log).toHaveLength(3);
    for (let i = 0; i < 5; i++) misbehave();
    expect(world.log).toHaveLength(3);
    world.advance(60_000);
    misbehave();
    expect(world.log.slice(3).map(({ code }) => code)).toEqual(['peer-log-limited', 'connection-refused']);
    expect(world.log[3]?.text).toMatch(/^5 /);
  });
});
