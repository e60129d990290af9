/**
 * One shared group under members that join, leave, stall, break, return, acknowledge and let their sessions end, in any
 * order, with crashes of the broker in between. A durable member that is never away for good keeps the group.
 *
 * Every QoS 1 message must be acknowledged by someone in the end, and none that was acknowledged may come again, to anyone.
 * Nothing waits while a member could take it. A message that comes twice came at QoS 1 and its first receiver's session ended, or it is a redelivery to the same session.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NEVER_EXPIRES } from '../../src/core/session/session.ts';
import { MemoryStore } from '../../src/stores/memory-store.ts';
import type { TestClient } from '../world/test-client.ts';
import { textOf, World } from '../world/world.ts';

const SHARED = '$share/g/t';
const EXPIRY_SECONDS = 100;

interface MemberKind {
  readonly clientId: string;
  readonly protocolVersion: 4 | 5;
  /** Its sessions outlive their connections. */
  readonly durable: boolean;
  readonly qos: 1 | 2;
  readonly receiveMaximum: number;
}

const ANCHOR: MemberKind = {
  clientId: 'anchor',
  protocolVersion: 5,
  durable: true,
  qos: 2,
  receiveMaximum: 2,
};

interface Receipt {
  readonly clientId: string;
  readonly session: number;
  readonly qos: number;
}

/** What became of one message. */
interface Fate {
  readonly qos: 1 | 2;
  acknowledged: boolean;
  readonly receipts: Receipt[];
}

class Member {
  readonly kind: MemberKind;
  client: TestClient | null = null;
  subscribed = false;
  /** Counts its sessions: what an earlier one received is nothing to a later one. */
  session = 0;
  /** What it has received and not answered. */
  readonly unanswered: {
    readonly type: 'publish' | 'pubrel';
    readonly packetId: number;
    readonly text: string;
    readonly qos: number;
  }[] = [];
  /** Its session outlives its connection. */
  #lasts = false;
  readonly #fates: Map<string, Fate>;
  readonly #isOver: (receipt: Receipt) => boolean;

  /** @param isOver whether the session that received a message has ended */
  constructor(kind: MemberKind, fates: Map<string, Fate>, isOver: (receipt: Receipt) => boolean) {
    this.kind = kind;
    this.#fates = fates;
    this.#isOver = isOver;
  }

  connect(world: World, cleanStart: boolean): void {
    const { clientId, protocolVersion, durable, receiveMaximum } = this.kind;
    const expiry = clientId === ANCHOR.clientId ? NEVER_EXPIRES : EXPIRY_SECONDS;
    if (cleanStart) this.sessionEnds();
    this.unanswered.length = 0;
    // Before MQTT 5.0, what begins with Clean Session ends with its connection.
    this.#lasts = durable && !(cleanStart && protocolVersion === 4);
    this.client = world.connect({
      clientId,
      protocolVersion,
      cleanStart: cleanStart || !durable,
      properties:
        protocolVersion === 5 ? { receiveMaximum, sessionExpiryInterval: durable ? expiry : 0 } : {},
    });
  }

  join(): void {
    if (this.client === null) return;
    this.client.send({
      type: 'subscribe',
      packetId: this.client.nextPacketId(),
      subscriptions: [
        {
          topicFilter: SHARED,
          qos: this.kind.qos,
          noLocal: false,
          retainAsPublished: false,
          retainHandling: 0,
        },
      ],
      properties: {},
    });
    this.subscribed = true;
  }

  drop(): void {
    this.client?.drop();
    this.lost();
  }

