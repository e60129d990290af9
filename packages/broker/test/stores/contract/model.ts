/**
 * Random histories of one store beside a naive model of it: what is kept is compared after every restart, by content and
 * by count. A history stages, commits (and stages more while a commit is under way), fails commits, and crashes.
 */

import { DeliveryState } from '@martlet/protocol';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Durability } from '../../../src/core/ports/durability.ts';
import type { QueueOwner, ShareOwner, StoreError } from '../../../src/core/ports/store.ts';
import { Delivery } from '../../../src/core/publish/delivery.ts';
import type { StoreTraits } from '../store-contract.ts';
import { LoadedStore, viewOf } from './loaded-store.ts';
import type { StoreHarness } from './store-rig.ts';

const CLIENT_IDS = ['c', 'd'] as const;
type ClientId = (typeof CLIENT_IDS)[number];
const GROUP: ShareOwner = { kind: 'share', shareName: 'g', topicFilter: '#' };
const OWNERS = [...CLIENT_IDS, 'group'] as const;
type OwnerName = (typeof OWNERS)[number];

function ownerOf(name: OwnerName): QueueOwner {
  return name === 'group' ? GROUP : { kind: 'session', clientId: name };
}

interface InFlight {
  readonly text: string;
  readonly packetId: number;
  readonly state: DeliveryState;
  readonly shared: boolean;
}

interface QueueModel {
  /** Oldest first; the first `held` of them are shifted. */
  waiting: string[];
  held: number;
  inFlight: InFlight[];
}

interface Model {
  readonly queues: Record<OwnerName, QueueModel>;
  readonly received: Record<ClientId, number[]>;
  readonly retained: Record<string, string>;
}

function emptyModel(): Model {
  const queue = (): QueueModel => ({ waiting: [], held: 0, inFlight: [] });
  return {
    queues: { c: queue(), d: queue(), group: queue() },
    received: { c: [], d: [] },
    retained: {},
  };
}

const STEPS = [
  'push',
  'push to all',
  'push latest',
  'shift',
  'send',
  'send directly',
  'advance',
  'acknowledge',
  'drop',
  'drop oldest',
  'put back',
  'end session',
  'delete group',
  'retain',
  'clear retained',
  'receive',
  'release',
  'begin commit',
  'finish commit',
  'fail commit',
  'restart',
] as const;
type Step = (typeof STEPS)[number];

/** One step; what it is done to is chosen by two small numbers. */
const step = fc.record({ kind: fc.constantFrom(...STEPS), a: fc.nat(5), b: fc.nat(5) });

class History {
  readonly #traits: StoreTraits;
  #harness: StoreHarness;
  #core: LoadedStore;
  #model: Model = emptyModel();
  #committed: Model = emptyModel();
  #committing: Model | null = null;
  #commitError: StoreError | null | undefined = null;
  /** The deliveries behind the model's `held` and `inFlight`, in the same order. */
  #held: Record<OwnerName, Delivery[]> = { c: [], d: [], group: [] };
  readonly #inFlight: Record<ClientId, Delivery[]> = { c: [], d: [] };
  /** By topic name what `pushLatest` would supersede, unless it is gone. */
  #latest: Record<ClientId, Map<string, string>> = { c: new Map(), d: new Map() };
  #lastText = 0;
  #lastPacketId = 0;

  constructor(traits: StoreTraits, harness: StoreHarness) {
    this.#traits = traits;
    this.#harness = harness;
    this.#core = new LoadedStore(harness.store);
    for (const clientId of CLIENT_IDS) this.#putSession(clientId);
  }

  async run(
    steps: readonly { readonly kind: Step; readonly a: number; readonly b: number }[],
  ): Promise<void> {
    for (const { kind, a, b } of steps) await this.#step(kind, a, b);
    await this.#beginCommit();
    await this.#endCommit(false);
    await this.#restart();
  }

  close(): Promise<void> {
    return this.#harness.close();
  }

