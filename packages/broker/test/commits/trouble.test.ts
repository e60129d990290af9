/** While commits fail, what would have to be kept is refused at once, and everything else goes on. */
import { beforeEach, describe, expect, it } from 'vitest';
import { acknowledgement, publishPacket } from '../world/packets.ts';
import type { TestClient } from '../world/test-client.ts';
import type { WorldOptions } from '../world/world.ts';
import { CommittingWorld } from './committing-world.ts';
import { RecordingStore } from './recording-store.ts';

const will = { topicName: 'w', payload: new Uint8Array(1), qos: 0, retain: false, properties: {} } as const;

let world: CommittingWorld;
let durable: TestClient;
let durable4: TestClient;

/** Durable clients with a subscription each are there; then a commit fails. */
function trouble(code = 'store-full', options: WorldOptions = {}): void {
  world = new CommittingWorld(options);
  durable = world.durable('durable');
  durable4 = world.durable('durable4', { protocolVersion: 4 });
  world.subscribed(durable, 'a', 2);
  world.subscribed(durable4, 'four', 2);
  world.connect().publish('other', 'x', { retain: true });
  world.fail(code);
  world.log.length = 0;
}

function expectNothingStaged(act: () => void): void {
  const before = world.core.context.stagings;
  act();
  expect(world.core.context.stagings).toBe(before);
}

const subscribeTo = (topicFilter: string) =>
  ({
    type: 'subscribe',
    packetId: 9,
    subscriptions: [{ topicFilter, qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 }],
    properties: {},
  }) as const;

