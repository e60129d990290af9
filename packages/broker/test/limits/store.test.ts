import { describe, expect, it } from 'vitest';
import { CommittingWorld } from '../commits/committing-world.ts';
import { RecordingStore } from '../commits/recording-store.ts';
import type { WorldOptions } from '../world/world.ts';

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
