import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import type { TestClient } from '../world/test-client.ts';
import { textOf, World } from '../world/world.ts';

/** What a new client that subscribes to the filter is shown. */
function shown(world: World, topicFilter: string): string[] {
  const client = world.connect();
  client.subscribe(topicFilter, 2);
  const texts = client.takeAndAcknowledge().map((packet) => {
    expect(packet.retain).toBe(true);
    return `${packet.topicName} ${textOf(packet)} ${packet.qos}`;
  });
  client.disconnect();
  return texts;
}

function retain(client: TestClient, count: number, text = 'x'): void {
  for (let i = 0; i < count; i++) client.publish(`many/${i}`, `${text}${i}`, { retain: true });
}

describe('Retain Handling', () => {
  it('[MQTT-3.3.1-10] v5 1 shows it when the same SUBSCRIBE names the filter twice', () => {
    const world = new World();
    world.connect().publish('a', 'x', { retain: true });
    const client = world.connect();
    client.subscribe([
      { topicFilter: 'a', retainHandling: 1, qos: 0 },
      { topicFilter: 'a', retainHandling: 1, qos: 1 },
    ]);
    expect(client.takeTexts()).toEqual(['x']);
  });
});

describe('a retained message', () => {
  it.each([3, 4, 5] as const)(
    '[MQTT-3.1.2-7] v3.1.1 stays when the session of its publisher ends, in version %i',
    (protocolVersion) => {
      const world = new World();
      const publisher = world.connect({ protocolVersion, clientId: 'p' });
      publisher.publish('a', 'x', { retain: true, qos: 1 });
      publisher.disconnect();
      world.connect({ protocolVersion, clientId: 'p' }).drop();
      expect(shown(world, 'a')).toEqual(['a x 1']);
    },
  );

  it('[MQTT-3.3.4-3] v5 has the identifier of the subscription that shows it, and the lower QoS', () => {
    const world = new World();
    const publisher = world.connect();
    for (const qos of [0, 1, 2] as const) publisher.publish(`a/${qos}`, 'x', { retain: true, qos });
    const client = world.connect();
    client.subscribe('a/#', 1, 7);
    expect(client.takeAndAcknowledge().map(({ qos, properties }) => [qos, properties])).toEqual([
      [0, { subscriptionIdentifiers: [7] }],
      [1, { subscriptionIdentifiers: [7] }],
      [1, { subscriptionIdentifiers: [7] }],
    ]);
  });

  it('[MQTT-3.3.2-5] [MQTT-3.3.2-6] v5 counts its expiry down while it is kept, and is gone after it', () => {
    const world = new World();
    const publisher = world.connect();
    for (const qos of [0, 1] as const) {
      publisher.publish(`a/${qos}`, 'x', { retain: true, qos, properties: { messageExpiryInterval: 10 } });
    }
    world.advance(4000);
    const early = world.connect();
    early.subscribe('a/+', 1);
    const left = early.takeAndAcknowledge().map((packet) => packet.properties.messageExpiryInterval);
    expect(left).toEqual([6, 6]);
    world.advance(5999);
    expect(shown(world, '#')).toHaveLength(2);
    world.advance(1);
    expect(shown(world, '#')).toEqual([]);
    expect(world.core.retaining.messages.count).toBe(0);
  });

  it('is cleared by an empty will that is retained', () => {
    const world = new World();
    world.connect().publish('a', 'x', { retain: true });
    const will = {
      topicName: 'a',
      payload: new Uint8Array(0),
      qos: 0 as const,
      retain: true,
      properties: {},
    };
    world.connect({ will }).drop();
    expect(shown(world, 'a')).toEqual([]);
  });

  it('stays when it never expires and replaced one that would have', () => {
    const world = new World();
    const publisher = world.connect();
    publisher.publish('a', 'old', { retain: true, properties: { messageExpiryInterval: 10 } });
    publisher.publish('a', 'new', { retain: true });
    world.advance(20_000);
    expect(shown(world, 'a')).toEqual(['a new 0']);
  });

  it('[MQTT-4.7.2-1] v5 v3.1.1 of a topic with $ in front is not found by a wildcard there', () => {
    const world = new World();
    const publisher = world.connect();
    publisher.publish('$own/a', 'x', { retain: true });
    publisher.publish('own/a', 'x', { retain: true });
    expect(shown(world, '#')).toEqual(['own/a x 0']);
    expect(shown(world, '+/a')).toEqual(['own/a x 0']);
    expect(shown(world, '$own/+')).toEqual(['$own/a x 0']);
  });

  it.each([
    ['a/#', ['a 1 0', 'a/b 2 0', 'a/b/c 3 0', 'a//c 4 0']],
    ['a/+', ['a/b 2 0']],
    ['a/+/c', ['a/b/c 3 0', 'a//c 4 0']],
    ['a//c', ['a//c 4 0']],
    ['+', ['a 1 0']],
    ['+/+', ['a/b 2 0', '/a 5 0']],
    ['/+', ['/a 5 0']],
  ])('is found by %s where that matches its topic', (topicFilter, expected) => {
    const world = new World();
    const publisher = world.connect();
    for (const [i, name] of ['a', 'a/b', 'a/b/c', 'a//c', '/a'].entries()) {
      publisher.publish(name, String(i + 1), { retain: true });
    }
    expect(shown(world, topicFilter).sort()).toEqual([...expected].sort());
  });
});