  /** Its connection is gone. */
  lost(): void {
    this.client = null;
    if (!this.#lasts) this.sessionEnds();
  }

  sessionEnds(): void {
    this.session++;
    this.subscribed = false;
  }

  /** It could take a message. */
  get idle(): boolean {
    return this.subscribed && this.client?.stalled === false && this.unanswered.length === 0;
  }

  /** Takes note of what has come. */
  read(): void {
    for (const packet of this.client?.take() ?? []) {
      if (packet.type === 'pubrel') {
        this.unanswered.push({ type: 'pubrel', packetId: packet.packetId, text: '', qos: 2 });
      } else if (packet.type === 'publish') {
        const { packetId, qos, dup } = packet;
        const text = textOf(packet).trim();
        this.#received(text, qos, dup);
        this.unanswered.push({ type: 'publish', packetId, text, qos });
      }
    }
  }

  answer(count: number): number {
    const answered = this.unanswered.splice(0, count);
    for (const { type, packetId, text, qos } of answered) {
      const fate = this.#fates.get(text);
      if (fate !== undefined) fate.acknowledged = true;
      const answer = type === 'pubrel' ? 'pubcomp' : qos === 1 ? 'puback' : 'pubrec';
      this.client!.send({ type: answer, packetId, reasonCode: 0, properties: {} });
    }
    return answered.length;
  }

  #received(text: string, qos: number, dup: boolean): void {
    const { clientId } = this.kind;
    const { session } = this;
    const fate = this.#fates.get(text)!;
    const told = `${text} to ${clientId}.${session}, after ${JSON.stringify(fate)}`;
    expect(fate.acknowledged, `acknowledged before: ${told}`).toBe(false);
    for (const earlier of fate.receipts) {
      const same = earlier.clientId === clientId && earlier.session === session;
      if (same) expect(dup, `twice: ${told}`).toBe(true);
      else expect([earlier.qos, this.#isOver(earlier)], `begun with another: ${told}`).toEqual([1, true]);
    }
    fate.receipts.push({ clientId, session, qos });
  }
}

type Action =
  | { readonly do: 'publish'; readonly qos: 1 | 2; readonly count: number }
  | { readonly do: 'answer'; readonly who: number; readonly count: number }
  | { readonly do: 'expire' }
  | { readonly do: 'crash' }
  | {
      readonly do: 'connect' | 'restart' | 'join' | 'leave' | 'drop' | 'stall' | 'read';
      readonly who: number;
    };

class Run {
  readonly fates: Map<string, Fate> = new Map();
  readonly members: readonly Member[];
  crashed = false;
  #store: MemoryStore = new MemoryStore();
  #world: World;
  #publisher: TestClient;

  constructor(kinds: readonly Omit<MemberKind, 'clientId'>[]) {
    const all = [ANCHOR, ...kinds.map((kind, i) => ({ ...kind, clientId: `m${i}` }))];
    const isOver = ({ clientId, session }: Receipt): boolean =>
      this.members.find((member) => member.kind.clientId === clientId)!.session !== session;
    this.members = all.map((kind) => new Member(kind, this.fates, isOver));
    this.#world = this.#newWorld();
    this.#publisher = this.#world.connect();
    this.members[0]!.connect(this.#world, true);
    this.members[0]!.join();
  }

  do(action: Action): void {
    if (action.do === 'publish') this.#publish(action.qos, action.count);
    else if (action.do === 'expire') this.#expire();
    else if (action.do === 'crash') this.#crash();
    else this.#member(action);
    for (const member of this.members) member.read();
    // Nothing waits while a member could take it.
    const { context, sessions } = this.#world.core;
    const inFlightBytes = [...sessions.all()].reduce((sum, session) => sum + session.inFlightBytes, 0);
    if (this.members.some((member) => member.idle)) expect(context.queuedBytes).toBe(inFlightBytes);
  }

  /** Everybody returns, reads and answers until nothing more comes. */
  settle(): void {
    for (const member of this.members) {
      member.client?.unstall();
      if (member.client === null && member.kind.durable) member.connect(this.#world, false);
    }
    let answered = 1;
    while (answered > 0) {
      answered = 0;
      for (const member of this.members) {
        member.read();
        if (member.client !== null) answered += member.answer(Number.POSITIVE_INFINITY);
      }
    }
  }

  check(): void {
    const lost = [...this.fates].filter(([, fate]) => !fate.acknowledged);
    expect(lost.filter(([, fate]) => fate.qos === 1)).toEqual([]);
    if (!this.crashed) expect(lost.length).toBeLessThanOrEqual(this.#world.dropped('session-ended'));
    expect(this.#world.core.gauges.storedMessages).toBe(0);
    expect(this.#world.core.gauges.storedBytes).toBe(0);
    expect(this.#world.core.context.queuedBytes).toBe(0);
  }

  #newWorld(): World {
    return new World({ store: this.#store, limits: { outboxBytes: 1024 } });
  }

  #publish(qos: 1 | 2, count: number): void {
    for (let i = 0; i < count; i++) {
      const text = `${this.fates.size} at ${qos}`;
      this.fates.set(text, { qos, acknowledged: false, receipts: [] });
      this.#publisher.publish('t', text.padEnd(200), { qos });
      if (qos === 2) {
        const { packetId } = this.#publisher.takeOne('pubrec');
        this.#publisher.send({ type: 'pubrel', packetId, reasonCode: 0, properties: {} });
      }
      this.#publisher.take();
    }
  }

  #expire(): void {
    this.#world.advance(EXPIRY_SECONDS * 1000);
    for (const member of this.members.slice(1)) {
      if (member.client === null && member.kind.protocolVersion === 5) member.sessionEnds();
    }
  }

  #crash(): void {
    this.crashed = true;
    this.#store = this.#store.reopen();
    this.#world = this.#newWorld();
    this.#publisher = this.#world.connect();
    for (const member of this.members) if (member.client !== null) member.lost();
  }

  #member(action: Extract<Action, { readonly who: number }>): void {
    const member = this.members[action.who % this.members.length]!;
    const { client } = member;
    const anchor = member === this.members[0];
    switch (action.do) {
      case 'connect':
        if (client === null) member.connect(this.#world, false);
        break;
      case 'restart':
        if (anchor) break;
        member.connect(this.#world, true);
        break;
      case 'join':
        member.join();
        break;
      case 'leave':
        if (client === null || anchor) break;
        member.subscribed = false;
        client.send({
          type: 'unsubscribe',
          packetId: client.nextPacketId(),
          topicFilters: [SHARED],
          properties: {},
        });
        break;
      case 'drop':
        if (client !== null) member.drop();
        break;
      case 'stall':
        if (client !== null) client.stalled = true;
        break;
      case 'read':
        client?.unstall();
        break;
      case 'answer':
        if (client !== null) member.answer(action.count);
        break;
    }
  }
}

const kind: fc.Arbitrary<Omit<MemberKind, 'clientId'>> = fc.record({
  protocolVersion: fc.constantFrom(4 as const, 5 as const),
  durable: fc.boolean(),
  qos: fc.constantFrom(1 as const, 2 as const),
  receiveMaximum: fc.integer({ min: 1, max: 4 }),
});

const who = fc.nat({ max: 4 });

function actions(crashes: boolean): fc.Arbitrary<Action[]> {
  const each = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('publish' as const),
        qos: fc.constantFrom(1 as const, 2 as const),
        count: fc.integer({ min: 1, max: 5 }),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('answer' as const),
        who,
        count: fc.integer({ min: 1, max: 4 }),
      }),
    },
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constantFrom(
          'connect',
          'connect',
          'join',
          'join',
          'leave',
          'drop',
          'restart',
          'stall',
          'read',
        ),
        who,
      }) as fc.Arbitrary<Action>,
    },
    { weight: 1, arbitrary: fc.constant<Action>({ do: 'expire' }) },
    { weight: crashes ? 1 : 0, arbitrary: fc.constant<Action>({ do: 'crash' }) },
  );
  return fc.array(each, { maxLength: 120, size: 'max' });
}

