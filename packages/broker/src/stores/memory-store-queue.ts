import { DeliveryState } from '@martlet/protocol';
import { Durability } from '../core/ports/durability.ts';
import type { MessageQueue } from '../core/ports/store.ts';
import type { Delivery } from '../core/publish/delivery.ts';
import { MemoryQueue } from '../core/session/memory-queue.ts';
import type { QueueJournal } from './journal.ts';

/** What a queue needs from its store. */
export interface QueueStore {
  newDeliveryId(): number;
  expiresAtWallMs(delivery: Delivery): number;
}

/** A queue as the core sees it: what waits is here in memory; every change is told to the journal. */
export class MemoryStoreQueue implements MessageQueue {
  readonly #waiting = new MemoryQueue();
  readonly #store: QueueStore;
  readonly #journal: QueueJournal;
  readonly #unwritten: () => QueueJournal;
  #inFlight: Delivery[] = [];

  /**
   * @param journal told of what survives a restart
   * @param unwritten told of messages of `Durability.Memory`, which do not
   */
  constructor(store: QueueStore, journal: QueueJournal, unwritten: () => QueueJournal) {
    this.#store = store;
    this.#journal = journal;
    this.#unwritten = unwritten;
  }

  /** Puts in what was kept before a restart; nothing of it is told to the journal, which has it. */
  restore(waiting: readonly Delivery[], inFlight: readonly Delivery[]): void {
    for (const delivery of waiting) this.#waiting.push(delivery);
    this.#inFlight = [...inFlight];
  }

  get length(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#waiting.bytes;
  }

  push(delivery: Delivery): void {
    this.#identify(delivery);
    this.#waiting.push(delivery);
    this.#journalOf(delivery).push(delivery, this.#store.expiresAtWallMs(delivery));
  }

  pushLatest(delivery: Delivery): Delivery | undefined {
    this.#identify(delivery);
    const earlier = this.#waiting.pushLatest(delivery);
    if (earlier !== undefined) this.done(earlier);
    this.#journalOf(delivery).push(delivery, this.#store.expiresAtWallMs(delivery));
    return earlier;
  }

  holdsLatest(topicName: string): boolean {
    return this.#waiting.holdsLatest(topicName);
  }

  unshift(delivery: Delivery): void {
    this.#identify(delivery);
    this.#waiting.unshift(delivery);
    this.#journalOf(delivery).unshift(delivery, this.#store.expiresAtWallMs(delivery));
  }

  shift(): Delivery | undefined {
    return this.#waiting.shift();
  }

  peek(): Delivery | undefined {
    return this.#waiting.peek();
  }

  dropOldest(): Delivery | undefined {
    const oldest = this.#waiting.shift();
    if (oldest !== undefined) this.done(oldest);
    return oldest;
  }

  sent(delivery: Delivery): void {
    this.#identify(delivery);
    const { packetId, state } = delivery;
    this.#journalOf(delivery).sent(delivery, packetId, state, this.#store.expiresAtWallMs(delivery));
  }

  done(delivery: Delivery): void {
    this.#journalOf(delivery).done(delivery);
  }

  takeInFlight(): Delivery[] {
    const inFlight = this.#inFlight;
    this.#inFlight = [];
    return inFlight;
  }

  get unconfirmed(): number {
    return this.#inFlight.filter(({ state }) => state !== DeliveryState.AwaitingPubcomp).length;
  }

  rest(): void {}

  #journalOf({ message }: Delivery): QueueJournal {
    return message.durability === Durability.Memory ? this.#unwritten() : this.#journal;
  }

  #identify(delivery: Delivery): void {
    if (delivery.storeId === 0) delivery.storeId = this.#store.newDeliveryId();
  }
}
