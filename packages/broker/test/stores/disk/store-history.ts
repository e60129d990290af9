/** Random use of a disk store as the core uses it, beside a plain model of what it has been told. */
import { DeliveryState } from '@martlet/protocol';
import type { SeededRandom } from '../../../../../test/seeded-random.ts';
import type { Durability } from '../../../src/core/ports/durability.ts';
import type { QueueOwner, ShareOwner, StoreError } from '../../../src/core/ports/store.ts';
import { Delivery } from '../../../src/core/publish/delivery.ts';
import type { DiskStore } from '../../../src/stores/disk/disk-store.ts';
import { LoadedStore, viewOf } from '../contract/loaded-store.ts';
import { session, subscription } from '../contract/store-rig.ts';

const GROUP: ShareOwner = { kind: 'share', shareName: 'g', topicFilter: '#' };
const CLIENT_IDS = ['c', 'd', 'e'] as const;
const OWNERS = [...CLIENT_IDS, 'group'] as const;

interface Queue {
  waiting: string[];
  inFlight: (readonly [text: string, packetId: number, state: number])[];
}

/** All that a store keeps, in plain values that can be compared. */
export interface StoreView {
  sessions: Record<string, { subscriptions: string[]; received: number[] }>;
  queues: Record<string, Queue>;
  retained: Record<string, string>;
}

function ownerOf(name: string): QueueOwner {
  return name === 'group' ? GROUP : { kind: 'session', clientId: name };
}

export const EMPTY_VIEW: Readonly<StoreView> = { sessions: {}, queues: {}, retained: {} };