  async #step(kind: Step, a: number, b: number): Promise<void> {
    const { store } = this.#core;
    const name = OWNERS[a % OWNERS.length]!;
    const clientId = CLIENT_IDS[b % CLIENT_IDS.length]!;
    switch (kind) {
      case 'push':
        return this.#push([name]);
      case 'push to all':
        return this.#push(OWNERS);
      case 'push latest':
        return this.#pushLatest(clientId, `l${a % 3}`);
      case 'shift': {
        const delivery = this.#queue(name).shift();
        const model = this.#model.queues[name];
        expect(delivery && viewOf(delivery).text).toBe(model.waiting[model.held]);
        if (delivery === undefined) return;
        if (name !== 'group') this.#latest[name].delete(delivery.message.topic.name);
        model.held++;
        this.#held[name].push(delivery);
        return;
      }
      case 'send': {
        const delivery = this.#held[name].shift();
        if (delivery === undefined) return;
        this.#model.queues[name].held--;
        this.#model.queues[name].waiting.shift();
        return this.#send(name === 'group' ? clientId : name, delivery, name === 'group');
      }
      case 'send directly':
        return this.#send(clientId, this.#delivery(`${++this.#lastText}`, null), false);
      case 'advance': {
        const i = this.#pick(clientId, a);
        if (i === undefined) return;
        const delivery = this.#inFlight[clientId][i]!;
        delivery.state = DeliveryState.AwaitingPubcomp;
        this.#queue(clientId).sent(delivery);
        const { inFlight } = this.#model.queues[clientId];
        inFlight[i] = { ...inFlight[i]!, state: DeliveryState.AwaitingPubcomp };
        return;
      }
      case 'acknowledge': {
        const i = this.#pick(clientId, a);
        if (i === undefined) return;
        this.#queue(clientId).done(this.#inFlight[clientId].splice(i, 1)[0]!);
        this.#model.queues[clientId].inFlight.splice(i, 1);
        return;
      }
      case 'drop': {
        const delivery = this.#held[name].shift();
        if (delivery === undefined) return;
        this.#queue(name).done(delivery);
        this.#model.queues[name].held--;
        this.#model.queues[name].waiting.shift();
        return;
      }
      case 'drop oldest': {
        const { waiting, held } = this.#model.queues[name];
        const dropped = this.#queue(name).dropOldest();
        expect(dropped !== undefined).toBe(waiting.length > held);
        waiting.splice(held, 1);
        return;
      }
      case 'put back': {
        const delivery = this.#held[name].pop();
        if (delivery === undefined) return;
        this.#queue(name).unshift(delivery);
        this.#model.queues[name].held--;
        return;
      }
      case 'end session':
        return this.#endSession(clientId);
      case 'delete group':
        store.deleteQueue(GROUP);
        this.#held.group = [];
        this.#model.queues.group = emptyModel().queues.group;
        return;
      case 'retain': {
        const text = `${++this.#lastText}`;
        store.putRetained(`r${a}`, this.#core.message({ topicName: `r${a}`, payload: text }), 1000 + a);
        this.#model.retained[`r${a}`] = text;
        return;
      }
      case 'clear retained':
        store.deleteRetained(`r${a}`);
        delete this.#model.retained[`r${a}`];
        return;
      case 'receive':
        store.putReceived(clientId, a + 1);
        if (!this.#model.received[clientId].includes(a + 1)) this.#model.received[clientId].push(a + 1);
        return;
      case 'release':
        store.deleteReceived(clientId, a + 1);
        this.#model.received[clientId] = this.#model.received[clientId].filter((id) => id !== a + 1);
        return;
      case 'begin commit':
        return this.#beginCommit();
      case 'finish commit':
        return this.#endCommit(false);
      case 'fail commit':
        return this.#endCommit(true);
      case 'restart':
        return this.#restart();
    }
  }

  #queue(name: OwnerName) {
    return this.#core.queue(ownerOf(name));
  }

