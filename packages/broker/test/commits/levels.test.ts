import { beforeEach, describe, expect, it } from 'vitest';
import { Durability } from '../../src/core/ports/durability.ts';
import { acknowledgement, publishPacket } from '../world/packets.ts';
import type { TestClient } from '../world/test-client.ts';
import type { WorldOptions } from '../world/world.ts';
import { World } from '../world/world.ts';
import { CommittingWorld } from './committing-world.ts';
import { RecordingStore } from './recording-store.ts';

const { Os, Disk } = Durability;

class LevelWorld extends CommittingWorld {
  readonly recording: RecordingStore;

  constructor(options: WorldOptions = {}) {
    const recording = new RecordingStore();
    super({ store: recording, ...options });
    this.recording = recording;
  }

  /** The levels of the commits since the last call. */
  takeLevels(): Durability[] {
    return this.recording.levels.splice(0);
  }
}

/** A world with a durable session that is offline and subscribed to everything at QoS 2, all of it kept. */
function withReader(options: WorldOptions = {}): LevelWorld {
  const world = new LevelWorld(options);
  const reader = world.durable('reader');
  world.subscribed(reader, '#', 2);
  reader.drop();
  world.settle();
  world.takeLevels();
  return world;
}

function typesOf(client: TestClient): string[] {
  return client.take().map(({ type }) => type);
}

