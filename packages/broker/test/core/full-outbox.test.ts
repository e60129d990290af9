import { ProtocolVersion } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { CommittingWorld } from '../commits/committing-world.ts';
import { publishPacket } from '../world/packets.ts';
import type { TestClient } from '../world/test-client.ts';
import { World } from '../world/world.ts';

describe('messages that find the outbox full within one turn', () => {
  it('leave without being asked for when the client reads as fast as they come', () => {
    for (const sessionExpiryInterval of [0, 100]) {
      for (const filler of [0, 1] as const) {
        const world = new World({ limits: { outboxBytes: 1024 } });
        const subscriber = world.connect({ properties: { sessionExpiryInterval } });
        subscriber.subscribe('t', 1);
        world
          .connect({ protocolVersion: ProtocolVersion.V311 })
          .send(
            publishPacket('t', 'a'.repeat(1500), { qos: filler, packetId: filler === 0 ? 0 : 1 }),
            ...['b', 'c', 'd'].map((payload, i) => publishPacket('t', payload, { qos: 1, packetId: i + 2 })),
          );
        expect(subscriber.takeTexts().map((text) => text[0])).toEqual(['a', 'b', 'c', 'd']);
      }
    }
  });

  it('leave when a client that had stopped reading reads again', () => {
    const world = new World({ limits: { outboxBytes: 1024 } });
    const subscriber = world.connect();
    subscriber.subscribe('t', 1);
    const publisher = world.connect();
    subscriber.stalled = true;
    for (let i = 0; i < 20; i++) publisher.publish('t', String(i).padStart(300, ' '), { qos: 1 });
    subscriber.unstall();
    expect(subscriber.takeTexts().map(Number)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
});

describe('an outbox that a single turn fills', () => {
  it('lets what waited for room go also when retained messages had it written within the turn', () => {
    const world = new World({ limits: { outboxBytes: 1024, retainedBatch: 5 } });
    const publisher = world.connect();
    for (let i = 0; i < 40; i++) publisher.publish(`r/${i}`, 'x', { retain: true });
    const client = world.connect();
    client.subscribe('t', 1);
    const subscription = { noLocal: false, retainAsPublished: false, retainHandling: 0, qos: 0 } as const;
    const pings = Array.from({ length: 700 }, () => ({ type: 'pingreq' }) as const);
    client.send(
      {
        type: 'subscribe',
        packetId: 1,
        subscriptions: [{ topicFilter: 'r/#', ...subscription }],
        properties: {},
      },
      ...pings,
      publishPacket('t', 'waited', { qos: 1, packetId: 9 }),
    );
    const texts = client.takeTexts();
    expect(texts.filter((text) => text === 'x')).toHaveLength(40);
    expect(texts).toContain('waited');
  });

  it('lets what waited for room go when the turn’s output has left', () => {
    const world = new World({ limits: { outboxBytes: 1024 } });
    const client = world.connect({ protocolVersion: ProtocolVersion.V311 });
    client.subscribe('t', 1);
    const pings = Array.from({ length: 600 }, () => ({ type: 'pingreq' }) as const);
    client.send(...pings, publishPacket('t', 'x', { qos: 1, packetId: 9 }));
    expect(client.takeTexts()).toEqual(['x']);
  });
});

describe('answers that wait for a commit', () => {
  it('are no longer asked for once the outbox’s limit is reached, and go on afterwards', () => {
    const world = new CommittingWorld({ limits: { outboxBytes: 1024 } });
    const client = world.durable('d');
    for (let i = 0; i < 2000 && !client.paused; i++) {
      client.send({
        type: 'subscribe',
        packetId: client.nextPacketId(),
        subscriptions: [
          { topicFilter: 't', qos: 0, noLocal: false, retainAsPublished: false, retainHandling: 2 },
        ],
        properties: {},
      });
    }
    expect(client.paused).toBe(true);
    expect(client.closed).toBe(false);
    world.settle();
    expect(client.paused).toBe(false);
  });

  it('behind a CONNACK that is not kept yet are bounded too', () => {
    const world = new CommittingWorld({ limits: { outboxBytes: 1024 } });
    const client = world.connecting({ clientId: 'd', properties: { sessionExpiryInterval: 100 } });
    for (let i = 0; i < 2000 && !client.paused; i++) client.send({ type: 'pingreq' });
    expect(client.paused).toBe(true);
    world.settle();
    expect(client.paused).toBe(false);
    expect(client.take()[0]).toMatchObject({ type: 'connack', reasonCode: 0 });
  });
});

describe('answers released by a commit to a client that does not read', () => {
  it('count among those it leaves unread: it is not read either, until it reads', () => {
    const world = new CommittingWorld({ limits: { outboxBytes: 1024 } });
    const client = world.connect();
    client.stalled = true;
    let rounds = 0;
    for (; rounds < 200 && !client.paused; rounds++) {
      client.publish(`r/${rounds}`, 'x', { qos: 1, retain: true });
      for (let i = 0; i < 99; i++) client.publish(`r/${rounds}`, 'x', { qos: 1, retain: true });
      world.settle();
    }
    expect(rounds).toBeLessThan(10);
    client.unstall();
    expect(client.paused).toBe(false);
  });
});

describe('the keep alive of a client that is not read', () => {
  function throttled(world: World, client: TestClient): void {
    for (let i = 0; i < 2000 && !client.paused; i++) {
      client.publish(`r/${i}`, 'x', { qos: 1, retain: true });
    }
    expect(client.paused).toBe(true);
    expect(world.core.context.metrics.keepAliveTimeouts).toBe(0);
  }

  it('stands still while its answers wait for a commit, and begins anew when it is read again', () => {
    const world = new CommittingWorld({ limits: { outboxBytes: 1024 } });
    const client = world.connect({ keepAlive: 10 });
    throttled(world, client);
    world.advance(44_000);
    expect(client.closed).toBe(false);
    world.settle();
    expect(client.paused).toBe(false);
    world.advance(14_000);
    expect(client.closed).toBe(false);
    world.advance(2_000);
    expect(client.closed).toBe(true);
    expect(world.core.context.metrics.keepAliveTimeouts).toBe(1);
  });

  it('goes on while it does not read its answers', () => {
    const world = new World({ limits: { outboxBytes: 1024 } });
    const client = world.connect({ keepAlive: 10 });
    client.stalled = true;
    throttled(world, client);
    world.advance(16_000);
    expect(world.core.context.metrics.keepAliveTimeouts).toBe(1);
  });
});

describe('an outbox that is closed', () => {
  it('waits for no commit any more', () => {
    const world = new CommittingWorld();
    for (let i = 0; i < 20; i++) {
      const properties = { sessionExpiryInterval: 100 };
      world.connecting({ clientId: 'd', cleanStart: false, properties }).drop();
    }
    expect(world.store.commitUnderWay).toBe(true);
    expect(world.core.context.waitingOutboxes).toBe(0);
  });
});

describe('QoS 0 messages behind a CONNACK whose commit failed', () => {
  it('count as lost, not as delivered', () => {
    const world = new CommittingWorld();
    const client = world.durable('d');
    world.subscribed(client, 't', 0);
    client.drop();
    world.settle();
    const publisher = world.connect();
    world.connecting({ clientId: 'd', cleanStart: false, properties: { sessionExpiryInterval: 1000 } });
    const before = world.core.context.outcomes.deliveredCount;
    publisher.publish('t', 'lost');
    world.fail();
    expect(world.core.context.outcomes.deliveredCount).toBe(before);
    expect(world.dropped('connection-closed')).toBe(1);
  });
});
