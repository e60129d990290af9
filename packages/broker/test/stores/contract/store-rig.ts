import { DeliveryState } from '@martlet/protocol';
import { expect } from 'vitest';
import { Durability } from '../../../src/core/ports/durability.ts';
import type {
  MessageQueue,
  SessionOwner,
  SessionRecord,
  ShareOwner,
  Store,
  StoreError,
  SubscriptionRecord,
} from '../../../src/core/ports/store.ts';
import { Delivery } from '../../../src/core/publish/delivery.ts';
import type { Message } from '../../../src/core/publish/message.ts';
import type { DeliveryView, MessageOptions } from './loaded-store.ts';
import { LoadedStore } from './loaded-store.ts';

/** One store that has not been loaded, and what a test may do to it beside what the core may. */
export interface StoreHarness {
  readonly store: Store;
  /** Lets the commit under way come to its end. */
  finishCommit(): Promise<void>;
  /** The next commit is to end with an error. */
  failNextCommit(): void;
  /** The process ends here, as by `kill -9`, and another one opens what was kept. */
  reopen(): Promise<StoreHarness>;
  close(): Promise<void>;
}

/** What a contract test works with: a loaded store, and another one on what was kept after each restart. */
export class StoreRig {
  #harness: StoreHarness | null = null;
  #core: LoadedStore | null = null;

  async open(makeHarness: () => Promise<StoreHarness>): Promise<void> {
    this.#harness = await makeHarness();
    this.#core = new LoadedStore(this.#harness.store);
  }

  async close(): Promise<void> {
    await this.#harness?.close();
  }

  get harness(): StoreHarness {
    if (this.#harness === null) throw new Error('the rig is not open');
    return this.#harness;
  }

  get core(): LoadedStore {
    if (this.#core === null) throw new Error('the rig is not open');
    return this.#core;
  }

  /** Commits what is staged; null when it is kept. */
  async commit(): Promise<StoreError | null> {
    const { store } = this.harness;
    if (!store.hasStaged) return null;
    let end: StoreError | null | undefined;
    store.commit(Durability.Disk, (error) => {
      end = error;
    });
    await this.harness.finishCommit();
    if (end === undefined) throw new Error('the commit has not ended');
    return end;
  }

  /** Crashes; another process, with other clocks, opens what was kept. */
  async restart(): Promise<LoadedStore> {
    this.#harness = await this.harness.reopen();
    this.#core = new LoadedStore(this.#harness.store, this.core.wallAheadMs + 500_000);
    return this.#core;
  }

  async commitAndRestart(): Promise<LoadedStore> {
    expect(await this.commit()).toBe(null);
    return this.restart();
  }

  delivery(text: string, options: MessageOptions = {}, share: ShareOwner | null = null): Delivery {
    const message = this.core.message({ payload: text, ...options });
    return new Delivery(message, message.qos, false, [], share);
  }

  /** Stages a session and opens its queue. */
  put(clientId: string): MessageQueue {
    this.core.store.putSession(session(clientId));
    return this.core.sessionQueue(clientId);
  }
}

export function session(clientId: string): SessionRecord {
  return { clientId, sessionExpiryInterval: 0xffff_ffff, disconnectedAtWallMs: undefined, will: undefined };
}

export function subscription(
  topicFilter: string,
  options: Partial<SubscriptionRecord> = {},
): SubscriptionRecord {
  return {
    topicFilter,
    qos: 0,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    subscriptionIdentifier: 0,
    ...options,
  };
}

export function owner(clientId: string): SessionOwner {
  return { kind: 'session', clientId };
}

export function share(shareName: string, topicFilter: string): ShareOwner {
  return { kind: 'share', shareName, topicFilter };
}

export function waits(text: string): DeliveryView {
  return { text, packetId: 0, state: DeliveryState.Queued };
}

export function numbered(
  delivery: Delivery,
  packetId: number,
  state: DeliveryState = DeliveryState.AwaitingPuback,
): Delivery {
  delivery.packetId = packetId;
  delivery.state = state;
  return delivery;
}

/** A session is sent the oldest of a group's queue, which is done with it then. */
export function giveFromGroup(queue: MessageQueue, member: MessageQueue, packetId: number): Delivery {
  const waited = shiftFrom(queue);
  const { message, qos, share: group } = waited;
  const given = numbered(new Delivery(message, qos, false, [], group), packetId);
  member.sent(given);
  queue.done(waited);
  return given;
}

export function shiftFrom(queue: MessageQueue): Delivery {
  const delivery = queue.shift();
  if (delivery === undefined) throw new Error('the queue is empty');
  return delivery;
}

/** Of what `dropOldest` gave. */
export function topicOf(dropped: Delivery | string | undefined): string | undefined {
  return typeof dropped === 'object' ? dropped.message.topic.name : dropped;
}

export function textOf(message: Message | undefined): string | undefined {
  return message && new TextDecoder().decode(message.payload);
}

export function pattern(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = i * 31 + (i >> 8);
  return bytes;
}

export function equalBytes(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]);
}
