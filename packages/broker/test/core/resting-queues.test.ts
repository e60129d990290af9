/** Queues whose clients are away rest; what was in flight before a restart is read when its client is back. */
import { expect, it } from 'vitest';
import type { MessageQueue } from '../../src/core/ports/store.ts';
import { CommittingWorld } from '../commits/committing-world.ts';
import { RecordingStore } from '../commits/recording-store.ts';
import { World } from '../world/world.ts';

const DURABLE = { cleanStart: false, properties: { sessionExpiryInterval: 100 } } as const;

/** Counts the calls of one method of a queue from now on. */
function countCalls(queue: MessageQueue, method: 'rest' | 'takeInFlight'): () => number {
  const original = queue[method].bind(queue) as () => never;
  let calls = 0;
  queue[method] = () => {
    calls++;
    return original();
  };
  return () => calls;
}

it("a kept session's queue rests when its client has gone", () => {
  const world = new World();
  const client = world.connect({ clientId: 'c', ...DURABLE });
  client.subscribe('a', 1);
  world.connect().publish('a', 'x', { qos: 1 });
  const rests = countCalls(world.core.sessions.get('c')!.queue!, 'rest');
  expect(rests()).toBe(0);
  client.drop();
  expect(rests()).toBe(1);
});

it("a kept group's queue rests when its last connected member has gone", () => {
  const world = new World();
  const [first, second] = ['first', 'second'].map((clientId) => {
    const client = world.connect({ clientId, ...DURABLE, protocolVersion: 5 });
    client.stalled = true;
    return client;
  });
  for (const client of [first!, second!]) {
    client.send({
      type: 'subscribe',
      packetId: 1,
      subscriptions: [
        { topicFilter: '$share/g/a', qos: 1, noLocal: false, retainAsPublished: false, retainHandling: 0 },
      ],
      properties: {},
    });
  }
  const group = world.core.sessions.get('first')!.shares![0]!;
  group.queue.push = group.queue.push.bind(group.queue);
  const rests = countCalls(group.queue, 'rest');
  const publisher = world.connect();
  for (let i = 0; i < 3000; i++) publisher.publish('a', new Uint8Array(3000), { qos: 1 });
  expect(group.queue.length).toBeGreaterThan(0);
  first!.drop();
  expect(rests()).toBe(0);
  second!.drop();
  expect(rests()).toBe(1);
});

it('what was in flight before a restart is read when its client is back, and not before', () => {
  const before = new World();
  const client = before.connect({ clientId: 'c', ...DURABLE });
  client.subscribe('a', 1);
  const publisher = before.connect();
  publisher.publish('a', '1', { qos: 1 });
  publisher.publish('a', '2', { qos: 1 });
  const world = new World({ store: before.store.reopen() });
  const session = world.core.sessions.get('c')!;
  const reads = countCalls(session.queue!, 'takeInFlight');
  // Queued behind what is in flight, and with other packet identifiers.
  world.connect().publish('a', '3', { qos: 1 });
  expect([reads(), session.senderIfUsed]).toEqual([0, null]);
  const back = world.connect({ clientId: 'c', ...DURABLE });
  expect(back.takePublishes().map(({ packetId, dup }) => [packetId, dup])).toEqual([
    [1, true],
    [2, true],
    [3, false],
  ]);
  back.drop();
  world.connect({ clientId: 'c', ...DURABLE }).drop();
  expect(reads()).toBe(1);
});

it('what was in flight from a group before a restart goes back to it when its session expires unseen', () => {
  const before = new World();
  const member = before.connect({ clientId: 'member', ...DURABLE });
  member.subscribe('$share/g/a', 1);
  before.connect().publish('a', 'x', { qos: 1 });
  expect(member.takeTexts()).toEqual(['x']);
  const other = before.connect({
    clientId: 'other',
    cleanStart: false,
    properties: { sessionExpiryInterval: 10_000 },
  });
  other.subscribe('$share/g/a', 1);
  const world = new World({ store: before.store.reopen() });
  world.advance(100_000);
  expect(world.core.sessions.get('member')).toBeUndefined();
  const back = world.connect({ clientId: 'other', ...DURABLE });
  expect(back.takeTexts()).toEqual(['x']);
});

it('what comes from a disk is in flight only within the budget of memory, but one always is', () => {
  const world = new CommittingWorld({ store: new RecordingStore(false), limits: { queuedBytesInAll: 300 } });
  const clients = ['first', 'second'].map((clientId) => {
    const client = world.durable(clientId);
    world.subscribed(client, 'a', 1);
    client.drop();
    return client;
  });
  world.settle();
  const publisher = world.connect();
  for (let i = 0; i < 5; i++) publisher.publish('a', `${i}`, { qos: 1 });
  world.settle();
  expect(world.core.context.queuedBytes).toBe(0);
  const [first, second] = clients.map((_, i) => world.durable(i === 0 ? 'first' : 'second'));
  const sent = first!.takePublishes();
  expect([sent.length, second!.takePublishes().length]).toEqual([3, 1]);
  // One for one, as the first client acknowledges.
  const texts = sent.map(({ payload }) => payload[0]! - 0x30);
  for (const { packetId } of sent) {
    first!.send({ type: 'puback', packetId, reasonCode: 0, properties: {} });
    world.settle();
  }
  texts.push(...first!.takeAndAcknowledge().map(({ payload }) => payload[0]! - 0x30));
  expect(texts).toEqual([0, 1, 2, 3, 4]);
  expect(world.dropped('total-budget')).toBe(0);
});