describe.each([
  ['store-full', 0x97, 0x97],
  ['store-io', 0x80, 0x88],
] as const)('while commits fail with %s', (code, reasonCode, connackCode) => {
  const reasonString = `the store cannot keep anything now: ${code}`;

  beforeEach(() => trouble(code));

  it('PUBLISH to a kept session is refused, and nothing of it is routed', () => {
    const other = world.connect();
    other.subscribe('a', 0);
    const publisher = world.connect();
    expectNothingStaged(() => {
      publisher.publish('a', 'x', { qos: 1, packetId: 1 });
      publisher.publish('a', 'x', { qos: 2, packetId: 2 });
    });
    expect(publisher.take()).toMatchObject([
      { type: 'puback', packetId: 1, reasonCode, properties: { reasonString } },
      { type: 'pubrec', packetId: 2, reasonCode, properties: { reasonString } },
    ]);
    expect([other.take(), durable.take(), world.dropped('not-kept')]).toEqual([[], [], 2]);
    expect(world.core.context.metrics.publishesRefused).toBe(2);
  });

  it('PUBLISH that is to be retained, or clears what is, is refused', () => {
    const publisher = world.connect();
    expectNothingStaged(() => {
      publisher.publish('new', 'x', { qos: 1, retain: true });
      publisher.publish('other', '', { qos: 1, retain: true });
    });
    expect(publisher.take()).toMatchObject([{ reasonCode }, { reasonCode }]);
    expect(world.core.gauges.retainedMessages).toBe(1);
  });

  it('PUBLISH to a shared group that is kept is refused', () => {
    world.advance(100);
    world.finish();
    world.subscribed(durable, '$share/g/shared', 1);
    world.connect().publish('other', 'x', { retain: true });
    world.fail(code);
    const publisher = world.connect();
    expectNothingStaged(() => publisher.publish('shared', 'x', { qos: 1 }));
    expect(publisher.takeOne('puback').reasonCode).toBe(reasonCode);
  });

  it('PUBLISH at QoS 2 from a kept session is refused, and handled once when it comes again later', () => {
    expectNothingStaged(() => durable.publish('nowhere', 'x', { qos: 2, packetId: 7 }));
    expect(durable.takeOne('pubrec')).toMatchObject({ packetId: 7, reasonCode });
    const reader = world.connect();
    reader.subscribe('nowhere');
    world.advance(100);
    world.finish();
    durable.publish('nowhere', 'x', { qos: 2, packetId: 7 });
    world.settle();
    expect([durable.takeOne('pubrec').reasonCode, reader.takeTexts()]).toEqual([0, ['x']]);
  });

  it('before MQTT 5.0 PUBLISH gets no acknowledgement, and its connection is closed', () => {
    for (const qos of [1, 2] as const) {
      const publisher = world.connect({ protocolVersion: 4 });
      const other = world.connect();
      other.subscribe('free', 1);
      expectNothingStaged(() =>
        publisher.send(
          publishPacket('free', '1', { qos: 1, packetId: 1 }),
          publishPacket('a', '2', { qos, packetId: 2 }),
          publishPacket('free', '3', { qos: 1, packetId: 3 }),
        ),
      );
      expect([publisher.take(), publisher.closed]).toMatchObject([[{ type: 'puback', packetId: 1 }], true]);
      expect(other.takeTexts()).toEqual(['1']);
    }
    durable4.publish('nowhere', 'x', { qos: 2, packetId: 7 });
    expect([durable4.closed, world.core.sessions.get('durable4')!.receiver.receivedCount]).toEqual([true, 0]);
  });

  it('CONNECT that needs a kept session is refused, and the connection that its client has goes on', () => {
    const expiring = { sessionExpiryInterval: 9 };
    const refused = [
      world.connecting({ clientId: 'new', properties: expiring }),
      world.connecting({ clientId: 'durable', cleanStart: false, properties: expiring }),
      world.connecting({ clientId: 'durable', cleanStart: true }),
      world.connecting({ clientId: 'with-will', will }),
    ];
    for (const client of refused) {
      expect(client.take()).toMatchObject([
        { type: 'connack', reasonCode: connackCode, properties: { reasonString } },
      ]);
      expect(client.closed).toBe(true);
    }
    const v4 = world.connecting({ clientId: 'v4', protocolVersion: 4, cleanStart: false });
    expect([v4.writes[0]?.[3], v4.closed]).toEqual([3, true]);
    expect([durable.closed, world.core.sessions.get('new')]).toEqual([false, undefined]);
  });

  it('SUBSCRIBE and UNSUBSCRIBE of a kept session are refused filter by filter', () => {
    expectNothingStaged(() => {
      durable.send(subscribeTo('b'));
      durable.send({ type: 'unsubscribe', packetId: 10, topicFilters: ['a', 'b'], properties: {} });
    });
    expect(durable.take()).toMatchObject([
      { type: 'suback', reasonCodes: [reasonCode], properties: { reasonString: `b: ${reasonString}` } },
      { type: 'unsuback', reasonCodes: [0x80, 0x80], properties: { reasonString } },
    ]);
    expect(world.core.gauges.subscriptions).toBe(2);
    durable4.send(subscribeTo('b'));
    expect(durable4.takeOne('suback').reasonCodes).toEqual([0x80]);
    durable4.send({ type: 'unsubscribe', packetId: 10, topicFilters: ['four'], properties: {} });
    expect([durable4.take(), durable4.closed]).toEqual([[], true]);
    expect(world.core.gauges.subscriptions).toBe(2);
  });

  it('PUBREL of a kept session ends its connection, and is answered when it comes again', () => {
    world.advance(100);
    world.finish();
    durable.publish('nowhere', 'x', { qos: 2, packetId: 7 });
    world.finish();
    world.connect().publish('other', 'x', { retain: true });
    world.fail(code);
    durable.take();
    durable.send(acknowledgement('pubrel', 7));
    expect(durable.take()).toMatchObject([{ type: 'disconnect', reasonCode, properties: { reasonString } }]);
    world.advance(200);
    world.settle();
    const again = world.durable('durable');
    again.send(acknowledgement('pubrel', 7));
    world.settle();
    expect(again.takeOne('pubcomp').reasonCode).toBe(0);
  });

  it('a message of the application that would have to be kept is refused', () => {
    const message = { payload: new Uint8Array(1), qos: 1, retain: false, properties: {} } as const;
    expectNothingStaged(() => {
      expect(world.core.publish({ topicName: 'a', ...message })).toBe(-2);
      expect(world.core.publish({ topicName: 'b', ...message, retain: true })).toBe(-2);
    });
    expect(world.core.publish({ topicName: 'b', ...message })).toBe(0);
    expect(world.core.context.keeping.messageRefusal!.code).toBe(code);
  });

  it('ends who waited, with the reason', () => {
    world.advance(100);
    world.finish();
    const publisher = world.connect();
    publisher.publish('a', 'x', { qos: 1 });
    world.fail(code);
    expect(publisher.take()).toMatchObject([
      {
        type: 'disconnect',
        reasonCode,
        properties: { reasonString: `what you sent could not be kept: ${code}` },
      },
    ]);
  });
});

