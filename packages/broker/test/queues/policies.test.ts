import { ReasonCode } from '@martlet/protocol';
import { describe, expect, test } from 'vitest';
import type { QueuePolicy } from '../../src/core/options/profile.ts';
import type { MemoryStore } from '../../src/stores/memory-store.ts';
import { OnDiskWorld } from '../commits/on-disk-world.ts';
import { publishPacket } from '../world/packets.ts';
import type { TestClient } from '../world/test-client.ts';
import { World } from '../world/world.ts';

const V311 = 4;
const KEPT = { cleanStart: false, properties: { sessionExpiryInterval: 1000 } };

interface Rig {
  readonly world: World<MemoryStore>;
  readonly publisher: TestClient;
}

/** A subscriber to everything that is away, with room for three messages. */
function awayWith(queues: readonly QueuePolicy[], limits: object = {}): Rig {
  const world = new World({ habits: { queues }, limits: { queuedMessages: 3, ...limits } });
  const subscriber = world.connect({ clientId: 'away', ...KEPT });
  subscriber.subscribe('#', 2);
  subscriber.drop();
  return { world, publisher: world.connect({ clientId: 'publisher' }) };
}

function back(world: World): string[] {
  const subscriber = world.connect({ clientId: 'away', ...KEPT });
  const publishes = subscriber.takeAndAcknowledge();
  return publishes.map(({ topicName, payload }) => `${topicName} ${new TextDecoder().decode(payload)}`);
}

describe('reject', () => {
  test('refuses what a full queue has no room for with 0x97, before anybody gets it', () => {
    const { world, publisher } = awayWith([{ topicFilter: 'orders/#', whenFull: 'reject' }]);
    const other = world.connect({ clientId: 'other' });
    other.subscribe('orders/#', 1);
    for (let i = 0; i < 3; i++) {
      publisher.publish('orders/1', `${i}`, { qos: 1 });
      expect(publisher.takeOne('puback').reasonCode).toBe(ReasonCode.Success);
    }
    other.take();
    publisher.publish('orders/1', '3', { qos: 1, retain: true });
    expect(publisher.takeOne('puback')).toMatchObject({
      reasonCode: ReasonCode.QuotaExceeded,
      properties: {
        reasonString: 'the queue of a recipient is full, and then messages of this topic are refused',
      },
    });
    expect(other.take()).toEqual([]);
    expect(world.core.retaining.messages.count).toBe(0);
    expect(world.dropped('queue-full-rejected')).toBe(1);
    expect(world.core.context.outcomes.latest('publisher').at(-1)?.detail).toBe(
      'the queue of "away" is full',
    );
    publisher.publish('orders/1', '3', { qos: 2, packetId: 9 });
    expect(publisher.takeOne('pubrec').reasonCode).toBe(ReasonCode.QuotaExceeded);
    expect(back(world)).toEqual(['orders/1 0', 'orders/1 1', 'orders/1 2']);
    publisher.publish('orders/1', '3', { qos: 2, packetId: 9 });
    expect(publisher.takeOne('pubrec').reasonCode).toBe(ReasonCode.Success);
  });

  test('takes what comes in one read until the queue is full, each message by itself', () => {
    const { world, publisher } = awayWith([{ topicFilter: '#', whenFull: 'reject' }]);
    publisher.send(
      ...[1, 2, 3, 4, 5].map((packetId) => publishPacket('t', `${packetId}`, { qos: 1, packetId })),
    );
    expect(publisher.take()).toMatchObject([
      { reasonCode: 0 },
      { reasonCode: 0 },
      { reasonCode: 0 },
      { reasonCode: ReasonCode.QuotaExceeded },
      { reasonCode: ReasonCode.QuotaExceeded },
    ]);
    expect(world.dropped('queue-full-dropped-oldest')).toBe(0);
    expect(back(world)).toEqual(['t 1', 't 2', 't 3']);
  });

  test('before MQTT 5.0 ends the connection without acknowledgement, so that nothing is taken for kept', () => {
    const { world } = awayWith([{ topicFilter: '#', whenFull: 'reject' }]);
    const old = world.connect({ protocolVersion: V311 });
    for (let i = 0; i < 4; i++) old.publish('t', `${i}`, { qos: 1 });
    expect(old.take().filter(({ type }) => type === 'puback')).toHaveLength(3);
    expect(old.closed).toBe(true);
  });

  test('does not concern QoS 0, which waits nowhere, nor who can take it at once', () => {
    const { world, publisher } = awayWith([{ topicFilter: '#', whenFull: 'reject' }]);
    for (let i = 0; i < 5; i++) publisher.publish('t', `${i}`);
    expect(world.dropped('offline-qos0')).toBe(5);
    expect(back(world)).toEqual([]);
    for (let i = 0; i < 10; i++) publisher.publish('t', `${i}`, { qos: 1 });
    expect(world.dropped('queue-full-rejected')).toBe(0);
  });

  test('has room for fewer messages or bytes where the policy says so', () => {
    const { world, publisher } = awayWith([
      { topicFilter: 'few/#', whenFull: 'reject', messages: 1 },
      { topicFilter: 'small/#', whenFull: 'reject', bytes: 400 },
    ]);
    publisher.publish('few/a', '1', { qos: 1 });
    publisher.publish('few/a', '2', { qos: 1 });
    publisher.publish('small/a', 'x', { qos: 1 });
    publisher.publish('small/a', 'x'.repeat(300), { qos: 1 });
    expect(publisher.take()).toMatchObject([
      { reasonCode: 0 },
      { reasonCode: ReasonCode.QuotaExceeded },
      { reasonCode: 0 },
      { reasonCode: ReasonCode.QuotaExceeded },
    ]);
    expect(back(world)).toHaveLength(2);
  });

  test('refuses, too, what the budget of the whole broker has no room for', () => {
    const { world, publisher } = awayWith([{ topicFilter: '#', whenFull: 'reject' }], {
      queuedBytesInAll: 1000,
    });
    publisher.publish('t', 'x'.repeat(700), { qos: 1 });
    publisher.publish('t', 'x'.repeat(700), { qos: 1 });
    expect(publisher.take()).toMatchObject([{ reasonCode: 0 }, { reasonCode: ReasonCode.QuotaExceeded }]);
    expect(world.dropped('total-budget')).toBe(0);
    expect(back(world)).toHaveLength(1);
  });

  test('drops a will, which nobody can be told of', () => {
    const { world, publisher } = awayWith([{ topicFilter: '#', whenFull: 'reject' }]);
    const will = {
      topicName: 'w',
      payload: new Uint8Array(1),
      qos: 1,
      retain: false,
      properties: {},
    } as const;
    const dying = world.connect({ clientId: 'dying', will });
    for (let i = 0; i < 3; i++) publisher.publish('t', `${i}`, { qos: 1 });
    dying.drop();
    expect(world.dropped('queue-full-dropped-newest')).toBe(1);
    expect(back(world)).toHaveLength(3);
  });

  test('counts the queue of a shared group none of whose members can take the message', () => {
    const world = new World({
      habits: { queues: [{ topicFilter: '#', whenFull: 'reject' }] },
      limits: { queuedMessages: 2 },
    });
    const member = world.connect({ clientId: 'away', ...KEPT });
    member.subscribe('$share/g/t', 1);
    member.drop();
    const publisher = world.connect();
    for (let i = 0; i < 3; i++) publisher.publish('t', `${i}`, { qos: 1 });
    expect(publisher.take().map((packet) => (packet as { reasonCode: number }).reasonCode)).toEqual([
      0,
      0,
      ReasonCode.QuotaExceeded,
    ]);
    expect(world.dropped('group-full')).toBe(0);
  });
});

