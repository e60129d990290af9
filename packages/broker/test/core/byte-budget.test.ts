/** The broker's byte budget is exact: whatever happens, it is the sum of what waits and what is in flight. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { SharedGroup } from '../../src/core/session/shared-group.ts';
import { CommittingWorld } from '../commits/committing-world.ts';
import { RecordingStore } from '../commits/recording-store.ts';
import { acknowledgement } from '../world/packets.ts';
import type { TestClient } from '../world/test-client.ts';

const CLIENTS = 4;
const LIMITS = {
  queuedMessages: 6,
  queuedBytes: 2000,
  queuedBytesInAll: 4000,
  inFlightBytes: 700,
  inFlightMessages: 4,
} as const;

const client = fc.nat(CLIENTS - 1);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant('publish'), fc.nat(1), fc.nat(400)) },
  { weight: 4, arbitrary: fc.tuple(fc.constant('answer'), client, fc.nat(5)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('connect'), client, fc.nat(1)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('drop'), client, fc.nat(1)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('unsubscribe'), client, fc.nat(1)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('commit'), fc.nat(3), fc.nat(1)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('wait'), fc.nat(30), fc.nat(1)) },
);

/** Where what waits for durable sessions is. */
type Kind = 'in memory' | 'on a disk' | 'on a disk, some of it not written';

/** Clients of all kinds: the first two are durable, the others are not; all are in a group, too. */
class Budget {
  readonly #world: CommittingWorld;
  readonly #kind: Kind;
  readonly #clients: (TestClient | null)[] = new Array<TestClient | null>(CLIENTS).fill(null);
  readonly #connected: TestClient[] = [];

  constructor(kind: Kind) {
    this.#kind = kind;
    const topicDurability = [{ topicFilter: 'a', durability: 'memory' }] as const;
    this.#world = new CommittingWorld({
      limits: LIMITS,
      store: new RecordingStore(kind === 'in memory'),
      ...(kind === 'on a disk, some of it not written' ? { habits: { topicDurability } } : undefined),
    });
  }

  do([what, which, amount]: readonly [string, number, number]): void {
    const world = this.#world;
    const client = this.#clients[which] ?? null;
    switch (what) {
      case 'publish': {
        const publisher = world.connect();
        const options = { qos: amount % 2 === 0 ? 1 : 2, properties: { messageExpiryInterval: 60 } } as const;
        publisher.publish(which === 0 ? 'a' : 'b', new Uint8Array(amount), options);
        publisher.drop();
        break;
      }
      case 'answer':
        if (client !== null && !client.closed) answer(client, amount);
        break;
      case 'connect':
        this.#connect(which, amount === 1);
        break;
      case 'drop':
        client?.drop();
        break;
      case 'unsubscribe':
        client?.send({ type: 'unsubscribe', packetId: 9, topicFilters: ['$share/g/b'], properties: {} });
        break;
      case 'commit':
        if (world.store.commitUnderWay && which === 0) world.fail();
        else if (world.store.commitUnderWay) world.finish();
        break;
      case 'wait':
        world.advance(which * 1000);
        break;
    }
  }

  #connect(which: number, cleanStart: boolean): void {
    const world = this.#world;
    const sessionExpiryInterval = which < 2 ? 50 : 0;
    const client = world.connecting({
      clientId: `c${which}`,
      cleanStart,
      properties: { sessionExpiryInterval },
    });
    const subscriptions = ['a', '$share/g/b'].map((topicFilter) => ({
      topicFilter,
      qos: 2 as const,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0 as const,
    }));
    client.send({ type: 'subscribe', packetId: 1, subscriptions, properties: {} });
    this.#clients[which] = client;
    this.#connected.push(client);
  }

  /** What the sessions and groups really hold. */
  get held(): number {
    const groups = new Set<SharedGroup>();
    let bytes = 0;
    for (const session of this.#world.core.sessions.all()) {
      const inFlight = session.senderIfUsed?.inFlight;
      for (const packetId of inFlight?.inOrder() ?? [])
        bytes += inFlight!.itemOf(packetId)?.message.bytes ?? 0;
      // What waits on the disk costs nothing, but for what is never written: all of topic `a`, and nothing of the group.
      if (this.#kind !== 'on a disk' || !session.kept) bytes += session.queue?.bytes ?? 0;
      for (const share of session.shares ?? []) groups.add(share as SharedGroup);
    }
    for (const group of groups) if (this.#kind === 'in memory' || !group.kept) bytes += group.waitingBytes;
    return bytes;
  }

  get counted(): number {
    return this.#world.core.context.queuedBytes;
  }

  /** Everybody goes, and every session with them. */
  end(): void {
    // Also those whose place a client was refused, while nothing could be kept.
    for (const client of this.#connected) client.drop();
    this.#world.advance(10_000);
    this.#world.settle();
    this.#world.advance(60_000);
    this.#world.settle();
  }
}

function answer(client: TestClient, count: number): void {
  for (const packet of client.take().slice(0, count)) {
    if (packet.type === 'publish' && packet.qos > 0)
      client.send(acknowledgement(packet.qos === 1 ? 'puback' : 'pubrec', packet.packetId));
    else if (packet.type === 'pubrel') client.send(acknowledgement('pubcomp', packet.packetId));
    if (client.closed) return;
  }
}

it.each(['in memory', 'on a disk', 'on a disk, some of it not written'] as const)(
  'is the sum of what waits and what is in flight after every step, and 0 when all are gone (%s)',
  (kind) => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
        const budget = new Budget(kind);
        for (const each of steps) {
          budget.do(each);
          expect(budget.counted).toBe(budget.held);
        }
        budget.end();
        expect([budget.counted, budget.held]).toEqual([0, 0]);
      }),
      { numRuns: 100 },
    );
  },
);