describe('while commits fail', () => {
  beforeEach(() => trouble());

  it('a retained message at QoS 0 is routed and not retained, counted and logged; what was retained stays', () => {
    const reader = world.connect();
    reader.subscribe('other');
    expect(reader.takeTexts()).toEqual(['x']);
    expectNothingStaged(() => world.connect().publish('other', 'y', { retain: true }));
    expect([reader.takeTexts(), world.dropped('not-kept')]).toEqual([['y'], 1]);
    expect(world.log.map(({ code }) => code)).toEqual(['not-kept']);
    const late = world.connect();
    late.subscribe('other');
    expect(late.takeTexts()).toEqual(['x']);
  });

  it('QoS 0 waits for no kept session', () => {
    trouble('store-full', { habits: { queueQos0: true } });
    durable.drop();
    expectNothingStaged(() => world.connect().publish('a', 'x'));
    expect(world.dropped('offline-qos0')).toBe(1);
  });

  it('messages of level memory are taken', () => {
    trouble('store-full', { habits: { topicDurability: [{ topicFilter: 'a', durability: 'memory' }] } });
    const publisher = world.connect();
    publisher.publish('a', 'x', { qos: 1, retain: true });
    expect([publisher.takeOne('puback').reasonCode, durable.takeTexts()]).toEqual([0, ['x']]);
  });

  it('what is only for sessions that end with their connections is served', () => {
    const client = world.connect({ clientId: 'other' });
    expect(client.subscribe('b', 2)).toEqual([2]);
    for (const qos of [0, 1, 2] as const) client.publish('b', `${qos}`, { qos });
    expect(client.take().map(({ type }) => type)).toEqual([
      'publish',
      'publish',
      'puback',
      'publish',
      'pubrec',
    ]);
    expect(client.unsubscribe('b')).toEqual([0]);
    client.publish('a', 'x');
    expect(durable.takeTexts()).toEqual(['x']);
  });

  it('the acknowledgements of subscribers are taken', () => {
    trouble();
    world.advance(100);
    world.finish();
    world.connect().publish('a', 'x', { qos: 1 });
    world.settle();
    world.connect().publish('other', 'x', { retain: true });
    world.fail();
    const [message] = durable.takePublishes();
    durable.send(acknowledgement('puback', message!.packetId));
    expect([durable.closed, world.core.gauges.storedMessages]).toEqual([false, 2]);
    world.advance(200);
    world.finish();
    world.settle();
    expect(world.core.gauges.storedMessages).toBe(1);
  });

  it('a flood stages nothing and is held nowhere', () => {
    const flood = Array.from({ length: 500 }, (_, i) => publishPacket('a', 'x', { qos: 1, packetId: i + 1 }));
    const { sessions } = world.core.gauges;
    const { queuedBytes } = world.core.context;
    expectNothingStaged(() => {
      for (let round = 0; round < 20; round++) {
        const publisher = world.connect();
        publisher.send(...flood);
        expect(publisher.take()).toHaveLength(500);
        publisher.drop();
        for (const packet of [connecting, subscribing]) packet(round);
      }
    });
    expect([world.core.context.queuedBytes, world.core.gauges.sessions]).toEqual([queuedBytes, sessions]);
    expect(world.core.context.waitingOutboxes).toBe(0);

    function connecting(round: number): void {
      world.connecting({ clientId: `new-${round}`, properties: { sessionExpiryInterval: 100 } });
    }
    function subscribing(round: number): void {
      durable.send(subscribeTo(`filter/${round}`));
    }
  });

  it('a wall clock that jumps to and fro stages nothing, and is noted when the store keeps again', () => {
    expectNothingStaged(() => {
      for (let i = 0; i < 5; i++) {
        world.wallMs += 10_000;
        world.core.turn();
      }
    });
    const before = world.core.context.stagings;
    world.advance(100);
    world.settle();
    expect(world.core.context.stagings).toBeGreaterThan(before);
    expect(world.log.map(({ code }) => code)).toEqual(['store-recovered', 'wall-clock-jumped']);
  });

  it('retained messages wait to be shown to a kept session, and come when the store keeps again', () => {
    world = new CommittingWorld({ limits: { queuedMessages: 2 } });
    const publisher = world.connect();
    for (let i = 0; i < 6; i++) publisher.publish(`r/${i}`, `${i}`, { qos: 1, retain: true });
    world.settle();
    const properties = { sessionExpiryInterval: 1000, receiveMaximum: 1 };
    const reader = world.durable('reader', { properties });
    reader.send(subscribeTo('r/+'));
    world.settle();
    const [first] = reader.takePublishes();
    const shown = [first!.topicName];
    world.connect().publish('other', 'x', { retain: true });
    world.fail();
    const session = world.core.sessions.get('reader')!;
    session.queue!.done(session.queue!.shift()!); // room for one more
    expectNothingStaged(() => reader.send({ type: 'pingreq' }));
    world.advance(100);
    reader.send(acknowledgement('puback', first!.packetId));
    for (let i = 0; i < 6; i++) {
      world.settle();
      shown.push(...reader.takeAndAcknowledge().map(({ topicName }) => topicName));
    }
    expect([new Set(shown).size, world.dropped('queue-full-dropped-oldest')]).toEqual([5, 0]);
  });
});

