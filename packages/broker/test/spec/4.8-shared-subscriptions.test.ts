import { ProtocolVersion, ReasonCode } from '@martlet/protocol';
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import type { TestClient } from '../world/test-client.ts';
import { textOf, World } from '../world/world.ts';

const SHARED = '$share/g/a/+';

interface MemberOptions {
  readonly clientId: string;
  /** Seconds that the session outlives its connection. @default 0 */
  readonly expiry?: number;
  readonly qos?: 0 | 1 | 2;
  readonly protocolVersion?: 4 | 5;
  readonly receiveMaximum?: number;
}

function connect(
  world: World,
  { clientId, expiry = 0, protocolVersion = 5, receiveMaximum }: MemberOptions,
): TestClient {
  return world.connect({
    clientId,
    protocolVersion,
    cleanStart: expiry === 0,
    properties:
      protocolVersion === ProtocolVersion.V5
        ? {
            sessionExpiryInterval: expiry,
            ...(receiveMaximum === undefined ? undefined : { receiveMaximum }),
          }
        : {},
  });
}

function member(world: World, options: MemberOptions): TestClient {
  const client = connect(world, options);
  expect(client.subscribe(SHARED, options.qos ?? 2)).toEqual([options.qos ?? 2]);
  return client;
}

/** Publishes texts at a QoS to what the group is subscribed to, and carries the exchanges through. */
function publish(publisher: TestClient, qos: 0 | 1 | 2, ...texts: readonly string[]): void {
  for (const text of texts) {
    publisher.publish('a/b', text, { qos });
    if (qos === 1) publisher.takeOne('puback');
    if (qos === 2) {
      const { packetId } = publisher.takeOne('pubrec');
      publisher.send({ type: 'pubrel', packetId, reasonCode: 0, properties: {} });
      publisher.takeOne('pubcomp');
    }
  }
}

function numbers(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, i) => String(from + i));
}

/** Takes and acknowledges until nothing more comes. */
function drain(client: TestClient): string[] {
  const texts: string[] = [];
  for (let some = client.takeAndAcknowledge(); some.length > 0; some = client.takeAndAcknowledge()) {
    texts.push(...some.map(textOf));
  }
  return texts;
}

