import { describe, expect, it } from 'vitest';
import { NOT_KEPT } from '../../src/core/publish/application-publishing.ts';
import { CommittingWorld } from '../commits/committing-world.ts';
import { OnDiskWorld } from '../commits/on-disk-world.ts';
import { RecordingStore } from '../commits/recording-store.ts';
import type { WorldOptions } from '../world/world.ts';

const MIB = 2 ** 20;

/** A world on a store as on a disk, with an offline durable session subscribed to `a`, all of it kept. */
function onDisk(options: WorldOptions): { world: CommittingWorld; store: RecordingStore } {
  const store = new RecordingStore(false);
  const world = new CommittingWorld({ store, ...options });
  const reader = world.durable('reader');
  world.subscribed(reader, 'a', 1);
  reader.drop();
  world.settle();
  store.levels.length = 0;
  return { world, store };
}

describe('storedBytes', () => {
  it('as much is kept, then messages that would have to be are refused with 0x97, and nothing is dropped', () => {
    const { world } = onDisk({ limits: { storedBytes: 20 } });
    const publisher = world.connect();
    publisher.publish('a', new Uint8Array(10), { qos: 1 });
    publisher.publish('a', new Uint8Array(10), { qos: 2 });
    world.settle();
    expect(publisher.take().map((packet) => 'reasonCode' in packet && packet.reasonCode)).toEqual([0, 0]);
    for (const qos of [1, 2] as const) {
      publisher.publish('a', 'x', { qos });
      publisher.publish('other', 'x', { qos, retain: true });
    }
    expect(
      publisher.take().map((packet) => 'reasonCode' in packet && [packet.type, packet.reasonCode]),
    ).toEqual([
      ['puback', 0x97],
      ['puback', 0x97],
      ['pubrec', 0x97],
      ['pubrec', 0x97],
    ]);
    expect([world.store.hasStaged, world.dropped('not-kept'), world.core.gauges.storedMessages]).toEqual([
      false,
      4,
      2,
    ]);
    expect(world.durable('reader').takePublishes()).toHaveLength(2);
  });

  it('does not concern what needs no keeping, and sessions and subscriptions', () => {
    const { world } = onDisk({ limits: { storedBytes: 0 } });
    const client = world.durable('client');
    world.subscribed(client, 'b', 0);
    const publisher = world.connect();
    publisher.publish('b', 'x', { qos: 1 });
    expect([client.takeTexts(), publisher.takeOne('puback').reasonCode]).toEqual([['x'], 0]);
  });

  it('is room again when messages are acknowledged', () => {
    const { world } = onDisk({ limits: { storedBytes: 10 } });
    const publisher = world.connect();
    publisher.publish('a', new Uint8Array(10), { qos: 1 });
    world.settle();
    world.durable('reader').takeAndAcknowledge();
    world.settle();
    publisher.take();
    publisher.publish('a', 'x', { qos: 1 });
    world.settle();
    expect(publisher.takeOne('puback').reasonCode).toBe(0);
  });

  it('does not concern a store in memory, for which there is the budget of memory', () => {
    const world = new CommittingWorld({ limits: { storedBytes: 0 } });
    const publisher = world.connect();
    publisher.publish('r', 'x', { qos: 1, retain: true });
    world.settle();
    expect(publisher.takeOne('puback').reasonCode).not.toBe(0x97);
  });
});

it('storedBytes on the disk counts what a message costs beside its payload', async () => {
  const onDiskWorld = await OnDiskWorld.open({ limits: { storedBytes: 20_000 } });
  await onDiskWorld.offline('reader', 'a/#', 1);
  const publisher = await onDiskWorld.connect('publisher', { cleanStart: true });
  const topicName = `a/${'t'.repeat(1000)}`;
  const reasonCodes: number[] = [];
  for (let count = 0; count < 25; count++) {
    publisher.publish(topicName, '', {
      qos: 1,
      properties: { userProperties: [['name', 'v'.repeat(1000)]] },
    });
    await onDiskWorld.settle();
    reasonCodes.push(publisher.takeOne('puback').reasonCode);
  }
  const kept = reasonCodes.indexOf(0x97);
  expect(kept).toBeGreaterThan(5);
  expect(kept).toBeLessThan(11);
  expect(reasonCodes.slice(kept).every((code) => code === 0x97)).toBe(true);
});

