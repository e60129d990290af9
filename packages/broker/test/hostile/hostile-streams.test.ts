import { expect, it } from 'vitest';
import { DROP_REASONS } from '../../src/core/telling/drop-reason.ts';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import { TestAuthorizer } from '../rights/test-authorizer.ts';
import type { TestClient } from '../world/test-client.ts';
import type { WorldOptions } from '../world/world.ts';
import { World } from '../world/world.ts';
import { HostilePeer } from './hostile-peer.ts';
import { mutated } from './mutations.ts';
import { Random } from './random.ts';
import { validSessions } from './valid-sessions.ts';

const SEED = 20_261_120;
/** No wildcard of a hostile client matches it, and none is named so by accident. */
const TOPIC_NAME = '$bystanders/only';

const LIMITS = {
  maximumSessionExpiryInterval: 30,
  maximumPacketSize: 100_000,
  retainedMessages: 50,
  queuedMessages: 200,
  outboxBytes: 20_000,
  internedTopics: 1000,
  subscriptionsPerSession: 20,
};

/** Two clients that want nothing of all this. */
class Bystanders {
  readonly #publisher: TestClient;
  readonly #subscriber: TestClient;
  #sent = 0;

  constructor(world: World) {
    const keeps = { cleanStart: false, properties: { sessionExpiryInterval: 30 } };
    this.#subscriber = world.connect({ clientId: 'a bystander who subscribes', ...keeps });
    this.#publisher = world.connect({ clientId: 'a bystander who publishes' });
    this.#subscriber.subscribe(TOPIC_NAME, 1);
  }

  expectServed(): void {
    const text = `${++this.#sent}`;
    this.#publisher.publish(TOPIC_NAME, text, { qos: 1 });
    expect(this.#publisher.takeOne('puback').reasonCode).toBe(0);
    const [message, ...more] = this.#subscriber.takeAndAcknowledge();
    expect(more).toEqual([]);
    expect(new TextDecoder().decode(message?.payload)).toBe(text);
  }
}

function tablesOf(world: World): Record<string, number> {
  const { gauges, context } = world.core;
  const { connections, clientsConnected, sessions, subscriptions, sharedSubscriptions, outboxBytes } = gauges;
  return {
    connections,
    clientsConnected,
    sessions,
    subscriptions,
    sharedSubscriptions,
    outboxBytes,
    waitingOutboxes: context.waitingOutboxes,
    queuedBytes: context.queuedBytes,
    queuedMessages: gauges.storedMessages - gauges.retainedMessages,
  };
}

function attack(world: World, streams: number, between: (i: number, random: Random) => void): void {
  const random = new Random(SEED);
  const sessions = validSessions(600, SEED, random);
  const open: HostilePeer[] = [];
  for (let i = 0; i < streams; i++) {
    const peer = new HostilePeer(world, random);
    peer.send(mutated(random.pick(sessions), random.pick(sessions), random));
    open.push(peer);
    // Some stay for a while, unfinished, silent or not reading.
    while (open.length > random.below(10)) open.splice(random.below(open.length), 1)[0]!.leave();
    between(i, random);
  }
  for (const peer of open) peer.leave();
}

/** Sessions expire, and what is staged is kept. */
function calm(world: World): void {
  world.advance(31_000);
  while (world.store.commitUnderWay) {
    world.store.finishCommit();
    world.turn();
  }
}

function expectNothingLeft(world: World, before: Record<string, number>): void {
  calm(world);
  expect(tablesOf(world)).toEqual(before);
  expect(world.core.gauges.internedTopics).toBeLessThanOrEqual(2 * LIMITS.internedTopics);
  expect(world.core.gauges.retainedMessages).toBeLessThanOrEqual(LIMITS.retainedMessages);
}

function worldWithLimits(options: WorldOptions = {}): World {
  return new World({ limits: LIMITS, ...options });
}

/** What of the log is not about messages that were dropped: that many streams fill queues. */
function codesOf(world: World): Set<string> {
  const drops = ['drop-log-limited', ...DROP_REASONS.map(({ code }) => code)];
  return new Set(world.log.map(({ code }) => code).filter((code) => !drops.includes(code)));
}

it('100,000 mutated byte streams end their own connections, and leave nothing behind', () => {
  const world = worldWithLimits();
  const bystanders = new Bystanders(world);
  bystanders.expectServed();
  const before = tablesOf(world);
  attack(world, 100_000, (i) => {
    if (i % 200 === 0) bystanders.expectServed();
    if (i % 100 === 0) world.advance(500);
    world.events.length = 0;
  });
  bystanders.expectServed();
  const codes = codesOf(world);
  expect([...codes].sort()).toEqual(['connection-refused', 'peer-log-limited', 'protocol-error']);
  // They were not all turned away at the door.
  const { metrics } = world.core.context;
  expect(metrics.connectsReceived).toBeGreaterThan(50_000);
  expect(metrics.connectsRefused).toBeGreaterThan(10_000);
  expect(metrics.protocolErrors).toBeGreaterThan(10_000);
  expect(metrics.publishMessagesReceived).toBeGreaterThan(50_000);
  expectNothingLeft(world, before);
}, 300_000);

it('streams that come while commits last long, and fail, leave nothing behind either', () => {
  const store = new MemoryStore({ commits: 'manual' });
  const world = worldWithLimits({ store });
  const commit = (random: Random): void => {
    if (!store.commitUnderWay) return;
    if (random.oneIn(10)) store.failCommit({ code: 'store-full', message: 'no space is left' });
    else store.finishCommit();
    world.turn();
  };
  attack(world, 5_000, (i, random) => {
    if (random.oneIn(5)) commit(random);
    if (i % 100 === 0) world.advance(500);
    world.events.length = 0;
  });
  calm(world);
  const codes = codesOf(world);
  expect([...codes].sort()).toEqual([
    'connection-refused',
    'protocol-error',
    'store-full',
    'store-recovered',
  ]);
  expectNothingLeft(world, tablesOf(new World()));
  // What a restart finds is as empty.
  const again = new World({ store: store.reopen() });
  expect(again.core.gauges.sessions).toBe(0);
  expect(again.core.gauges.storedMessages).toBe(again.core.gauges.retainedMessages);
}, 300_000);

it('streams whose every second question the authoriser answers late, or too late, leave nothing behind', () => {
  const authorizer = new TestAuthorizer();
  const decisions = new Random(SEED + 1);
  authorizer.rule = () => (decisions.oneIn(2) ? 'late' : { allowed: !decisions.oneIn(4) });
  const world = worldWithLimits({ authorizer });
  attack(world, 10_000, (i, random) => {
    while (authorizer.open.length > random.below(8)) {
      const at = random.below(authorizer.open.length);
      authorizer.open.splice(at, 1)[0]!.answer({ allowed: !random.oneIn(4) });
      world.turn();
    }
    if (random.oneIn(50)) world.core.forgetRights();
    if (i % 100 === 0) world.advance(500);
    world.events.length = 0;
  });
  for (const { answer } of authorizer.open.splice(0)) answer({ allowed: true });
  const codes = codesOf(world);
  expect([...codes].sort()).toEqual(['connection-refused', 'protocol-error']);
  expect(world.dropped('not-authorized')).toBeGreaterThan(100);
  expectNothingLeft(world, tablesOf(new World()));
}, 300_000);