/** The same text for equal views. */
export function textOfView(view: StoreView): string {
  return JSON.stringify(view, (_, value: unknown) =>
    value === null || typeof value !== 'object' || Array.isArray(value)
      ? value
      : Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
}

/** Takes the store apart, so only once. */
export function viewOfStore(store: DiskStore): StoreView {
  const core = new LoadedStore(store);
  const view: StoreView = { sessions: {}, queues: {}, retained: {} };
  for (const clientId of [...core.sessions.keys()].sort()) {
    const of = <T>(pairs: readonly (readonly [string, T])[]): T[] =>
      pairs.filter(([id]) => id === clientId).map(([, value]) => value);
    view.sessions[clientId] = {
      subscriptions: of(core.subscriptions.map(([id, each]) => [id, each.topicFilter])).sort(),
      received: of(core.received).sort((a, b) => a - b),
    };
  }
  for (const owner of core.owners) {
    const inFlight = core
      .takeInFlight(owner)
      .map(({ text, packetId, state }) => [text, packetId, state] as const);
    const waiting = core.drain(owner).map(({ text }) => text);
    view.queues[owner.kind === 'share' ? 'group' : owner.clientId] = { waiting, inFlight };
  }
  for (const [topicName, { message }] of core.retained) {
    view.retained[topicName] = new TextDecoder().decode(message.payload);
  }
  return view;
}

export class StoreHistory {
  readonly core: LoadedStore<DiskStore>;
  readonly #random: SeededRandom;
  readonly #model: StoreView;
  readonly #held: Record<string, Delivery[]> = {};
  readonly #inFlight: Record<string, Delivery[]> = {};
  #lastText = 0;
  #lastPacketId = 0;

  /** @param view what the store shows */
  constructor(store: DiskStore, random: SeededRandom, view: StoreView) {
    this.core = new LoadedStore(store);
    this.#random = random;
    this.#model = structuredClone(view);
    for (const name of OWNERS) {
      this.#held[name] = [];
      this.#inFlight[name] = this.core.queue(ownerOf(name)).takeInFlight();
      this.#model.queues[name] ??= { waiting: [], inFlight: [] };
    }
    for (const clientId of CLIENT_IDS) if (!(clientId in view.sessions)) this.#putSession(clientId);
    // Packet identifiers are never used twice here, so that each entry is known by its own.
    for (const { inFlight } of Object.values(view.queues)) {
      for (const [, packetId] of inFlight) this.#lastPacketId = Math.max(this.#lastPacketId, packetId);
    }
  }

  /** What a store that has kept everything would show. */
  get expected(): StoreView {
    const { sessions, queues, retained } = structuredClone(this.#model);
    const kept = Object.entries(queues).filter(
      ([, { waiting, inFlight }]) => waiting.length + inFlight.length > 0,
    );
    return { sessions, queues: Object.fromEntries(kept), retained };
  }

  commit(durability: Durability): Promise<StoreError | null> {
    return new Promise((resolve) => this.core.store.commit(durability, resolve));
  }

  step(): void {
    const { store } = this.core;
    const clientId = CLIENT_IDS[this.#random.below(CLIENT_IDS.length)]!;
    const name = OWNERS[this.#random.below(OWNERS.length)]!;
    const mine = this.#model.sessions[clientId]!;
    const number = 1 + this.#random.below(4);
    switch (this.#random.below(12)) {
      case 0:
      case 1:
        this.#push([name]);
        return;
      case 2:
        this.#push(OWNERS);
        return;
      case 3:
      case 4:
        this.#give(name, clientId);
        return;
      case 5:
      case 6:
        this.#acknowledge(clientId);
        return;
      case 7:
        this.#retain(`r${number}`);
        return;
      case 8: {
        store.putSubscription(clientId, subscription(`f${number}`));
        mine.subscriptions = [...new Set([...mine.subscriptions, `f${number}`])].sort();
        return;
      }
      case 9: {
        store.deleteSubscription(clientId, `f${number}`);
        mine.subscriptions = mine.subscriptions.filter((each) => each !== `f${number}`);
        return;
      }
      case 10: {
        const known = mine.received.includes(number);
        if (known) store.deleteReceived(clientId, number);
        else store.putReceived(clientId, number);
        const others = mine.received.filter((each) => each !== number);
        mine.received = known ? others : [...others, number].sort((a, b) => a - b);
        return;
      }
      default:
        this.#rare(clientId, name);
        return;
    }
  }

  #rare(clientId: string, name: string): void {
    const { store } = this.core;
    switch (this.#random.below(4)) {
      case 0:
        store.deleteSession(clientId);
        this.#held[clientId] = [];
        this.#inFlight[clientId] = [];
        this.#model.queues[clientId] = { waiting: [], inFlight: [] };
        this.#putSession(clientId);
        return;
      case 1:
        this.core.queue(ownerOf(name)).rest();
        return;
      case 2: {
        const topicName = Object.keys(this.#model.retained)[0];
        if (topicName === undefined) return;
        store.deleteRetained(topicName);
        delete this.#model.retained[topicName];
        return;
      }
      default: {
        const delivery = this.#held[name]!.pop();
        if (delivery !== undefined) this.core.queue(ownerOf(name)).unshift(delivery);
      }
    }
  }

  #putSession(clientId: string): void {
    this.core.store.putSession(session(clientId));
    this.#model.sessions[clientId] = { subscriptions: [], received: [] };
  }

  /** Texts of many lengths, so that batches end anywhere in a sector. */
  #text(): string {
    return `${++this.#lastText}${'.'.repeat(this.#random.below(300))}`;
  }

  #push(names: readonly string[]): void {
    const text = this.#text();
    const message = this.core.message({ payload: text, qos: 2 });
    for (const name of names) {
      this.core
        .queue(ownerOf(name))
        .push(new Delivery(message, 2, false, [], name === 'group' ? GROUP : null));
      this.#model.queues[name]!.waiting.push(text);
    }
  }

  /** The oldest that waits is shifted, and perhaps sent; a session takes a group's. */
  #give(name: string, clientId: string): void {
    const shifted = this.core.queue(ownerOf(name)).shift();
    if (shifted !== undefined) this.#held[name]!.push(shifted);
    if (this.#random.chance(0.3)) return;
    const given = this.#held[name]!.shift();
    if (given === undefined) return;
    const to = name === 'group' ? clientId : name;
    const delivery = name === 'group' ? new Delivery(given.message, given.qos, false, [], GROUP) : given;
    delivery.packetId = ++this.#lastPacketId;
    delivery.state = DeliveryState.AwaitingPubrec;
    this.core.queue(ownerOf(to)).sent(delivery);
    if (name === 'group') this.core.queue(GROUP).done(given);
    this.#inFlight[to]!.push(delivery);
    const { text } = viewOf(delivery);
    this.#model.queues[name]!.waiting.shift();
    this.#model.queues[to]!.inFlight.push([text, delivery.packetId, delivery.state]);
  }

  #acknowledge(clientId: string): void {
    const deliveries = this.#inFlight[clientId]!;
    if (deliveries.length === 0) return;
    const at = this.#random.below(deliveries.length);
    const delivery = deliveries[at]!;
    const { inFlight } = this.#model.queues[clientId]!;
    const queue = this.core.queue(ownerOf(clientId));
    if (delivery.state === DeliveryState.AwaitingPubrec) {
      delivery.state = DeliveryState.AwaitingPubcomp;
      queue.sent(delivery);
      inFlight[at] = [inFlight[at]![0], inFlight[at]![1], delivery.state];
      return;
    }
    queue.done(delivery);
    deliveries.splice(at, 1);
    inFlight.splice(at, 1);
  }

  #retain(topicName: string): void {
    const text = this.#text();
    this.core.store.putRetained(topicName, this.core.message({ topicName, payload: text }), 1e12);
    this.#model.retained[topicName] = text;
  }
}