describe('osSyncMs', () => {
  it('so long after a commit that was not synced comes one that is, of nothing; and none after that', () => {
    const { world, store } = onDisk({ limits: { osSyncMs: 1000 } });
    world.advance(10_000);
    world.settle();
    store.levels.length = 0;
    const publisher = world.connect();
    publisher.publish('r', 'x', { retain: true });
    world.settle();
    world.advance(999);
    expect(store.levels).toEqual([1]);
    world.advance(1);
    expect(store.levels).toEqual([1, 2]);
    world.settle();
    world.advance(10_000);
    expect(store.levels).toEqual([1, 2]);
  });

  it('counts from the first of several, and ends with any commit on the disk', () => {
    const { world, store } = onDisk({ limits: { osSyncMs: 1000 } });
    world.advance(10_000);
    world.settle();
    store.levels.length = 0;
    const publisher = world.connect();
    for (let i = 0; i < 4; i++) {
      publisher.publish('r', `${i}`, { retain: true });
      world.settle();
      world.advance(250);
    }
    expect(store.levels).toEqual([1, 1, 1, 1, 2]);
    world.settle();
    publisher.publish('r', 'os', { retain: true });
    world.settle();
    publisher.publish('r', 'disk', { retain: true, qos: 1 });
    world.settle();
    world.advance(10_000);
    expect(store.levels).toEqual([1, 1, 1, 1, 2, 1, 2]);
  });
});

describe('commitSilenceMs', () => {
  it('a commit that has not ended by then is given up once, and what would have to be kept is refused', () => {
    const { world, store } = onDisk({ limits: { commitSilenceMs: 5000 } });
    const publisher = world.connect();
    publisher.publish('a', 'x', { qos: 1 });
    world.advance(4999);
    expect([store.abandoned, world.core.gauges.storeState]).toEqual([0, 0]);
    world.advance(1);
    expect([store.abandoned, world.core.gauges.storeState]).toEqual([1, 2]);
    expect([publisher.take(), publisher.closed]).toEqual([[], false]);
    const other = world.connect();
    other.publish('a', 'y', { qos: 1 });
    expect(other.takeOne('puback')).toMatchObject({
      reasonCode: 0x80,
      properties: { reasonString: 'the store cannot keep anything now: store-silent' },
    });
    world.fail('store-silent');
    expect(publisher.takeOne('disconnect').reasonCode).toBe(0x80);
    expect(world.core.gauges.storeState).toBe(1);
    world.advance(100);
    world.finish();
    expect([store.abandoned, world.core.gauges.storeState]).toEqual([1, 0]);
  });

  it('a process that was stopped for longer hears first what has become of the commit', () => {
    const { world, store } = onDisk({ limits: { commitSilenceMs: 5000 } });
    const publisher = world.connect();
    publisher.publish('a', 'x', { qos: 1 });
    world.nowMs += 60_000;
    world.wallMs += 60_000;
    world.core.turn();
    expect(store.abandoned).toBe(0);
    world.finish();
    expect(publisher.takeOne('puback').reasonCode).toBe(0);
    world.advance(60_000);
    expect([store.abandoned, world.log]).toEqual([0, []]);
  });

  it('begins anew with each commit', () => {
    const { world, store } = onDisk({ limits: { commitSilenceMs: 5000 } });
    const publisher = world.connect();
    for (let i = 0; i < 3; i++) {
      publisher.publish('a', 'x', { qos: 1 });
      world.advance(4000);
      world.finish();
    }
    expect(store.abandoned).toBe(0);
  });

  it('a commit that succeeds late after all counts as kept', () => {
    const { world } = onDisk({ limits: { commitSilenceMs: 5000 } });
    const publisher = world.connect();
    publisher.publish('a', 'x', { qos: 1 });
    world.advance(5000);
    world.finish();
    expect(publisher.takeOne('puback').reasonCode).toBe(0);
    expect(world.core.gauges.storeState).toBe(0);
    expect(world.log.map(({ code }) => code)).toEqual(['store-silent', 'store-recovered']);
  });
});

describe('errorLogPerMinute', () => {
  it('as many lines about errors of the broker are logged, further ones counted and told a minute later', () => {
    const world = new CommittingWorld({ limits: { errorLogPerMinute: 3 } });
    const fail = (): void => {
      const client = world.connect({ clientId: 'c' });
      const { putRetained } = world.store;
      world.store.putRetained = () => {
        throw new Error('the disk is gone');
      };
      client.publish('r', 'x', { retain: true });
      world.store.putRetained = putRetained;
    };
    for (let i = 0; i < 5; i++) fail();
    expect(world.log.map(({ code }) => code)).toEqual(Array(3).fill('internal-error'));
    world.advance(60_000);
    fail();
    expect(world.log.slice(3).map(({ code, text }) => [code, text.slice(0, 12)])).toEqual([
      ['error-log-limited', '2 more lines'],
      ['internal-error', expect.any(String)],
    ]);
  });
});