describe('a commit is made', () => {
  it.each([
    ['disk', Disk],
    ['os', Os],
  ] as const)("at the broker's level %s for who publishes", (durability, level) => {
    const world = withReader({ habits: { durability } });
    const publisher = world.connect();
    publisher.publish('a', 'x', { qos: 1 });
    expect(world.takeLevels()).toEqual([level]);
    expect(typesOf(publisher)).toEqual([]);
    world.finish();
    expect(typesOf(publisher)).toEqual(['puback']);
  });

  it("at the listener's level, before the broker's", () => {
    const world = withReader();
    world.listenerDurability = 'os';
    const publisher = world.connect();
    publisher.publish('a', 'x', { qos: 1 });
    expect(world.takeLevels()).toEqual([Os]);
    world.finish();
    expect(typesOf(publisher)).toEqual(['puback']);
  });

  it("at the level of the first topic filter that matches, before the listener's", () => {
    const world = withReader({
      habits: {
        durability: 'memory',
        topicDurability: [
          { topicFilter: 'a/safe', durability: 'disk' },
          { topicFilter: 'a/#', durability: 'os' },
        ],
      },
    });
    const publisher = world.connect();
    for (const [topicName, levels] of [
      ['a/safe', [Disk]],
      ['a/other', [Os]],
      ['a', [Os]],
      ['b', []],
    ] as const) {
      publisher.publish(topicName, 'x', { qos: 2 });
      expect(world.takeLevels()).toEqual(levels);
      world.settle();
      expect(typesOf(publisher)).toEqual(['pubrec']);
    }
  });

  it('at the highest level that anything in it is awaited at', () => {
    const world = withReader({ habits: { topicDurability: [{ topicFilter: 'os', durability: 'os' }] } });
    const publisher = world.connect();
    publisher.send(
      publishPacket('os', 'x', { qos: 1, packetId: 1 }),
      publishPacket('disk', 'x', { qos: 1, packetId: 2 }),
      publishPacket('os', 'x', { qos: 1, packetId: 3 }),
    );
    expect(world.takeLevels()).toEqual([Disk]);
    world.finish();
    expect(typesOf(publisher)).toEqual(['puback', 'puback', 'puback']);
  });

  it('at Os when nobody waits for it', () => {
    const world = withReader();
    world.connect().publish('a', 'x', { retain: true });
    expect(world.takeLevels()).toEqual([Os]);
  });

  it('at the level of the connection for what is told of its session', () => {
    const world = new LevelWorld();
    world.listenerDurability = 'os';
    const client = world.connecting({ clientId: 'c', properties: { sessionExpiryInterval: 9 } });
    expect([typesOf(client), world.takeLevels()]).toEqual([[], [Os]]);
    world.finish();
    expect(typesOf(client)).toEqual(['connack']);
    client.send({
      type: 'subscribe',
      packetId: 1,
      subscriptions: [
        { topicFilter: 'a', qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
      properties: {},
    });
    world.finish();
    expect([typesOf(client), world.takeLevels()]).toEqual([['suback'], [Os]]);
    client.publish('b', 'x', { qos: 2, packetId: 5 });
    world.finish();
    client.send(acknowledgement('pubrel', 5));
    expect(typesOf(client)).toEqual(['pubrec']);
    world.finish();
    // With its identifier any message may come next, also one of level disk.
    expect([typesOf(client), world.takeLevels()]).toEqual([['pubcomp'], [Os, Disk]]);
  });

  it.each([
    ['os', [], 'os', Os],
    ['os', [], 'disk', Disk],
    ['os', [{ topicFilter: 'other', durability: 'disk' }], 'os', Disk],
    ['memory', [], 'os', Os],
  ] as const)(
    'at the highest level of the broker (%s), topics (%j) and listeners (%s) for PUBREL',
    (durability, topicDurability, listener, level) => {
      const world = new LevelWorld({ habits: { durability, topicDurability } });
      world.listenerDurability = listener;
      world.connect();
      world.listenerDurability = 'os';
      const subscriber = world.durable('subscriber');
      world.subscribed(subscriber, 'a', 2);
      world.connect().publish('a', 'x', { qos: 1 });
      world.connect().publish('a', 'x', { qos: 2 });
      world.settle();
      const exactlyOnce = subscriber.takePublishes().find(({ qos }) => qos === 2)!;
      world.takeLevels();
      subscriber.send(acknowledgement('pubrec', exactlyOnce.packetId));
      world.finish();
      expect([typesOf(subscriber), world.takeLevels()]).toEqual([['pubrel'], [level]]);
    },
  );

  it('at the level of the subscriber for a QoS 2 message to it, whatever its publisher waits for', () => {
    const world = new LevelWorld({ habits: { topicDurability: [{ topicFilter: 'os', durability: 'os' }] } });
    const subscriber = world.durable('subscriber');
    world.subscribed(subscriber, 'os', 2);
    world.takeLevels();
    world.connect().publish('os', 'x', { qos: 2 });
    expect([world.takeLevels(), typesOf(subscriber)]).toEqual([[Disk], []]);
    world.finish();
    expect(typesOf(subscriber)).toEqual(['publish']);
  });

  it('at Os for the acknowledgement of a subscriber: what follows it in the store survives only with it', () => {
    const world = new LevelWorld();
    const subscriber = world.durable('subscriber');
    world.subscribed(subscriber, 'a', 1);
    world.connect().publish('a', 'x', { qos: 1 });
    world.settle();
    world.takeLevels();
    subscriber.send(acknowledgement('puback', 1));
    expect(world.takeLevels()).toEqual([Os]);
  });

  it('at its level again after it failed, also when it was to cover nothing but a sync', () => {
    const world = withReader({ limits: { osSyncMs: 500 } });
    const publisher = world.connect();
    publisher.publish('a', 'x', { qos: 1 });
    world.fail();
    world.advance(100);
    expect(world.takeLevels()).toEqual([Disk, Disk]);
    world.finish();
    world.connect().publish('a', 'x', { retain: true });
    world.finish();
    world.advance(500);
    expect(world.takeLevels()).toEqual([Os, Disk]);
    world.fail();
    world.advance(100);
    expect(world.takeLevels()).toEqual([Disk]);
  });
});

describe('a message of level memory', () => {
  let world: LevelWorld;

  beforeEach(() => {
    world = withReader({ habits: { topicDurability: [{ topicFilter: 'm/#', durability: 'memory' }] } });
  });

  it.each([
    [1, 'puback'],
    [2, 'pubrec'],
  ] as const)('is acknowledged at once at QoS %i, and written nowhere', (qos, type) => {
    const publisher = world.connect();
    publisher.publish('m/a', 'x', { qos });
    expect([typesOf(publisher), world.store.hasStaged, world.takeLevels()]).toEqual([[type], false, []]);
    expect(world.core.gauges.storedMessages).toBe(1);
  });

  it('is given to a durable session that comes back, and gone after a crash', () => {
    const publisher = world.connect();
    publisher.publish('m/a', 'gone', { qos: 1 });
    publisher.publish('a', 'kept', { qos: 1 });
    world.settle();
    const reopened = world.store.reopen();
    expect(world.durable('reader').takeTexts()).toEqual(['gone', 'kept']);
    const again = new CommittingWorld({ store: reopened });
    expect(again.durable('reader').takeTexts()).toEqual(['kept']);
    expect(again.core.gauges.storedMessages).toBe(1);
  });

  it('goes to a durable session at QoS 2 without any wait, and leaves nothing behind', () => {
    const reader = world.durable('reader');
    world.takeLevels();
    world.connect().publish('m/a', 'x', { qos: 2 });
    const [message] = reader.takePublishes();
    reader.send(acknowledgement('pubrec', message!.packetId));
    expect(typesOf(reader)).toEqual(['pubrel']);
    reader.send(acknowledgement('pubcomp', message!.packetId));
    expect([world.takeLevels(), world.core.gauges.storedMessages]).toEqual([[], 0]);
    expect(world.core.context.queuedBytes).toBe(0);
  });

  it('leaves no packet identifier of its publisher in the store', () => {
    const publisher = world.durable('publisher');
    publisher.publish('m/a', 'x', { qos: 2, packetId: 7 });
    expect(typesOf(publisher)).toEqual(['pubrec']);
    publisher.publish('m/a', 'x', { qos: 2, packetId: 7, dup: true });
    expect(typesOf(publisher)).toEqual(['pubrec']);
    const again = new CommittingWorld({ store: world.store.reopen() });
    expect([...(again.core.sessions.get('publisher')!.receiverIfUsed?.received ?? [])]).toEqual([]);
  });

  it('is retained in memory only, and what the disk had for its topic is deleted there', () => {
    const publisher = world.connect();
    publisher.publish('m/r', 'new', { qos: 1, retain: true });
    expect([typesOf(publisher), world.store.hasStaged]).toEqual([['puback'], false]);
    const late = world.connect();
    late.subscribe('m/r');
    expect(late.takeTexts()).toEqual(['new']);
    const again = new CommittingWorld({ store: world.store.reopen() });
    expect(again.core.gauges.retainedMessages).toBe(0);
  });

  it('in place of a retained one on the disk deletes that, without waiting', () => {
    const before = new LevelWorld();
    before.connect().publish('r', 'old', { retain: true });
    before.settle();
    const after = new CommittingWorld({ store: before.store.reopen(), habits: { durability: 'memory' } });
    const publisher = after.connect();
    publisher.publish('r', 'new', { qos: 1, retain: true });
    expect(typesOf(publisher)).toEqual(['puback']);
    after.settle();
    const again = new CommittingWorld({ store: after.store.reopen() });
    expect(again.core.gauges.retainedMessages).toBe(0);
  });
});

describe('the acknowledgement of a QoS 2 message that came again waits', () => {
  let world: LevelWorld;
  let publisher: TestClient;

  beforeEach(() => {
    world = new LevelWorld();
    world.listenerDurability = 'os';
    publisher = world.durable('publisher');
    world.takeLevels();
    publisher.publish('a', 'x', { qos: 2, packetId: 7 });
    publisher.drop();
    world.listenerDurability = 'disk';
  });

  function publishAgain(): TestClient {
    const again = world.connecting({
      clientId: 'publisher',
      cleanStart: false,
      properties: { sessionExpiryInterval: 1000 },
    });
    again.publish('a', 'x', { qos: 2, packetId: 7, dup: true });
    return again;
  }

  it('for a commit on the disk, while the one under way is only handed to the system', () => {
    const again = publishAgain();
    expect(world.takeLevels()).toEqual([Os]);
    world.finish();
    expect([typesOf(again), world.takeLevels()]).toEqual([[], [Disk]]);
    world.finish();
    expect(typesOf(again)).toEqual(['connack', 'pubrec']);
  });

  it('for a commit on the disk of nothing, when it was handed to the system before', () => {
    const other = world.durable('other');
    world.settle();
    world.takeLevels();
    const session = world.core.sessions.get('publisher')!;
    expect(session.receiver.receivedCount).toBe(1);
    world.connect().publish('r', 'x', { retain: true });
    expect(world.takeLevels()).toEqual([Os]);
    world.finish();
    expect(world.core.context.commits.latest(Os)).toBe(0);
    expect(world.core.context.commits.latest(Disk)).toBeGreaterThan(0);
    other.send({ type: 'pingreq' });
    world.turn();
    world.core.turn();
    expect(world.takeLevels()).toEqual([Disk]);
    world.finish();
    expect(world.core.context.commits.latest(Disk)).toBe(0);
  });
});

describe('CONNACK tells the level of the listener', () => {
  const told = (world: World): unknown => world.connect().connack!.properties.userProperties;

  it.each(['disk', 'os', 'memory'] as const)('as %s', (durability) => {
    const world = new LevelWorld();
    world.listenerDurability = durability;
    expect(told(world)).toEqual([['durability', durability]]);
  });

  it('as that of the broker where it has none', () => {
    expect(told(new LevelWorld({ habits: { durability: 'os' } }))).toEqual([['durability', 'os']]);
  });

  it('as memory with a store that keeps nothing beyond the process', () => {
    expect(told(new World())).toEqual([['durability', 'memory']]);
  });

  it('and that it varies, if some topics have their own', () => {
    const topicDurability = [{ topicFilter: 'a', durability: 'os' }] as const;
    expect(told(new LevelWorld({ habits: { topicDurability } }))).toEqual([
      ['durability', 'disk'],
      ['durability-varies', 'by topic'],
    ]);
  });

  it('[MQTT-3.2.2-20] v5 but not if CONNACK would be larger than the Maximum Packet Size with it', () => {
    const world = new LevelWorld();
    const client = world.connect({ properties: { maximumPacketSize: 20 } });
    expect(client.connack!.properties.userProperties).toBeUndefined();
  });

  it('not to older clients', () => {
    expect(new LevelWorld().connect({ protocolVersion: 4 }).connack!.properties).toEqual({});
  });
});