  #putSession(clientId: ClientId): void {
    this.#core.store.putSession({
      clientId,
      sessionExpiryInterval: 1,
      disconnectedAtWallMs: undefined,
      will: undefined,
    });
  }

  #delivery(text: string, share: ShareOwner | null): Delivery {
    return new Delivery(this.#core.message({ payload: text, qos: 2 }), 2, false, [], share);
  }

  #push(names: readonly OwnerName[]): void {
    const text = `${++this.#lastText}`;
    const message = this.#core.message({ payload: text, qos: 2 });
    for (const name of names) {
      this.#queue(name).push(new Delivery(message, 2, false, [], name === 'group' ? GROUP : null));
      this.#model.queues[name].waiting.push(text);
    }
  }

  #pushLatest(clientId: ClientId, topicName: string): void {
    const text = `${++this.#lastText}`;
    const message = this.#core.message({ topicName, payload: text, qos: 2 });
    const { waiting, held } = this.#model.queues[clientId];
    const at = waiting.indexOf(this.#latest[clientId].get(topicName) ?? '', held);
    expect(this.#queue(clientId).holdsLatest(topicName)).toBe(at >= 0);
    const superseded = this.#queue(clientId).pushLatest(new Delivery(message, 2, false));
    expect(superseded !== undefined).toBe(at >= 0);
    if (at < 0) waiting.push(text);
    else waiting[at] = text;
    this.#latest[clientId].set(topicName, text);
  }

  /** A session takes a group's delivery as one of its own, and the group is done with what waited. */
  #send(clientId: ClientId, waited: Delivery, shared: boolean): void {
    const delivery = shared ? new Delivery(waited.message, waited.qos, false, [], GROUP) : waited;
    delivery.packetId = ++this.#lastPacketId;
    delivery.state = DeliveryState.AwaitingPubrec;
    this.#queue(clientId).sent(delivery);
    if (shared) this.#queue('group').done(waited);
    this.#inFlight[clientId].push(delivery);
    this.#model.queues[clientId].inFlight.push({ ...viewOf(delivery), state: delivery.state, shared });
  }

  #pick(clientId: ClientId, a: number): number | undefined {
    const { length } = this.#inFlight[clientId];
    return length === 0 ? undefined : a % length;
  }

  /** What came through the group returns to it, in order; everything else ends with the session. */
  #endSession(clientId: ClientId): void {
    const group = this.#model.queues.group;
    // The group's own are put back first, so that what returns does not come between them.
    for (const delivery of this.#held.group.reverse()) this.#queue('group').unshift(delivery);
    this.#held.group = [];
    group.held = 0;
    const returning = this.#inFlight[clientId].filter(
      (_, i) => this.#model.queues[clientId].inFlight[i]!.shared,
    );
    for (const delivery of returning.reverse()) {
      this.#queue(clientId).done(delivery);
      this.#queue('group').unshift(delivery);
      group.waiting.unshift(viewOf(delivery).text);
    }
    this.#core.store.deleteSession(clientId);
    this.#putSession(clientId);
    this.#held[clientId] = [];
    this.#latest[clientId].clear();
    this.#inFlight[clientId] = [];
    this.#model.queues[clientId] = emptyModel().queues[clientId];
    this.#model.received[clientId] = [];
  }

  async #beginCommit(): Promise<void> {
    await this.#endCommit(false);
    if (!this.#core.store.hasStaged) return;
    this.#committing = structuredClone(this.#model);
    this.#commitError = undefined;
    this.#core.store.commit(Durability.Disk, (error) => {
      this.#commitError = error;
    });
  }

  async #endCommit(fails: boolean): Promise<void> {
    if (this.#committing === null) return;
    if (fails) this.#harness.failNextCommit();
    await this.#harness.finishCommit();
    expect(this.#commitError === null).toBe(!fails);
    if (!fails) this.#committed = this.#committing;
    this.#committing = null;
  }

  async #restart(): Promise<void> {
    // A commit under way may or may not be kept by a crash; this history lets it end.
    await this.#endCommit(false);
    if (this.#traits.keepsAtOnce) this.#committed = structuredClone(this.#model);
    // What took the place of another stands where it was added, after a restart.
    for (const clientId of CLIENT_IDS)
      this.#committed.queues[clientId].waiting.sort((x, y) => Number(x) - Number(y));
    this.#harness = await this.#harness.reopen();
    this.#core = new LoadedStore(this.#harness.store);
    this.#compare();
    // Comparing has taken the queues apart. That was not staged, so opening again shows the same.
    this.#harness = await this.#harness.reopen();
    this.#core = new LoadedStore(this.#harness.store);
    this.#model = structuredClone(this.#committed);
    for (const name of OWNERS) this.#model.queues[name].held = 0;
    this.#held = { c: [], d: [], group: [] };
    this.#latest = { c: new Map(), d: new Map() };
    for (const clientId of CLIENT_IDS) {
      this.#inFlight[clientId] = this.#queue(clientId).takeInFlight();
      if (!this.#core.sessions.has(clientId)) this.#putSession(clientId);
    }
  }

  #compare(): void {
    const { queues, received, retained } = this.#committed;
    const texts = new Set(Object.values(retained));
    for (const name of OWNERS) {
      const { waiting, inFlight } = queues[name];
      expect(this.#core.takeInFlight(ownerOf(name))).toEqual(inFlight.map(({ shared: _, ...view }) => view));
      expect(this.#queue(name).length).toBe(waiting.length);
      expect(this.#core.drain(ownerOf(name)).map((view) => view.text)).toEqual(waiting);
      for (const text of [...waiting, ...inFlight.map((each) => each.text)]) texts.add(text);
    }
    expect(this.#core.store.messageCount).toBe(texts.size);
    for (const clientId of CLIENT_IDS) {
      const ids = this.#core.received.filter(([id]) => id === clientId).map(([, packetId]) => packetId);
      expect(ids.sort()).toEqual([...received[clientId]].sort());
    }
    expect(
      Object.fromEntries(
        Array.from(this.#core.retained, ([name, { message }]) => [
          name,
          new TextDecoder().decode(message.payload),
        ]),
      ),
    ).toEqual(retained);
  }
}

export function describeStoreModel(traits: StoreTraits, makeHarness: () => Promise<StoreHarness>): void {
  test('keeps what a naive model keeps, over random histories', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        const history = new History(traits, await makeHarness());
        try {
          await history.run(steps);
        } finally {
          await history.close();
        }
      }),
      { numRuns: traits.histories },
    );
  });
}