describe('a shared subscription', () => {
  it.each([0, 1, 2] as const)('gives each message of QoS %i to one member, in turn', (qos) => {
    const world = new World();
    const publisher = world.connect();
    const members = ['x', 'y', 'z'].map((clientId) => member(world, { clientId }));
    publish(publisher, qos, ...numbers(30));
    const taken = members.map((client) => drain(client));
    expect(taken.map((texts) => texts.length)).toEqual([10, 10, 10]);
    expect(taken.flat().sort()).toEqual(numbers(30).sort());
    for (const texts of taken) expect(texts).toEqual([...texts].sort((a, b) => Number(a) - Number(b)));
  });

  it('gives a message to the member with the least in flight, if it is told to', () => {
    const world = new World({ habits: { shareBalancing: 'least-in-flight' } });
    const publisher = world.connect();
    const [busy, idle] = ['busy', 'idle'].map((clientId) => member(world, { clientId })) as [
      TestClient,
      TestClient,
    ];
    publish(publisher, 0, ...numbers(10));
    expect([busy, idle].map((client) => client.takeTexts().length)).toEqual([5, 5]);
    publish(publisher, 1, ...numbers(10));
    expect(busy.takePublishes()).toHaveLength(5);
    expect(idle.takeAndAcknowledge()).toHaveLength(5);
    publish(publisher, 1, ...numbers(5));
    expect(busy.takePublishes()).toHaveLength(0);
    expect(idle.takePublishes()).toHaveLength(5);
  });

  it('is one subscription for each share name, beside those that are not shared', () => {
    const world = new World();
    const publisher = world.connect();
    const client = world.connect();
    const topicFilters = ['$share/g/a/+', '$share/h/a/+', '$share/g/a/#', 'a/+', 'a/b'];
    client.subscribe(topicFilters.map((topicFilter) => ({ topicFilter })));
    publish(publisher, 0, 'x');
    expect(client.takeTexts()).toEqual(['x', 'x', 'x', 'x']);
  });

  it.each([
    ['$share/g//a', ['/a']],
    ['$share/g/#', ['/a', 'a', 'a/b']],
    ['$share/g/$own/+', ['$own/a']],
    ['$share', ['$share']],
  ])('of %s matches by what stands behind the share name', (topicFilter, expected) => {
    const world = new World();
    const publisher = world.connect();
    const client = world.connect();
    client.subscribe(topicFilter);
    for (const topicName of ['/a', 'a', 'a/b', '$own/a', '$share', '$share/g/a'])
      publisher.publish(topicName, 'x');
    expect(client.takePublishes().map((packet) => packet.topicName)).toEqual(expected);
  });

  it('[MQTT-3.3.1-9] v5 shows nothing of what is retained', () => {
    const world = new World();
    const publisher = world.connect();
    publisher.publish('a/b', 'retained', { retain: true });
    const client = world.connect();
    client.subscribe([{ topicFilter: SHARED, retainHandling: 0 }]);
    client.subscribe([{ topicFilter: SHARED, retainHandling: 0 }]);
    expect(client.take()).toEqual([]);
  });

  it('gives a will to one member, of those that are left', () => {
    const world = new World();
    const will = {
      topicName: 'a/will',
      payload: new Uint8Array(1),
      qos: 1 as const,
      retain: false,
      properties: {},
    };
    const mourned = world.connect({ will });
    mourned.subscribe(SHARED, 1);
    const members = ['x', 'y'].map((clientId) => member(world, { clientId }));
    mourned.drop();
    expect(members.flatMap((client) => client.takeAndAcknowledge())).toHaveLength(1);
  });

  it('goes on in turn when members leave, whoever’s turn it is', () => {
    for (let turn = 0; turn < 4; turn++) {
      const world = new World();
      const publisher = world.connect();
      const members = numbers(4).map((clientId) => member(world, { clientId }));
      publish(publisher, 0, ...numbers(turn));
      for (const client of members) client.take();
      members.pop()!.drop();
      members.shift()!.unsubscribe(SHARED);
      publish(publisher, 0, ...numbers(6));
      expect(members.map((client) => drain(client).length)).toEqual([3, 3]);
    }
  });

  it('finds the one that can take a message when those before it in turn have left', () => {
    const world = new World();
    const publisher = world.connect();
    const members = numbers(4).map((clientId) => member(world, { clientId, receiveMaximum: 1 }));
    publish(publisher, 1, ...numbers(4));
    for (const client of members.slice(0, 3)) client.takeAndAcknowledge();
    publish(publisher, 1, ...numbers(3, 4));
    members[2]!.takeAndAcknowledge();
    for (const client of members.slice(0, 2)) client.unsubscribe(SHARED);
    publish(publisher, 1, '7');
    expect(drain(members[2]!)).toEqual(['7']);
  });

  it('brings each member its own subscription identifier, and RETAIN as that one asked for it', () => {
    const world = new World();
    const publisher = world.connect();
    const first = world.connect();
    const second = world.connect();
    first.subscribe([{ topicFilter: SHARED, qos: 1, retainAsPublished: true }], 1, 7);
    second.subscribe(SHARED, 1);
    for (const qos of [0, 1] as const) {
      for (let i = 0; i < 2; i++) publisher.publish('a/b', 'x', { qos, retain: true });
    }
    const seen = (client: TestClient) =>
      client.takePublishes().map(({ retain, properties }) => [retain, properties]);
    expect(seen(first)).toEqual([
      [true, { subscriptionIdentifiers: [7] }],
      [true, { subscriptionIdentifiers: [7] }],
    ]);
    expect(seen(second)).toEqual([
      [false, {}],
      [false, {}],
    ]);
  });
});

