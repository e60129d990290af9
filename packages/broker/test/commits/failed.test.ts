import { beforeEach, describe, expect, it, vi } from 'vitest';
import { acknowledgement } from '../world/packets.ts';
import { CommittingWorld } from './committing-world.ts';

let world: CommittingWorld;

beforeEach(() => {
  world = new CommittingWorld();
});

describe('a commit that fails', () => {
  it('ends the connection of who waits for its acknowledgement, and says why', () => {
    const subscriber = world.durable('subscriber');
    world.subscribed(subscriber, 'a', 1);
    const publisher = world.connect();
    publisher.publish('a', 'x', { qos: 1 });
    world.fail('store-full');
    const [disconnect, ...more] = publisher.take();
    expect(more).toEqual([]);
    expect(disconnect).toMatchObject({
      type: 'disconnect',
      reasonCode: 0x97,
      properties: { reasonString: 'what you sent could not be kept: store-full' },
    });
    expect(publisher.closed).toBe(true);
    expect(subscriber.closed).toBe(false);
    expect(world.core.context.metrics.commitsFailed).toBe(1);
    expect(world.log.map(({ level, code }) => [level, code])).toEqual([['error', 'store-full']]);
  });

  it('ends the connection of a 3.1.1 client without a word', () => {
    world.subscribed(world.durable('subscriber'), 'a', 1);
    const publisher = world.connect({ protocolVersion: 4 });
    publisher.publish('a', 'x', { qos: 1 });
    world.fail();
    expect(publisher.take()).toEqual([]);
    expect(publisher.closed).toBe(true);
  });

  it('refuses a CONNECT whose session it was to keep, and publishes no will for it', () => {
    const will = {
      topicName: 'w',
      payload: new Uint8Array(1),
      qos: 0,
      retain: false,
      properties: {},
    } as const;
    const watcher = world.connect();
    watcher.subscribe('w');
    const v5 = world.connecting({ clientId: 'c', will, properties: { sessionExpiryInterval: 9 } });
    const v4 = world.connecting({ clientId: 'd', protocolVersion: 4, cleanStart: false, will });
    world.fail();
    expect(v5.takeOne('connack')).toMatchObject({
      reasonCode: 0x97,
      properties: { reasonString: 'what you sent could not be kept: store-full' },
    });
    // The other one came while that commit was under way.
    expect(v4.take()).toEqual([]);
    world.advance(100);
    world.fail('store-io');
    expect(v4.take()).toMatchObject([{ type: 'connack', reasonCode: 0x88 }]);
    expect([v4.writes[0]?.[3], v4.closed, v5.closed]).toEqual([3, true, true]);
    expect(watcher.take()).toEqual([]);
  });

  it('is not answered by what waits for a later one', () => {
    world.subscribed(world.durable('subscriber'), 'a', 1);
    const [first, second] = [world.connect(), world.connect()];
    first.publish('a', '1', { qos: 1 });
    second.publish('a', '2', { qos: 1 });
    world.fail();
    expect([first.closed, second.closed]).toEqual([true, false]);
    expect(second.take()).toEqual([]);
    world.advance(100);
    world.finish();
    expect(second.takeOne('puback').reasonCode).toBe(0);
  });

  it('lets a QoS 2 message that its publisher sends again be handled once', () => {
    const subscriber = world.durable('subscriber');
    world.subscribed(subscriber, 'a', 2);
    world.durable('publisher').publish('a', 'once', { qos: 2, packetId: 5 });
    world.fail();
    world.advance(100);
    world.settle();
    // What the subscriber was to get had waited for the commit that failed: its connection has ended too.
    const publisher = world.durable('publisher');
    const again = world.durable('subscriber');
    publisher.publish('a', 'once', { qos: 2, packetId: 5, dup: true });
    world.settle();
    expect(publisher.takeOne('pubrec').packetId).toBe(5);
    publisher.send(acknowledgement('pubrel', 5));
    world.settle();
    expect(publisher.takeOne('pubcomp').reasonCode).toBe(0);
    expect(again.takeTexts()).toEqual(['once']);
  });

  it('frees no packet identifier before the commit that makes up for it', () => {
    const subscriber = world.durable('subscriber', {
      properties: { sessionExpiryInterval: 1000, receiveMaximum: 1 },
    });
    world.subscribed(subscriber, 'a', 1);
    const publisher = world.connect();
    for (const text of ['1', '2']) publisher.publish('a', text, { qos: 1 });
    world.settle();
    expect(subscriber.takeTexts()).toEqual(['1']);
    subscriber.send(acknowledgement('puback', 1));
    world.fail();
    expect(subscriber.take()).toEqual([]);
    world.advance(100);
    expect(subscriber.take()).toEqual([]);
    world.finish();
    expect(subscriber.takeTexts()).toEqual(['2']);
  });

  it('keeps nobody from what needs no store', () => {
    world.durable('durable');
    world.subscribed(world.durable('subscriber'), 'kept', 1);
    const publisher = world.connect();
    publisher.publish('kept', 'x', { qos: 1 });
    for (let i = 0; i < 5; i++) {
      world.fail();
      const client = world.connect();
      expect(client.subscribe('a', 2)).toEqual([2]);
      for (const qos of [0, 1, 2] as const) client.publish('a', `${qos}`, { qos });
      expect(client.takeTexts()).toEqual(['0', '1', '2']);
      client.takeOne('puback');
      client.takeOne('pubrec');
      client.disconnect();
      world.advance(10_000);
    }
  });

  it('leaves what was staged for the next one, and the last retained message stands', () => {
    const publisher = world.connect();
    publisher.publish('r', 'kept', { qos: 1, retain: true });
    world.fail();
    world.advance(100);
    world.finish();
    const again = new CommittingWorld({ store: world.store.reopen() });
    const reader = again.connect();
    reader.subscribe('r');
    expect(reader.takeTexts()).toEqual(['kept']);
  });
});