describe('stagedBytes', () => {
  /** A commit is under way, and as much gathers behind it as the test says. */
  function behind(options: WorldOptions = {}): { world: CommittingWorld; store: RecordingStore } {
    const opened = onDisk({ limits: { stagedBytes: 1000 }, ...options });
    opened.world.connect().publish('a', 'x', { qos: 1 });
    opened.store.stagedBytes = 1001;
    return opened;
  }

  it('who adds to more than that is not read until a commit has ended, and loses nothing', () => {
    const { world, store } = behind();
    const publisher = world.connect();
    publisher.publish('a', 'x', { qos: 1 });
    expect([publisher.paused, publisher.closed, publisher.take()]).toEqual([true, false, []]);
    world.finish();
    expect(publisher.paused).toBe(true);
    store.stagedBytes = 1000;
    world.finish();
    expect([publisher.paused, publisher.takeOne('puback').reasonCode]).toEqual([false, 0]);
  });

  it('who adds nothing is read on', () => {
    const { world } = behind();
    const publisher = world.connect();
    publisher.publish('nobody', 'x', { qos: 1 });
    expect([publisher.paused, publisher.take()]).toMatchObject([false, [{ type: 'puback' }]]);
  });

  it('nobody waits for it in trouble: what comes is refused', () => {
    const { world } = behind();
    const publisher = world.connect();
    publisher.publish('a', 'x', { qos: 1 });
    const later = world.connect();
    world.fail();
    expect(publisher.paused).toBe(false);
    later.publish('a', 'x', { qos: 1 });
    expect([later.paused, later.takeOne('puback').reasonCode]).toEqual([false, 0x97]);
  });

  it('nor when the commit has been silent for too long', () => {
    const { world } = behind({ limits: { stagedBytes: 1000, commitSilenceMs: 5000 } });
    const publisher = world.connect();
    publisher.publish('a', 'x', { qos: 1 });
    world.advance(5000);
    expect([publisher.paused, world.core.gauges.storeState]).toEqual([false, 2]);
  });

  it('a keep alive does not end who is not read', () => {
    const { world, store } = behind();
    const publisher = world.connect({ keepAlive: 10 });
    publisher.publish('a', 'x', { qos: 1 });
    world.advance(60_000);
    expect([publisher.paused, publisher.closed]).toEqual([true, false]);
    store.stagedBytes = 0;
    world.finish();
    world.settle();
    world.advance(15_001);
    expect(publisher.closed).toBe(true);
  });

  it('a QoS 0 message is routed, but not retained, and its publisher read on', () => {
    const { world } = behind();
    const subscriber = world.connect();
    subscriber.subscribe('r');
    const publisher = world.connect();
    publisher.publish('r', 'x', { retain: true });
    expect([publisher.paused, subscriber.takeTexts(), world.dropped('not-kept')]).toEqual([false, ['x'], 1]);
    expect(world.core.gauges.retainedMessages).toBe(0);
  });

  it('nor is it queued for a kept session', () => {
    const { world } = behind({ limits: { stagedBytes: 1000 }, habits: { queueQos0: true } });
    const publisher = world.connect();
    publisher.publish('a', 'x');
    expect([publisher.paused, world.dropped('offline-qos0')]).toEqual([false, 1]);
  });

  it('a client that comes is kept waiting for its CONNACK, and refused from twice as much on', () => {
    const { world, store } = behind();
    const connect = { cleanStart: false, properties: { sessionExpiryInterval: 9 } } as const;
    const first = world.connecting({ clientId: 'first', ...connect });
    expect([first.paused, first.take()]).toEqual([true, []]);
    store.stagedBytes = 2001;
    expect(world.connecting({ clientId: 'second', ...connect }).takeOne('connack')).toMatchObject({
      reasonCode: 0x97,
      properties: { reasonString: 'more than 2000 bytes wait to be kept' },
    });
    expect(world.connecting({ clientId: 'third' }).takeOne('connack').reasonCode).toBe(0);
  });

  it('what the application publishes waits, and is refused from twice as much on', () => {
    const { world, store } = behind();
    const message = {
      topicName: 'a',
      payload: new Uint8Array(1),
      qos: 0,
      retain: true,
      properties: {},
    } as const;
    expect(world.core.publish(message)).toBeGreaterThan(0);
    store.stagedBytes = 2001;
    expect(world.core.publish(message)).toBe(NOT_KEPT);
    expect(world.core.context.keeping.localRefusal!.code).toBe('staged-bytes-limit');
    expect(world.core.publish({ ...message, topicName: 'nobody', retain: false })).toBe(0);
  });

  it('is what the store on disk holds until it is kept', async () => {
    const onDiskWorld = await OnDiskWorld.open({ limits: { stagedBytes: 3 * MIB } });
    const { files, world } = onDiskWorld;
    await onDiskWorld.offline('reader', 'a', 1);
    const publisher = await onDiskWorld.connect('publisher', { cleanStart: true });
    onDiskWorld.silence();
    let sent = 0;
    for (; sent < 100 && !publisher.paused; sent++) publisher.publish('a', new Uint8Array(MIB), { qos: 1 });
    expect([sent, publisher.paused]).toEqual([3, true]);
    expect(world.store.stagedBytes).toBeGreaterThan(3 * MIB);
    files.faultOf = () => undefined;
    world.store.abandon();
    await onDiskWorld.settle();
    world.advance(1000);
    await onDiskWorld.settle();
    // Who waited for the commit that failed has been disconnected.
    expect([world.store.stagedBytes, publisher.closed]).toEqual([0, true]);
  });
});