describe('the QoS granted to a member of a shared subscription', () => {
  it('[MQTT-4.8.2-3] v5 bounds what that member gets, in whatever version it speaks', () => {
    const world = new World();
    const publisher = world.connect();
    const granted = [0, 1, 2, 0, 1, 2] as const;
    const members = granted.map((qos, i) =>
      member(world, { clientId: String(i), qos, protocolVersion: i < 3 ? 4 : 5 }),
    );
    for (const published of [0, 1, 2] as const) {
      publish(publisher, published, ...numbers(6));
      expect(members.map((client) => client.takeAndAcknowledge().map((packet) => packet.qos))).toEqual(
        granted.map((qos) => [Math.min(qos, published)]),
      );
    }
  });

  it('[MQTT-4.8.2-3] v5 bounds also what waited for a member', () => {
    const world = new World();
    const publisher = world.connect();
    const durable = { clientId: 'd', expiry: 60, qos: 1 as const };
    member(world, durable).drop();
    publish(publisher, 2, 'x');
    const [packet] = connect(world, durable).takeAndAcknowledge();
    expect(packet?.qos).toBe(1);
  });
});

describe('while no member can take a message', () => {
  it('the group keeps it, and whoever comes first gets all in order', () => {
    for (const first of ['d1', 'd2']) {
      const world = new World();
      const publisher = world.connect();
      for (const clientId of ['d1', 'd2']) member(world, { clientId, expiry: 60 }).drop();
      publish(publisher, 1, ...numbers(5));
      publish(publisher, 2, ...numbers(5, 5));
      publish(publisher, 0, 'lost');
      expect(drain(connect(world, { clientId: first, expiry: 60 }))).toEqual(numbers(10));
      expect(drain(connect(world, { clientId: first === 'd1' ? 'd2' : 'd1', expiry: 60 }))).toEqual([]);
      expect(world.dropped('offline-qos0')).toBe(1);
    }
  });

  it('a member that joins gets it', () => {
    const world = new World();
    const publisher = world.connect();
    member(world, { clientId: 'd', expiry: 60 }).drop();
    publish(publisher, 1, ...numbers(5));
    expect(drain(member(world, { clientId: 'new' }))).toEqual(numbers(5));
    expect(world.core.gauges.storedMessages).toBe(0);
  });

  it('it waits within the limit of the group, and one more drops the oldest, counted', () => {
    const world = new World({ limits: { queuedMessages: 3 } });
    const publisher = world.connect();
    member(world, { clientId: 'd', expiry: 60 }).drop();
    publish(publisher, 1, ...numbers(3));
    expect(world.dropped('group-full')).toBe(0);
    publish(publisher, 1, '3');
    expect(world.dropped('group-full')).toBe(1);
    expect(drain(connect(world, { clientId: 'd', expiry: 60 }))).toEqual(numbers(3, 1));
  });

  it('one more than the limit of the group is dropped itself, if that is the habit', () => {
    const world = new World({ limits: { queuedMessages: 3 }, habits: { fullQueue: 'drop-newest' } });
    const publisher = world.connect();
    member(world, { clientId: 'd', expiry: 60 }).drop();
    publish(publisher, 1, ...numbers(4));
    expect(world.dropped('group-full')).toBe(1);
    expect(drain(connect(world, { clientId: 'd', expiry: 60 }))).toEqual(numbers(3));
  });

  it('it waits within the limit of the group in bytes', () => {
    const world = new World({ limits: { queuedBytes: 1000 } });
    const publisher = world.connect();
    member(world, { clientId: 'd', expiry: 60 }).drop();
    publish(publisher, 1, 'x'.repeat(500), 'y'.repeat(300), 'z'.repeat(100));
    expect(world.dropped('group-full')).toBe(1);
    const texts = drain(connect(world, { clientId: 'd', expiry: 60 }));
    expect(texts.map((text) => text[0])).toEqual(['y', 'z']);
  });

  it('it expires', () => {
    const world = new World();
    const publisher = world.connect();
    member(world, { clientId: 'd', expiry: 60 }).drop();
    publisher.publish('a/b', 'short', { qos: 1, properties: { messageExpiryInterval: 5 } });
    publisher.publish('a/b', 'long', { qos: 1, properties: { messageExpiryInterval: 50 } });
    world.advance(5001);
    const back = connect(world, { clientId: 'd', expiry: 60 }).takeAndAcknowledge();
    expect(back.map((packet) => [textOf(packet), packet.properties])).toEqual([
      ['long', { messageExpiryInterval: 45 }],
    ]);
    expect(world.dropped('expired')).toBe(1);
  });
});