describe('drop-oldest and drop-newest', () => {
  test('hold for the topics that match first, the general habit for the others', () => {
    const { world, publisher } = awayWith([
      { topicFilter: 'log/important/#', whenFull: 'drop-newest' },
      { topicFilter: 'log/#', whenFull: 'drop-oldest' },
    ]);
    for (const topicName of ['a', 'b', 'c']) publisher.publish(topicName, '', { qos: 1 });
    publisher.publish('log/important/x', 'new', { qos: 1 });
    publisher.publish('log/y', 'new', { qos: 1 });
    publisher.publish('else', 'new', { qos: 1 });
    expect(back(world)).toEqual(['c ', 'log/y new', 'else new']);
    expect(world.dropped('queue-full-dropped-newest')).toBe(1);
    expect(world.dropped('queue-full-dropped-oldest')).toBe(2);
    const newest = world.core.context.outcomes
      .latest('away')
      .find(({ topicName }) => topicName.endsWith('/x'));
    expect(newest?.detail).toBe('queue policy of log/important/#: drop-newest');
  });

  test('of its own size drops the newest of these topics only', () => {
    const { world, publisher } = awayWith([{ topicFilter: 'low/#', whenFull: 'drop-newest', messages: 1 }]);
    for (const topicName of ['low/1', 'low/2', 'high']) publisher.publish(topicName, '', { qos: 1 });
    expect(back(world)).toEqual(['low/1 ', 'high ']);
  });
});