describe('the state of the store', () => {
  it('is told when it changes, not at every attempt: in the log, as an event, as a number', () => {
    trouble();
    const states = (): unknown[] =>
      world.eventsOf('storeStateChanged').map(({ state, code }) => [state, code]);
    for (const pauseMs of [100, 200, 400]) {
      world.advance(pauseMs);
      world.fail();
    }
    expect([states(), world.core.gauges.storeState]).toEqual([[['failing', 'store-full']], 1]);
    world.advance(800);
    world.fail('store-io');
    world.advance(1600);
    world.finish();
    expect([states(), world.core.gauges.storeState]).toEqual([
      [
        ['failing', 'store-full'],
        ['failing', 'store-io'],
        ['keeping', 'store-recovered'],
      ],
      0,
    ]);
    expect(world.log).toMatchObject([
      { level: 'error', code: 'store-io' },
      {
        level: 'notice',
        code: 'store-recovered',
        text: 'the store keeps again, after 3.1 s and 5 failed commits',
      },
    ]);
    expect(world.core.context.metrics.commitsFailed).toBe(5);
  });

  it('is a topic of $SYS', () => {
    trouble('store-full', { habits: { sysInterval: 1 } });
    const watcher = world.connect();
    watcher.subscribe('$SYS/broker/store/state');
    world.advance(1000);
    expect(watcher.takeTexts().at(-1)).toBe('1');
    world.settle();
    world.advance(1000);
    expect(watcher.takeTexts()).toEqual(['0']);
  });
});

it('closing makes what is kept survive a power cut, without waiting for osSyncMs', () => {
  const store = new RecordingStore();
  world = new CommittingWorld({ store });
  world.connect().publish('r', 'x', { retain: true });
  world.finish();
  expect([store.levels, world.core.context.commits.pending]).toEqual([[1], true]);
  world.core.shutDown();
  world.settle();
  expect([store.levels, world.core.context.commits.pending]).toEqual([[1, 2], false]);
});