describe('a member that is away, or reads or acknowledges nothing,', () => {
  it('strands no message when it is away', () => {
    const world = new World();
    const publisher = world.connect();
    member(world, { clientId: 'away', expiry: 60 }).drop();
    const there = member(world, { clientId: 'there' });
    publish(publisher, 1, ...numbers(10));
    expect(drain(there)).toEqual(numbers(10));
    expect(drain(connect(world, { clientId: 'away', expiry: 60 }))).toEqual([]);
  });

  it('strands none that it was not sent', () => {
    const world = new World();
    const publisher = world.connect();
    const slow = member(world, { clientId: 'slow', receiveMaximum: 2 });
    const quick = member(world, { clientId: 'quick' });
    publish(publisher, 1, ...numbers(20));
    expect(slow.takePublishes()).toHaveLength(2);
    expect(drain(quick)).toHaveLength(18);
  });

  it('strands none beyond what its transport and outbox hold', () => {
    const world = new World({ limits: { outboxBytes: 1024 } });
    const publisher = world.connect();
    const stalled = member(world, { clientId: 'stalled' });
    const quick = member(world, { clientId: 'quick' });
    stalled.stalled = true;
    const texts = numbers(40).map((text) => text.padEnd(200, '.'));
    for (const text of texts) {
      publish(publisher, 1, text);
      quick.takeAndAcknowledge();
    }
    stalled.unstall();
    expect(stalled.takePublishes().length).toBeLessThan(8);
  });

  it('leaves what waited to the others when they have room again', () => {
    const world = new World();
    const publisher = world.connect();
    const members = ['x', 'y'].map((clientId) => member(world, { clientId, receiveMaximum: 1 }));
    publish(publisher, 1, ...numbers(10));
    const [x, y] = members as [TestClient, TestClient];
    expect(x.takePublishes()).toHaveLength(1);
    expect(drain(y)).toHaveLength(9);
  });
});

describe('when the session of a member ends', () => {
  const endings: readonly (readonly [string, (world: World, client: TestClient) => void])[] = [
    ['with its connection', (_world, client) => client.drop()],
    ['by DISCONNECT', (_world, client) => client.disconnect(0, { sessionExpiryInterval: 0 })],
    ['by a new one with Clean Start', (world) => world.connect({ clientId: 'leaving', cleanStart: true })],
    [
      'by expiry',
      (world, client) => {
        client.drop();
        world.advance(60_000);
      },
    ],
  ];

  it.each(endings)(
    '%s, QoS 1 messages without PUBACK go to another member, before later ones',
    (how, end) => {
      const world = new World();
      const publisher = world.connect();
      const leaving = member(world, { clientId: 'leaving', expiry: how === 'with its connection' ? 0 : 60 });
      publish(publisher, 1, ...numbers(5));
      const [first] = leaving.takePublishes();
      leaving.send({ type: 'puback', packetId: first!.packetId, reasonCode: 0, properties: {} });
      const staying = member(world, { clientId: 'staying', receiveMaximum: 1 });
      staying.take();
      end(world, leaving);
      publish(publisher, 1, 'later');
      const packets: string[] = [];
      for (let some = staying.takeAndAcknowledge(); some.length > 0; some = staying.takeAndAcknowledge()) {
        for (const packet of some) expect(packet.dup).toBe(false);
        packets.push(...some.map(textOf));
      }
      expect(packets).toEqual([...numbers(4, 1), 'later']);
    },
  );

  it.each(endings)('[MQTT-4.8.2-5] v5 %s, QoS 2 messages that it was sent go to no other', (how, end) => {
    const world = new World();
    const publisher = world.connect();
    const leaving = member(world, { clientId: 'leaving', expiry: how === 'with its connection' ? 0 : 60 });
    publish(publisher, 2, 'begun', 'received');
    const received = leaving.takePublishes()[1]!;
    leaving.send({ type: 'pubrec', packetId: received.packetId, reasonCode: 0, properties: {} });
    const staying = member(world, { clientId: 'staying' });
    end(world, leaving);
    publish(publisher, 2, 'later');
    expect(drain(staying)).toEqual(['later']);
  });

  it('while it has none in common with the group any more, its QoS 1 messages still go to another member', () => {
    const world = new World();
    const publisher = world.connect();
    const leaving = member(world, { clientId: 'leaving' });
    publish(publisher, 1, 'x');
    const staying = member(world, { clientId: 'staying' });
    leaving.unsubscribe(SHARED);
    expect(drain(staying)).toEqual([]);
    leaving.drop();
    expect(drain(staying)).toEqual(['x']);
  });

  it('and it was the last one, what waits is dropped, counted', () => {
    const world = new World();
    const publisher = world.connect();
    member(world, { clientId: 'd', expiry: 60 }).drop();
    publish(publisher, 1, ...numbers(3));
    world.advance(60_000);
    expect(world.dropped('group-without-members')).toBe(3);
    expect(world.core.gauges.storedMessages).toBe(0);
    expect(world.core.gauges.storedBytes).toBe(0);
    expect(drain(member(world, { clientId: 'new' }))).toEqual([]);
  });
});