describe('as many retained messages as there may be', () => {
  it('are kept, and one more is routed, counted, and told to its publisher', () => {
    const world = new World({ limits: { retainedMessages: 2 } });
    const publisher = world.connect();
    const subscriber = world.connect();
    subscriber.subscribe('#');
    for (const topicName of ['a', 'b']) {
      publisher.publish(topicName, 'x', { retain: true, qos: 1 });
      expect(publisher.takeOne('puback')).toMatchObject({ reasonCode: 0, properties: {} });
    }
    publisher.publish('c', 'x', { retain: true, qos: 1 });
    const puback = publisher.takeOne('puback');
    expect(puback.reasonCode).toBe(ReasonCode.Success);
    expect(puback.properties.reasonString).toContain('not retained');
    expect(subscriber.takeTexts()).toEqual(['x', 'x', 'x']);
    expect(world.dropped('retained-limit')).toBe(1);
    publisher.publish('a', 'y', { retain: true });
    expect(shown(world, '#')).toEqual(['a y 0', 'b x 1']);
    publisher.publish('a', '', { retain: true });
    publisher.publish('c', 'z', { retain: true });
    expect(shown(world, '#')).toEqual(['b x 1', 'c z 0']);
  });

  it('[MQTT-3.3.1-7] v3.1.1 in bytes: one that does not fit leaves no older one in its place', () => {
    const world = new World({ limits: { retainedBytes: 1000 } });
    const publisher = world.connect({ protocolVersion: ProtocolVersion.V311 });
    publisher.publish('a', 'small', { retain: true });
    publisher.publish('a', 'x'.repeat(1000), { retain: true });
    expect(shown(world, 'a')).toEqual([]);
    expect(world.dropped('retained-limit')).toBe(1);
  });
});

