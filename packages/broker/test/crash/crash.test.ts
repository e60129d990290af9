import type { Will } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { CommittingWorld } from '../commits/committing-world.ts';
import { acknowledgement } from '../world/packets.ts';
import type { TestClient } from '../world/test-client.ts';
import { bytesOf } from '../world/world.ts';

const durable = { cleanStart: false, properties: { sessionExpiryInterval: 1000 } } as const;

/** Another process on what was kept, some time later. */
function restarted(world: CommittingWorld, options: { readonly downMs?: number } = {}): CommittingWorld {
  const downMs = options.downMs ?? 0;
  return new CommittingWorld({ store: world.store.reopen(), nowMs: 77, wallMs: world.wallMs + downMs });
}

function willOf(text: string, options: Partial<Will> = {}): Will {
  return { topicName: 'w', payload: bytesOf(text), qos: 1, retain: false, properties: {}, ...options };
}

function watcherOf(world: CommittingWorld): TestClient {
  const watcher = world.connect();
  watcher.subscribe('w', 1);
  return watcher;
}

describe('after a crash', () => {
  it.each([1_700_000_000_000, -1_700_000_000_000])(
    'a wall clock that had jumped by %i ms has expired nothing, and what is to expire does in its time',
    (jumpMs) => {
      const world = new CommittingWorld();
      const client = world.durable('c');
      world.subscribed(client, 't', 1);
      world.subscribed(client, '$share/g/s', 1);
      const publisher = world.connect();
      const properties = { messageExpiryInterval: 3600 };
      publisher.publish('t', 'in flight', { qos: 1, properties });
      world.settle();
      client.drop();
      publisher.publish('t', 'waits', { qos: 1, properties });
      publisher.publish('s', 'of the group', { qos: 1, properties });
      publisher.publish('r', 'retained', { qos: 1, retain: true, properties });
      world.settle();
      world.wallMs += jumpMs;
      world.advance(100_000);
      world.settle();
      const again = restarted(world);
      expect(again.core.gauges.retainedMessages).toBe(1);
      again.advance(400_000);
      const back = again.durable('c');
      expect(
        back
          .takePublishes()
          .map(({ payload, properties }) => [
            new TextDecoder().decode(payload),
            properties.messageExpiryInterval,
          ]),
      ).toEqual([
        ['in flight', 3100],
        ['waits', 3100],
        ['of the group', 3100],
      ]);
      expect(again.dropped('expired')).toBe(0);
      again.advance(3_100_000);
      expect(again.core.gauges.retainedMessages).toBe(0);
    },
  );

  it('a session is still there, with its subscriptions and all their options', () => {
    const world = new CommittingWorld();
    const client = world.durable('c');
    client.send({
      type: 'subscribe',
      packetId: 1,
      subscriptions: [
        { topicFilter: 'a/+', qos: 1, noLocal: true, retainAsPublished: true, retainHandling: 2 },
        { topicFilter: 'gone', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
      properties: { subscriptionIdentifier: 9 },
    });
    client.send({ type: 'unsubscribe', packetId: 2, topicFilters: ['gone'], properties: {} });
    world.settle();
    const again = restarted(world);
    const back = again.durable('c');
    expect(back.connack?.sessionPresent).toBe(true);
    const publisher = again.connect();
    publisher.publish('a/b', 'x', { qos: 1, retain: true });
    publisher.publish('gone', 'y', { qos: 1 });
    back.publish('a/b', 'own', { qos: 1 });
    again.settle();
    expect(back.takePublishes()).toMatchObject([
      { topicName: 'a/b', qos: 1, retain: true, properties: { subscriptionIdentifiers: [9] } },
    ]);
  });

  it('a session whose SUBACK had not left may have the subscription or not, and asks again', () => {
    const world = new CommittingWorld();
    const client = world.durable('c');
    client.send({
      type: 'subscribe',
      packetId: 1,
      subscriptions: [
        { topicFilter: 'a', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
      properties: {},
    });
    expect(client.take()).toEqual([]);
    const again = restarted(world);
    again.durable('c');
    expect(again.core.gauges.subscriptions).toBe(0);
  });

  it('a session of a client that said goodbye expires when it would have, downtime included', () => {
    const world = new CommittingWorld();
    const client = world.durable('c');
    client.disconnect();
    world.settle();
    world.advance(400_000);
    const again = restarted(world, { downMs: 500_000 });
    again.settle();
    again.advance(99_999);
    expect(again.core.gauges.sessions).toBe(1);
    again.advance(1);
    expect(again.core.gauges.sessions).toBe(0);
    again.settle();
    expect(restarted(again).core.gauges.sessions).toBe(0);
  });

  it('a session of a client that was connected has all of its time from the restart on', () => {
    const world = new CommittingWorld();
    world.durable('c');
    world.advance(5_000_000);
    const again = restarted(world, { downMs: 5_000_000 });
    again.advance(999_999);
    expect(again.core.gauges.sessions).toBe(1);
    again.advance(1);
    expect(again.core.gauges.sessions).toBe(0);
  });

  it('a session that ended with its connection is gone, although it was resumed from a kept one', () => {
    const world = new CommittingWorld();
    world.durable('c').drop();
    world.settle();
    world.durable('c', { properties: { sessionExpiryInterval: 0 } });
    const again = restarted(world);
    expect(again.core.gauges.sessions).toBe(0);
  });

  it('what waited and what was in flight comes in order, the latter marked as sent again', () => {
    const world = new CommittingWorld();
    const client = world.durable('c', { properties: { sessionExpiryInterval: 1000, receiveMaximum: 3 } });
    world.subscribed(client, 'a', 2);
    const publisher = world.connect();
    for (let i = 1; i <= 6; i++) publisher.publish('a', `${i}`, { qos: i % 2 === 0 ? 2 : 1 });
    world.settle();
    expect(client.takeTexts()).toEqual(['1', '3', '2']);
    const back = restarted(world).durable('c');
    expect(
      back.takePublishes().map(({ payload, dup }) => `${payload[0]! - 0x30}${dup ? ' again' : ''}`),
    ).toEqual(['1 again', '2 again', '3 again', '5', '4', '6']);
  });

  it('a QoS 2 exchange goes on where it was: PUBLISH, or PUBREL, or nothing', () => {
    for (const [answers, expected] of [
      [[], ['publish']],
      [['pubrec'], ['pubrel']],
      [['pubrec', 'pubcomp'], []],
    ] as const) {
      const world = new CommittingWorld();
      const client = world.durable('c');
      world.subscribed(client, 'a', 2);
      world.connect().publish('a', 'x', { qos: 2 });
      world.settle();
      for (const answer of answers) {
        client.send(acknowledgement(answer, 1));
        world.settle();
      }
      expect(
        restarted(world)
          .durable('c')
          .take()
          .map(({ type }) => type),
      ).toEqual(expected);
    }
  });

  it('a QoS 2 message that was received is known by its identifier until it is released', () => {
    const world = new CommittingWorld();
    world.subscribed(world.durable('c'), 'a', 2);
    world.durable('p').publish('a', 'once', { qos: 2, packetId: 7 });
    world.settle();
    const again = restarted(world);
    const [publisher, subscriber] = [again.durable('p'), again.durable('c')];
    publisher.publish('a', 'once', { qos: 2, packetId: 7, dup: true });
    publisher.send(acknowledgement('pubrel', 7));
    again.settle();
    expect(publisher.take().map(({ type }) => type)).toEqual(['pubrec', 'pubcomp']);
    publisher.publish('a', 'another', { qos: 2, packetId: 7 });
    again.settle();
    expect(subscriber.takeTexts()).toEqual(['once', 'another']);
  });

  it('the last retained message that was acknowledged is there, with what is left of its time', () => {
    const world = new CommittingWorld();
    const publisher = world.connect();
    const properties = { messageExpiryInterval: 100 };
    publisher.publish('r', 'old', { qos: 1, retain: true });
    publisher.publish('cleared', 'x', { qos: 1, retain: true });
    publisher.publish('cleared', '', { qos: 1, retain: true });
    publisher.publish('r', 'new', { qos: 1, retain: true, properties });
    publisher.publish('expires', 'x', { qos: 1, retain: true, properties: { messageExpiryInterval: 30 } });
    world.settle();
    world.advance(10_000);
    publisher.publish('r', 'not acknowledged', { qos: 1, retain: true });
    const again = restarted(world, { downMs: 30_000 });
    const reader = again.connect();
    reader.subscribe('#', 1);
    expect(reader.takePublishes()).toMatchObject([
      { topicName: 'r', payload: bytesOf('new'), retain: true, properties: { messageExpiryInterval: 60 } },
    ]);
  });

  it('messages for a shared group that no member had taken go to the member that comes first', () => {
    const world = new CommittingWorld();
    const members = [world.durable('m1'), world.durable('m2')];
    for (const member of members) world.subscribed(member, '$share/g/a', 1);
    for (const member of members) member.drop();
    world.settle();
    const publisher = world.connect();
    for (const text of ['1', '2', '3']) publisher.publish('a', text, { qos: 1 });
    world.settle();
    const again = restarted(world);
    expect(again.durable('m2').takeTexts()).toEqual(['1', '2', '3']);
    expect(again.durable('m1').takeTexts()).toEqual([]);
  });

  it('a message of a shared group that one member had stays with it, and goes back when its session ends', () => {
    const world = new CommittingWorld();
    const member = world.durable('m1');
    world.subscribed(member, '$share/g/a', 1);
    world.connect().publish('a', 'x', { qos: 1 });
    world.settle();
    expect(member.takeTexts()).toEqual(['x']);
    world.subscribed(world.durable('m2'), '$share/g/a', 1);
    const again = restarted(world);
    const other = again.durable('m2');
    expect(other.take()).toEqual([]);
    again.connecting({ clientId: 'm1', cleanStart: true });
    again.settle();
    expect(other.takeTexts()).toEqual(['x']);
  });

  it('what is given to a member whose session is not kept stays with its group until it is acknowledged', () => {
    const world = new CommittingWorld();
    const kept = world.durable('kept');
    world.subscribed(kept, '$share/g/a', 1);
    kept.drop();
    world.settle();
    const passing = world.connect();
    passing.subscribe('$share/g/a', 1);
    const publisher = world.connect();
    for (const text of ['1', '2']) publisher.publish('a', text, { qos: 1 });
    world.settle();
    const [first] = passing.takePublishes();
    passing.send(acknowledgement('puback', first!.packetId));
    world.settle();
    expect(restarted(world).durable('kept').takeTexts()).toEqual(['2']);
  });

  it('messages whose topic names have too many levels now are left out, counted and logged', () => {
    const world = new CommittingWorld();
    const client = world.durable('c');
    world.subscribed(client, '#', 1);
    client.drop();
    world.settle();
    const publisher = world.connect();
    for (const name of ['a/b/c', 'a/b']) publisher.publish(name, 'x', { qos: 1, retain: true });
    world.settle();
    const again = new CommittingWorld({ store: world.store.reopen(), limits: { topicLevels: 2 } });
    expect(
      again
        .durable('c')
        .takePublishes()
        .map(({ topicName }) => topicName),
    ).toEqual(['a/b']);
    expect(again.core.gauges.retainedMessages).toBe(1);
    expect(again.dropped('not-restored')).toBe(1);
    expect(again.log.map(({ code }) => code)).toEqual(['messages-not-restored']);
  });
});

describe('the will of a client that was connected when the broker crashed', () => {
  it.each([
    ['outlives its connection', 1000],
    ['ends with its connection', 0],
  ])('is published after the grace if its session %s', (_, sessionExpiryInterval) => {
    const world = new CommittingWorld();
    world.durable('c', { properties: { sessionExpiryInterval }, will: willOf('gone') });
    const again = restarted(world);
    const watcher = watcherOf(again);
    again.advance(29_999);
    expect(watcher.takeTexts()).toEqual([]);
    again.advance(1);
    expect(watcher.takeTexts()).toEqual(['gone']);
    again.settle();
    // It is published once, also if the broker crashes again.
    const third = restarted(again);
    const second = watcherOf(third);
    third.advance(100_000);
    expect(second.takeTexts()).toEqual([]);
  });

  it.each([1000, 0])(
    'is not published if the client returns within the grace (expiry %i)',
    (sessionExpiryInterval) => {
      const world = new CommittingWorld();
      world.durable('c', { properties: { sessionExpiryInterval }, will: willOf('gone') });
      const again = restarted(world);
      const watcher = watcherOf(again);
      again.settle();
      again.advance(29_999);
      again.durable('c', { properties: { sessionExpiryInterval } });
      again.advance(100_000);
      expect(watcher.take()).toEqual([]);
    },
  );

  it('is not published if the client returns with a clean start within the grace, but after it is', () => {
    const clean = { cleanStart: true, properties: { sessionExpiryInterval: 1000 } } as const;
    for (const [afterMs, texts] of [
      [29_999, []],
      [30_001, ['gone']],
    ] as const) {
      const world = new CommittingWorld();
      const will = willOf('gone', { properties: { willDelayInterval: 500 } });
      world.durable('c', { ...clean, will });
      const again = restarted(world);
      const watcher = watcherOf(again);
      again.settle();
      again.advance(afterMs);
      expect(again.durable('c', clean).connack?.sessionPresent).toBe(false);
      again.advance(1_000_000);
      expect(watcher.takeTexts()).toEqual(texts);
    }
  });

  it('is published if its connection had been lost before the restart, and the client returns with a clean start', () => {
    const world = new CommittingWorld();
    const will = willOf('gone', { properties: { willDelayInterval: 500 } });
    world.durable('c', { ...durable, will }).drop();
    world.settle();
    const again = restarted(world);
    const watcher = watcherOf(again);
    again.durable('c', { cleanStart: true });
    expect(watcher.takeTexts()).toEqual(['gone']);
  });

  it('has the grace again when the broker crashes within it', () => {
    const world = new CommittingWorld();
    world.durable('c', { will: willOf('gone') });
    const second = restarted(world);
    second.settle();
    second.advance(20_000);
    const third = restarted(second);
    const watcher = watcherOf(third);
    third.advance(29_999);
    expect(watcher.take()).toEqual([]);
    third.advance(1);
    expect(watcher.takeTexts()).toEqual(['gone']);
  });

  it('waits for the rest of its delay if that is longer, but not for all of it anew', () => {
    const world = new CommittingWorld();
    const client = world.durable('c', { will: willOf('gone', { properties: { willDelayInterval: 100 } }) });
    client.drop();
    world.settle();
    world.advance(40_000);
    const again = restarted(world, { downMs: 20_000 });
    const watcher = watcherOf(again);
    again.advance(39_999);
    expect(watcher.take()).toEqual([]);
    again.advance(1);
    expect(watcher.takeTexts()).toEqual(['gone']);
  });

  it('of a client that had said goodbye is not published', () => {
    const world = new CommittingWorld();
    world.durable('c', { ...durable, will: willOf('gone') }).disconnect();
    world.settle();
    const again = restarted(world);
    const watcher = watcherOf(again);
    again.advance(500_000);
    expect(watcher.take()).toEqual([]);
  });
});