describe('when the connection of a member breaks and its session goes on', () => {
  it('[MQTT-4.8.2-4] v5 QoS 2 messages that it was sent are finished with it, and with no other', () => {
    const world = new World();
    const publisher = world.connect();
    const cut = { clientId: 'cut', expiry: 60 };
    const client = member(world, cut);
    publish(publisher, 2, 'begun', 'received');
    const [begun, received] = client.takePublishes();
    client.send({ type: 'pubrec', packetId: received!.packetId, reasonCode: 0, properties: {} });
    const other = member(world, { clientId: 'other' });
    client.drop();
    expect(drain(other)).toEqual([]);
    const back = connect(world, cut);
    expect(back.takeOne('pubrel').packetId).toBe(received!.packetId);
    back.send({ type: 'pubcomp', packetId: received!.packetId, reasonCode: 0, properties: {} });
    const again = back.takeAndAcknowledge();
    expect(again).toMatchObject([{ packetId: begun!.packetId, dup: true, qos: 2 }]);
    expect(drain(other)).toEqual([]);
  });

  it('QoS 1 messages that it was sent wait for it', () => {
    const world = new World();
    const publisher = world.connect();
    const cut = { clientId: 'cut', expiry: 60 };
    const client = member(world, cut);
    const other = member(world, { clientId: 'other' });
    publish(publisher, 1, 'x', 'y');
    const [sent] = client.takePublishes();
    client.drop();
    expect(drain(other)).toEqual(['y']);
    expect(connect(world, cut).takeAndAcknowledge()).toMatchObject([{ packetId: sent!.packetId, dup: true }]);
    expect(drain(other)).toEqual([]);
  });
});

describe('a member that refuses a message', () => {
  it.each([1, 2] as const)(
    '[MQTT-4.8.2-6] v5 at QoS %i is the last also where the group is kept and the broker starts anew',
    (qos) => {
      const store = new MemoryStore();
      const world = new World({ store });
      const publisher = world.connect();
      const durable = { clientId: 'd', expiry: 600 };
      member(world, durable).drop();
      const refusing = member(world, { clientId: 'refusing' });
      publish(publisher, qos, 'x');
      refusing.send({
        type: qos === 1 ? 'puback' : 'pubrec',
        packetId: refusing.takePublishes()[0]!.packetId,
        reasonCode: ReasonCode.NotAuthorized,
        properties: {},
      });
      const after = new World({ store: store.reopen() });
      expect(drain(connect(after, durable))).toEqual([]);
    },
  );

  it.each([1, 2] as const)(
    '[MQTT-4.8.2-6] v5 at QoS %i is the last that it is offered to, durable or not',
    (qos) => {
      for (const expiry of [0, 60]) {
        const world = new World();
        const publisher = world.connect();
        const refusing = member(world, { clientId: 'refusing', expiry });
        publish(publisher, qos, 'x');
        const other = member(world, { clientId: 'other' });
        const [packet] = refusing.takePublishes();
        refusing.send({
          type: qos === 1 ? 'puback' : 'pubrec',
          packetId: packet!.packetId,
          reasonCode: ReasonCode.NotAuthorized,
          properties: {},
        });
        refusing.drop();
        world.advance(60_000);
        expect(drain(other)).toEqual([]);
        expect(world.dropped('refused-by-subscriber')).toBe(1);
      }
    },
  );
});

