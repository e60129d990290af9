/** What is made per message. Counted on the classes themselves: an object per message is garbage per message. */
import { ProtocolVersion } from '@martlet/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Publication } from '../../src/core/publish/publication.ts';
import { SubscriptionTree } from '../../src/core/topics/subscription-tree.ts';
import { encodedPackets, publishPacket } from '../world/packets.ts';
import { World } from '../world/world.ts';

const { V311, V5 } = ProtocolVersion;

afterEach(() => {
  vi.restoreAllMocks();
});

function burst(version: ProtocolVersion, count: number, topicOf: (i: number) => string): Uint8Array {
  return encodedPackets(
    version,
    Array.from({ length: count }, (_, i) => publishPacket(topicOf(i), 'value')),
  );
}

describe('QoS 0 messages without properties', () => {
  it.each([
    [V311, V311],
    [V311, V5],
    [V5, V311],
    [V5, V5],
  ])('from version %i to version %i make neither a message nor a publication', (from, to) => {
    const kept = vi.spyOn(Publication.prototype, 'message');
    const begun = vi.spyOn(Publication.prototype, 'begin');
    const world = new World();
    const subscriber = world.connect({ protocolVersion: to });
    subscriber.subscribe('a/#');
    const publisher = world.connect({ protocolVersion: from });
    publisher.sendBytes(burst(from, 500, (i) => `a/${i % 7}`));
    expect(subscriber.takePublishes()).toHaveLength(500);
    expect(begun).not.toHaveBeenCalled();
    expect(kept).not.toHaveBeenCalled();
  });

  it('become a message when somebody must keep them', () => {
    const kept = vi.spyOn(Publication.prototype, 'message');
    const world = new World();
    const publisher = world.connect();
    publisher.publish('a', 'kept', { retain: true });
    expect(kept).toHaveBeenCalled();
  });
});

describe('the way of a topic', () => {
  it('is looked up once, however many messages and publishers there are', () => {
    const matched = vi.spyOn(SubscriptionTree.prototype, 'match');
    const world = new World();
    const subscriber = world.connect();
    subscriber.subscribe('a/+');
    const publishers = Array.from({ length: 5 }, () => world.connect());
    for (const publisher of publishers) publisher.sendBytes(burst(V5, 300, (i) => `a/${i % 3}`));
    expect(subscriber.takePublishes()).toHaveLength(1500);
    expect(matched).toHaveBeenCalledTimes(3);
  });

  it('stays known while other subscriptions and clients come and go', () => {
    const world = new World();
    const subscriber = world.connect();
    subscriber.subscribe('site/1/+/state');
    const publisher = world.connect();
    const publish = (): void => publisher.sendBytes(burst(V5, 50, (i) => `site/1/${i}/state`));
    publish();
    const matched = vi.spyOn(SubscriptionTree.prototype, 'match');
    const other = world.connect();
    for (let i = 0; i < 100; i++) {
      other.subscribe([
        { topicFilter: `elsewhere/${i}/#` },
        { topicFilter: `site/2/${i}/state` },
        { topicFilter: `site/2/+/x${i}` },
        { topicFilter: 'site/1/no-topic-of-these' },
      ]);
      publish();
      other.unsubscribe(
        `elsewhere/${i}/#`,
        `site/2/${i}/state`,
        `site/2/+/x${i}`,
        'site/1/no-topic-of-these',
      );
      world.connect().disconnect();
      publish();
    }
    expect(subscriber.takePublishes()).toHaveLength(50 * 201);
    // Filters share the counters of changes by hash, so that now and then one concerns a topic by chance.
    expect(matched.mock.calls.length).toBeLessThan(50);
  });

  it('is looked up again after a change that may concern it', () => {
    const world = new World();
    const subscriber = world.connect();
    subscriber.subscribe('site/1/+/state');
    const publisher = world.connect();
    publisher.publish('site/1/a/state', '1');
    const matched = vi.spyOn(SubscriptionTree.prototype, 'match');
    for (const topicFilter of ['site/1/a/state', 'site/+/a/state', '#']) {
      const late = world.connect();
      late.subscribe(topicFilter);
      publisher.publish('site/1/a/state', '2');
      expect(late.takeTexts()).toEqual(['2']);
    }
    expect(matched).toHaveBeenCalledTimes(3);
  });
});

describe('topics that one message named', () => {
  it('do not stay: their number is bounded', () => {
    const world = new World({ limits: { internedTopics: 1000 } });
    const publisher = world.connect();
    for (let first = 0; first < 20_000; first += 500) {
      publisher.sendBytes(burst(V5, 500, (i) => `once/${first + i}`));
    }
    expect(world.core.gauges.internedTopics).toBeGreaterThan(0);
    expect(world.core.gauges.internedTopics).toBeLessThanOrEqual(2000);
  });
});