function holds(crashes: boolean): void {
  fc.assert(
    fc.property(fc.array(kind, { minLength: 4, maxLength: 4 }), actions(crashes), (kinds, steps) => {
      const run = new Run(kinds);
      for (const step of steps) run.do(step);
      run.settle();
      run.check();
    }),
    { numRuns: 300 },
  );
}

describe('a shared group', () => {
  it('loses no message and repeats none that was acknowledged, whatever its members do', () => holds(false));

  it('loses no QoS 1 message and repeats none that was acknowledged, when the broker crashes too', () =>
    holds(true));

  it('spreads messages evenly over members that read and answer, however many come and go', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 6 }), (counts) => {
        const world = new World();
        const publisher = world.connect();
        for (const count of counts) {
          const members = Array.from({ length: count }, () => world.connect());
          for (const member of members) member.subscribe(SHARED, 1);
          const taken = new Map(members.map((member) => [member, 0]));
          for (let i = 0; i < count * 10; i++) {
            publisher.publish('t', 'x', { qos: (i % 2) as 0 | 1 });
            for (const member of members) {
              taken.set(member, taken.get(member)! + member.takeAndAcknowledge().length);
            }
          }
          expect([...taken.values()]).toEqual(members.map(() => 10));
          for (const member of members) member.drop();
        }
      }),
      { numRuns: 50 },
    );
  });
});