describe('after a failed commit', () => {
  function triesWithin(ms: number): boolean {
    world.advance(ms - 1);
    if (world.store.commitUnderWay) throw new Error('tried too soon');
    world.advance(1);
    return world.store.commitUnderWay;
  }

  it('the next one is tried after 100 ms, then after twice as long each time, up to 10 s', () => {
    world.connect().publish('r', 'x', { retain: true });
    const pausesMs = [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000];
    for (const pauseMs of pausesMs) {
      world.fail();
      expect(triesWithin(pauseMs)).toBe(true);
    }
  });

  it('the store is told where a turn ends, as while a commit is under way', () => {
    const ends = vi.spyOn(world.store, 'endTurn');
    const client = world.connect();
    client.publish('r', 'x', { retain: true });
    expect(ends).not.toHaveBeenCalled();
    client.publish('r', 'y', { retain: true });
    expect(ends).toHaveBeenCalledTimes(1);
    world.fail();
    expect(ends).toHaveBeenCalledTimes(2);
    expect(world.store.commitUnderWay).toBe(false);
  });

  it('a success makes the pause short again', () => {
    const client = world.connect();
    client.publish('r', 'x', { retain: true });
    world.fail();
    world.advance(100);
    world.fail();
    world.advance(200);
    world.finish();
    client.publish('r', 'y', { retain: true });
    expect(world.store.commitUnderWay).toBe(true);
    world.fail();
    expect(triesWithin(100)).toBe(true);
  });

  it('who waited for that next one leaves nothing behind when it fails', () => {
    world.connect().publish('r', 'x', { retain: true });
    const early = world.connecting({ properties: { sessionExpiryInterval: 9 } });
    early.drop();
    const late = world.connecting({ properties: { sessionExpiryInterval: 9 } });
    world.fail();
    expect(late.take()).toEqual([]);
    world.advance(100);
    world.fail();
    expect(late.takeOne('connack').reasonCode).toBe(0x97);
    expect(world.core.context.waitingOutboxes).toBe(0);
  });
});