describe('keep-latest', () => {
  const latest: readonly QueuePolicy[] = [{ topicFilter: 'state/#', whenFull: 'keep-latest' }];

  test('lets a message take the place of the one of its topic that waits, before the queue is full', () => {
    const { world, publisher } = awayWith(latest);
    publisher.publish('state/a', '1', { qos: 1 });
    publisher.publish('event', 'e', { qos: 1 });
    publisher.publish('state/a', '2', { qos: 1 });
    publisher.publish('state/a', '3', { qos: 1 });
    expect(world.dropped('superseded')).toBe(2);
    expect(world.core.gauges.storedMessages).toBe(2);
    expect(back(world)).toEqual(['state/a 3', 'event e']);
  });

  test('never fills a queue with many messages of few topics', () => {
    const { world, publisher } = awayWith(latest);
    for (let i = 0; i < 100; i++) publisher.publish(`state/${i % 3}`, `${i}`, { qos: 1 });
    expect(world.dropped('queue-full-dropped-oldest')).toBe(0);
    expect(back(world)).toEqual(['state/0 99', 'state/1 97', 'state/2 98']);
  });

  test('drops the oldest when the queue is full of other topics', () => {
    const { world, publisher } = awayWith(latest);
    for (const topicName of ['a', 'b', 'c', 'state/x']) publisher.publish(topicName, '1', { qos: 1 });
    expect(back(world)).toEqual(['b 1', 'c 1', 'state/x 1']);
    expect(world.dropped('queue-full-dropped-oldest')).toBe(1);
  });

  test('leaves what is in flight alone, and what the client has', () => {
    const world = new World({ habits: { queues: latest } });
    const slow = world.connect({ clientId: 'slow', properties: { receiveMaximum: 1 } });
    slow.subscribe('#', 1);
    const publisher = world.connect();
    for (let i = 0; i < 5; i++) publisher.publish('state/a', `${i}`, { qos: 1 });
    expect(slow.takeAndAcknowledge().map(({ payload }) => new TextDecoder().decode(payload))).toEqual(['0']);
    expect(slow.takeAndAcknowledge().map(({ payload }) => new TextDecoder().decode(payload))).toEqual(['4']);
    expect(slow.takeAndAcknowledge()).toEqual([]);
    expect(world.dropped('superseded')).toBe(3);
    expect(world.core.context.queuedBytes).toBe(0);
  });

  test('gives the memory of what it supersedes back', () => {
    const { world, publisher } = awayWith(latest, { queuedBytesInAll: 2000 });
    for (let i = 0; i < 100; i++) publisher.publish('state/a', 'x'.repeat(500), { qos: 1 });
    expect(world.dropped('total-budget')).toBe(0);
    expect(world.dropped('superseded')).toBe(99);
    expect(back(world)).toHaveLength(1);
    expect(world.core.context.queuedBytes).toBe(0);
  });

  test('on a disk holds one message of each topic, also after a restart', async () => {
    const disk = await OnDiskWorld.open({ habits: { queues: latest } });
    await disk.offline('away', '#', 1);
    const publisher = disk.world.connect();
    for (let i = 0; i < 20; i++) publisher.publish(`state/${i % 2}`, `${i}`, { qos: 1 });
    await disk.settle();
    expect(disk.world.dropped('superseded')).toBe(18);
    await disk.kill();
    const again = disk.world.connecting({ clientId: 'away', ...KEPT });
    await disk.settle();
    expect(again.takeTexts().sort()).toEqual(['18', '19']);
  });
});

describe('policies that are changed', () => {
  test('hold for messages that come from then on, of topics that are known, too', () => {
    const { world, publisher } = awayWith([]);
    for (let i = 0; i < 3; i++) publisher.publish('t', `${i}`, { qos: 1 });
    publisher.take();
    const limits = { queuedMessages: 3 };
    world.reconfigure({ limits, habits: { queues: [{ topicFilter: 't', whenFull: 'reject' }] } });
    publisher.publish('t', '3', { qos: 1 });
    expect(publisher.takeOne('puback').reasonCode).toBe(ReasonCode.QuotaExceeded);
    world.reconfigure({ limits, habits: { queues: [{ topicFilter: 't', whenFull: 'drop-newest' }] } });
    publisher.publish('t', '4', { qos: 1 });
    expect(publisher.takeOne('puback').reasonCode).toBe(0);
    world.reconfigure({ limits });
    publisher.publish('t', '5', { qos: 1 });
    expect(back(world)).toEqual(['t 1', 't 2', 't 5']);
  });

  test.each([
    [{ topicFilter: 'a/#/b', whenFull: 'reject' }, 'a/#/b'],
    [{ topicFilter: '$share/g/a', whenFull: 'reject' }, 'shared subscription'],
    [{ topicFilter: 'a', whenFull: 'panic' }, 'reject, drop-oldest, drop-newest, keep-latest'],
    [{ topicFilter: 'a', whenFull: 'keep-latest', messages: 1 }, 'with reject and drop-newest only'],
    [{ topicFilter: 'a', whenFull: 'reject', messages: -1 }, 'from 0 on, got -1'],
    [{ topicFilter: 'a', whenFull: 'reject', bytes: 1.5 }, 'got 1.5'],
    [{ topicFilter: 'a', whenFull: 'reject', mesages: 1 }, 'entries such as'],
    [{ whenFull: 'reject' }, 'entries such as'],
    [null, 'entries such as'],
  ])('%j is refused', (entry, text) => {
    expect(() => new World({ habits: { queues: [entry as unknown as QueuePolicy] } })).toThrow(text);
  });
});