describe('many retained messages', () => {
  it('come in batches, so that the client is answered in between', () => {
    const world = new World({ limits: { retainedBatch: 10 } });
    retain(world.connect(), 35);
    const client = world.connect();
    client.send(subscribeTo('#', 0), { type: 'pingreq' });
    const received = client.take().map((packet) => packet.type);
    expect(received[0]).toBe('suback');
    expect(received.filter((type) => type === 'publish')).toHaveLength(35);
    expect(received.indexOf('pingresp')).toBeLessThanOrEqual(11);
    expect(client.writes.length).toBeGreaterThan(3);
  });

  it('all come to a client that reads slowly, at QoS 0 too', () => {
    const world = new World({ limits: { outboxBytes: 1024 } });
    retain(world.connect(), 100, 'x'.repeat(100));
    const client = world.connect();
    client.stalled = true;
    client.send(subscribeTo('many/+', 0));
    while (client.stalled) client.unstall();
    expect(new Set(client.takeTexts()).size).toBe(100);
    expect(world.dropped('outbox-full')).toBe(0);
  });

  it('wait for room also where a message is larger than what is left of it', () => {
    const world = new World({ limits: { outboxBytes: 1024 } });
    retain(world.connect(), 20, 'x'.repeat(700));
    const client = world.connect();
    client.subscribe('many/+');
    expect(client.takeTexts()).toHaveLength(20);
  });

  it('are shown as they are when their turn comes', () => {
    const world = new World({ limits: { outboxBytes: 1024 } });
    const publisher = world.connect();
    retain(publisher, 100, 'old'.repeat(20));
    const client = world.connect();
    client.stalled = true;
    client.send(subscribeTo('many/+', 0));
    for (let i = 0; i < 100; i++) publisher.publish(`many/${i}`, '', { retain: true });
    client.unstall();
    const shownOnes = client.takePublishes().filter((packet) => packet.retain);
    expect(shownOnes.length).toBeGreaterThan(0);
    expect(shownOnes.length).toBeLessThan(20);
  });

  it('beyond what the application may be handed in a turn are handed to it in later ones', () => {
    const world = new World({ limits: { localMessages: 3 } });
    retain(world.connect(), 5);
    world.core.subscribe('many/+', () => {});
    expect(world.core.takeLocal()).toHaveLength(3);
    world.core.turn();
    expect(world.core.takeLocal()).toHaveLength(2);
    expect(world.dropped('queue-full-dropped-newest')).toBe(0);
  });

  it('wait for acknowledgements without filling the queue', () => {
    const world = new World({ limits: { queuedMessages: 5 } });
    const publisher = world.connect();
    for (let i = 0; i < 50; i++) publisher.publish(`many/${i}`, String(i), { retain: true, qos: 1 });
    const client = world.connect({ properties: { receiveMaximum: 3 } });
    client.subscribe('many/+', 1);
    const texts: string[] = [];
    for (let some = client.takeAndAcknowledge(); some.length > 0; some = client.takeAndAcknowledge()) {
      texts.push(...some.map(textOf));
    }
    expect(texts).toEqual(Array.from({ length: 50 }, (_, i) => String(i)));
    expect(world.dropped('queue-full-dropped-oldest')).toBe(0);
  });

  it('[MQTT-3.8.4-4] v5 go on after a resubscribe that shows nothing itself', () => {
    const world = new World({ limits: { retainedBatch: 10 } });
    retain(world.connect(), 35);
    const client = world.connect();
    client.send(subscribeTo('#', 0), subscribeTo('#', 2, 1));
    expect(new Set(client.takeTexts()).size).toBe(35);
  });

  it('[MQTT-3.8.4-4] v5 [MQTT-3.8.4-3] v3.1.1 begin again after a resubscribe that shows them', () => {
    const world = new World({ limits: { retainedBatch: 10 } });
    retain(world.connect(), 35);
    const client = world.connect();
    client.send(subscribeTo('#', 0), subscribeTo('#', 0, 1));
    expect(new Set(client.takeTexts()).size).toBe(35);
  });

  it('[MQTT-3.10.4-2] v5 v3.1.1 stop at UNSUBSCRIBE', () => {
    const world = new World({ limits: { retainedBatch: 10 } });
    retain(world.connect(), 35);
    const client = world.connect();
    client.send(subscribeTo('#', 0), {
      type: 'unsubscribe',
      packetId: 2,
      topicFilters: ['#'],
      properties: {},
    });
    expect(client.takeTexts().length).toBeLessThanOrEqual(10);
  });
});

function subscribeTo(topicFilter: string, retainHandling: 0 | 1 | 2, qos: 0 | 1 = 0) {
  return {
    type: 'subscribe' as const,
    packetId: 1,
    subscriptions: [{ topicFilter, qos, noLocal: false, retainAsPublished: false, retainHandling }],
    properties: {},
  };
}