describe('a member that unsubscribes', () => {
  it('gets no more, finishes what it has begun, and takes its turn again when it is back', () => {
    const world = new World();
    const publisher = world.connect();
    const client = member(world, { clientId: 'x' });
    const other = member(world, { clientId: 'y' });
    publish(publisher, 2, 'a', 'b');
    const [begun] = client.takePublishes();
    client.unsubscribe(SHARED);
    publish(publisher, 1, 'c', 'd');
    client.send({ type: 'pubrec', packetId: begun!.packetId, reasonCode: 0, properties: {} });
    client.send({
      type: 'pubcomp',
      packetId: client.takeOne('pubrel').packetId,
      reasonCode: 0,
      properties: {},
    });
    expect(client.take()).toEqual([]);
    expect(drain(other)).toEqual(['b', 'c', 'd']);
    client.subscribe(SHARED, 1);
    publish(publisher, 1, ...numbers(10));
    expect([drain(client).length, drain(other).length]).toEqual([5, 5]);
  });

  it('as the last one lets what waits go, and finds none of it when it is back', () => {
    const world = new World();
    const publisher = world.connect();
    const client = member(world, { clientId: 'x', receiveMaximum: 1 });
    publish(publisher, 1, 'sent', 'waits', 'waits too');
    client.unsubscribe(SHARED);
    expect(world.dropped('group-without-members')).toBe(2);
    client.subscribe(SHARED, 1);
    expect(drain(client)).toEqual(['sent']);
  });
});

describe('a group with durable and transient members', () => {
  const durable = { clientId: 'd', expiry: 600 };

  it('finds what waited after a restart of the broker', () => {
    const store = new MemoryStore();
    const world = new World({ store });
    const publisher = world.connect();
    member(world, durable).drop();
    const transient = member(world, { clientId: 't', receiveMaximum: 2 });
    publish(publisher, 1, ...numbers(6));
    const [first] = transient.takePublishes();
    transient.send({ type: 'puback', packetId: first!.packetId, reasonCode: 0, properties: {} });
    const after = new World({ store: store.reopen() });
    expect(drain(connect(after, durable))).toEqual(numbers(5, 1));
    const again = new World({ store: store.reopen() });
    expect(again.core.gauges.storedMessages).toBe(5);
  });

  it('[MQTT-4.8.2-5] v5 gives no QoS 2 message that was sent to a transient one to another after a restart', () => {
    const store = new MemoryStore();
    const world = new World({ store });
    const publisher = world.connect();
    member(world, durable).drop();
    const transient = member(world, { clientId: 't', receiveMaximum: 2 });
    publish(publisher, 2, 'begun', 'received', 'waits');
    const received = transient.takePublishes()[1]!;
    transient.send({ type: 'pubrec', packetId: received.packetId, reasonCode: 0, properties: {} });
    const after = new World({ store: store.reopen() });
    expect(drain(connect(after, durable))).toEqual(['waits']);
  });

  it('keeps what waits when the last durable one leaves, for the transient ones', () => {
    const world = new World();
    const publisher = world.connect();
    const client = member(world, durable);
    const transient = member(world, { clientId: 't', receiveMaximum: 1 });
    client.drop();
    publish(publisher, 1, ...numbers(5));
    expect(transient.takePublishes().map(textOf)).toEqual(['0']);
    world.advance(600_000);
    transient.send({ type: 'puback', packetId: 1, reasonCode: 0, properties: {} });
    expect(drain(transient)).toEqual(numbers(4, 1));
  });

  it('keeps what waits when the first durable one joins', () => {
    const store = new MemoryStore();
    const world = new World({ store });
    const publisher = world.connect();
    const transient = member(world, { clientId: 't', receiveMaximum: 1 });
    publish(publisher, 1, ...numbers(5));
    const client = connect(world, { ...durable, receiveMaximum: 1 });
    client.send({
      type: 'subscribe',
      packetId: 1,
      subscriptions: [
        { topicFilter: SHARED, qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
      properties: {},
    });
    expect(transient.takePublishes().map(textOf)).toEqual(['0']);
    const after = new World({ store: store.reopen() });
    expect(drain(connect(after, durable))).toEqual(numbers(4, 1));
  });
});
