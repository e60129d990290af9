import { DeliveryState } from '@martlet/protocol';
import type { MessageQueue } from '../../core/ports/store.ts';
import { Delivery } from '../../core/publish/delivery.ts';
import type { Message } from '../../core/publish/message.ts';
import { MemoryQueue } from '../../core/session/memory-queue.ts';
import { StoreFailure } from './files/store-failure.ts';
import { takenList, waitingList } from './index/entry-lists.ts';
import type { QueueReader } from './reading/queue-reader.ts';
import type { StoredQueues } from './state/stored-queues.ts';

/** Of what waits, so much is held as objects while the queue is read. */
const WINDOW_DELIVERIES = 64;
const WINDOW_BYTES = 256 * 1024;
const NOTHING: readonly number[] = Object.freeze([]);

/**
 * One owner's queue. What waits is in the index and on the disk; while somebody reads the queue, the oldest of it are in
 * memory too, as the deliveries of the *window*:
 *
 *     index    ▓ ▓ ▓ ▓ ▓ ▓ ▓ ▓ ▓ ▓ ◀── push
 *     window   ▓ ▓ ▓                    the first of them, always; filled again when it is empty
 *              └──▶ shift
 *
 * What is pushed joins the window if nothing waits outside of it, so that a client that keeps up costs no reads. At
 * rest there is no window.
 */
export class DiskQueue implements MessageQueue {
  readonly owner: number;
  readonly #queues: StoredQueues;
  readonly #reader: QueueReader;
  /** Null at rest, or when nothing has been in it. */
  #window: MemoryQueue | null;
  #resting: boolean;
  /** By topic name the entry that was added by `pushLatest` and waits; null if there is none. */
  #latest: Map<string, number> | null;
  /** Its owner, or what it has, was deleted: what refers to this queue refers to nothing. */
  #deleted: boolean;

  constructor(owner: number, queues: StoredQueues, reader: QueueReader) {
    this.owner = owner;
    this.#queues = queues;
    this.#reader = reader;
    this.#window = null;
    this.#resting = false;
    this.#latest = null;
    this.#deleted = false;
  }

  get length(): number {
    return this.#deleted ? 0 : this.#queues.owners.waitingOf(this.owner);
  }

  get bytes(): number {
    return this.#deleted ? 0 : this.#queues.owners.waitingBytesOf(this.owner);
  }

  push(delivery: Delivery): void {
    this.#push(delivery);
  }

  pushLatest(delivery: Delivery): Delivery | string | undefined {
    const { name } = delivery.message.topic;
    this.#assertKept();
    const known = this.#latest?.get(name);
    const old = known === undefined ? null : this.#inMemory(known);
    // It is gone if its message turned out to be lost.
    const earlier = this.#latest?.get(name);
    if (earlier === undefined) {
      const pushed = this.#push(delivery);
      (this.#latest ??= new Map()).set(name, pushed);
      return undefined;
    }
    this.#letGo(delivery);
    const entry = this.#queues.replace(this.owner, earlier, delivery, old?.message ?? null);
    this.#latest!.set(name, entry);
    if (old === null) return name;
    if (this.#window?.replace(old, delivery) === true) this.#hold(delivery, entry);
    old.storeId = 0;
    return old;
  }

  holdsLatest(topicName: string): boolean {
    return this.#latest?.has(topicName) === true;
  }

  unshift(delivery: Delivery): void {
    this.#assertKept();
    delivery.packetId = 0;
    delivery.state = DeliveryState.Queued;
    let entry = this.#entryOf(delivery);
    if (entry !== 0) {
      this.#queues.putBack(this.owner, entry);
    } else {
      this.#letGo(delivery);
      entry = this.#queues.pushFirst(this.owner, delivery);
    }
    if (this.#resting) {
      // It comes back as another object.
      delivery.storeId = 0;
      return;
    }
    this.#hold(delivery, entry);
    this.#window ??= new MemoryQueue();
    this.#window.unshift(delivery);
  }

  shift(): Delivery | undefined {
    if (!this.#fill()) return undefined;
    const entry = this.#queues.take(this.owner);
    const delivery = this.#window?.shift();
    if (delivery !== undefined) this.#forgetLatest(delivery.message.topic.name, entry);
    return delivery;
  }

  peek(): Delivery | undefined {
    return this.#fill() ? this.#window?.peek() : undefined;
  }

  dropOldest(): Delivery | string | undefined {
    if (this.#deleted) return undefined;
    const { entries } = this.#queues;
    const entry = entries.lists.firstOf(waitingList(this.owner));
    if (entry === 0) return undefined;
    const held = this.#window !== null && this.#window.length > 0;
    if (held || entries.isTransient(entry)) {
      const delivery = held ? this.shift()! : this.#deliveryOf(entry)!;
      this.done(delivery);
      return delivery;
    }
    const number = entries.messageOf(entry);
    const { topics } = this.#reader;
    const topicName = topics.nameOf(number, topics.holds(number) ? NOTHING : this.#oldest());
    this.#queues.finish(this.owner, entry, null);
    this.#forgetLatest(topicName, entry);
    return topicName;
  }

  sent(delivery: Delivery): void {
    this.#assertKept();
    let entry = this.#entryOf(delivery);
    if (entry !== 0) {
      this.#leaveWindow(entry);
      this.#queues.send(this.owner, entry, delivery.packetId, delivery.state);
      return;
    }
    this.#letGo(delivery);
    entry = this.#queues.addInFlight(this.owner, delivery);
    this.#hold(delivery, entry);
  }

  done(delivery: Delivery): void {
    const entry = this.#entryOf(delivery);
    if (entry === 0) return;
    this.#leaveWindow(entry);
    this.#queues.finish(this.owner, entry, delivery.message);
    this.#forgetLatest(delivery.message.topic.name, entry);
    delivery.storeId = 0;
  }

  takeInFlight(): Delivery[] {
    const { owners, entries } = this.#queues;
    const deliveries: Delivery[] = [];
    if (this.#deleted || !owners.hasUntaken(this.owner)) return deliveries;
    let entry = entries.lists.firstOf(takenList(this.owner));
    while (entry !== 0) {
      const next = entries.nextOf(entry);
      // What has been shifted since the start is somebody's already.
      const delivery = entries.packetIdOf(entry) === 0 ? null : this.#deliveryOf(entry, true);
      if (delivery !== null) {
        delivery.packetId = entries.packetIdOf(entry);
        delivery.state = entries.stateOf(entry);
        deliveries.push(delivery);
      }
      entry = next;
    }
    // Only now: when one of them cannot be read, all of them are to be taken yet.
    owners.setUntaken(this.owner, false);
    return deliveries;
  }

  get unconfirmed(): number {
    const { owners, entries } = this.#queues;
    let count = 0;
    if (this.#deleted || !owners.hasUntaken(this.owner)) return count;
    let entry = entries.lists.firstOf(takenList(this.owner));
    for (; entry !== 0; entry = entries.nextOf(entry)) {
      if (entries.packetIdOf(entry) !== 0 && entries.stateOf(entry) !== DeliveryState.AwaitingPubcomp)
        count++;
    }
    return count;
  }

  rest(): void {
    this.#resting = true;
    this.#closeWindow();
  }

  /** The queue is empty now, and nothing that was in it is known any more. */
  delete(): void {
    this.#deleted = true;
    this.#window = null;
    this.#latest = null;
  }

  /** Returns the entry. */
  #push(delivery: Delivery): number {
    this.#assertKept();
    this.#letGo(delivery);
    const joins = !this.#resting && this.#hasRoom(this.length);
    const entry = this.#queues.push(this.owner, delivery);
    if (!joins) return entry;
    this.#hold(delivery, entry);
    this.#window ??= new MemoryQueue();
    this.#window.push(delivery);
    return entry;
  }

  /** What waits, as it is in memory; null if it is not. */
  #inMemory(entry: number): Delivery | null {
    const held = this.#window?.find((delivery) => delivery.storeId === entry);
    if (held !== undefined) return held;
    return this.#queues.entries.isTransient(entry) ? this.#deliveryOf(entry) : null;
  }

  /** The entry waits no more. One whose topic name cannot be told may be any of them. */
  #forgetLatest(topicName: string, entry: number): void {
    if (this.#latest === null) return;
    if (topicName === '') this.#latest = null;
    else if (this.#latest.get(topicName) === entry) this.#latest.delete(topicName);
  }

  #assertKept(): void {
    if (this.#deleted) throw new Error('expected a queue of the store, got one that was deleted');
  }

  /** The entry that this delivery stands for here; 0 if it stands for none. */
  #entryOf(delivery: Delivery): number {
    return delivery.storeOwner === this && !this.#deleted ? delivery.storeId : 0;
  }

  #hold(delivery: Delivery, entry: number): void {
    delivery.storeId = entry;
    delivery.storeOwner = this;
  }

  /** A delivery that another queue holds leaves it. */
  #letGo(delivery: Delivery): void {
    const { storeOwner } = delivery;
    if (storeOwner instanceof DiskQueue && storeOwner !== this) storeOwner.done(delivery);
    delivery.storeId = 0;
  }

  /** Whether all that waits is in the window, and one more may be. */
  #hasRoom(waiting: number): boolean {
    const window = this.#window;
    if (window === null) return waiting === 0;
    return window.length === waiting && waiting < WINDOW_DELIVERIES && window.bytes < WINDOW_BYTES;
  }

  /** An entry that is not at its head leaves the window: rare enough to begin the window anew. */
  #leaveWindow(entry: number): void {
    if (this.#queues.entries.isWaiting(entry)) this.#closeWindow();
  }

  #closeWindow(): void {
    const window = this.#window;
    this.#window = null;
    for (let each = window?.shift(); each !== undefined; each = window?.shift()) each.storeId = 0;
  }

  /** Sees to it that the oldest that waits is in the window; false if nothing waits, or nothing can be read now. */
  #fill(): boolean {
    if (this.#window !== null && this.#window.length > 0) return true;
    if (this.length === 0) return false;
    this.#resting = false;
    this.#window ??= new MemoryQueue();
    try {
      do this.#read(this.#window);
      while (this.#window.length === 0 && this.length > 0);
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error;
      this.#reader.onUnreadable(this.owner, error);
    }
    this.#reader.end();
    return this.#window.length > 0;
  }

  /** Reads the oldest of what waits; those whose messages are lost are over then. */
  #read(window: MemoryQueue): void {
    const { entries } = this.#queues;
    const numbers = this.#oldest();
    let entry = entries.lists.firstOf(waitingList(this.owner));
    for (let i = 0; i < numbers.length && window.bytes < WINDOW_BYTES; i++) {
      const next = entries.nextOf(entry);
      this.#reader.prepare(numbers, i);
      const delivery = this.#deliveryOf(entry);
      if (delivery !== null) window.push(delivery);
      entry = next;
    }
  }

  /** The messages of the oldest that wait: as many as a window has. */
  #oldest(): number[] {
    const { entries } = this.#queues;
    const numbers: number[] = [];
    let entry = entries.lists.firstOf(waitingList(this.owner));
    for (; entry !== 0 && numbers.length < WINDOW_DELIVERIES; entry = entries.nextOf(entry))
      numbers.push(entries.messageOf(entry));
    return numbers;
  }

  /**
   * The entry as an object; null if its message is lost, and the entry over.
   * @param isLast it is not asked for again
   * @throws {StoreFailure} unless it is the last time, if the message cannot be read now
   */
  #deliveryOf(entry: number, isLast = false): Delivery | null {
    const { entries } = this.#queues;
    const number = entries.messageOf(entry);
    const message: Message | null = isLast
      ? this.#reader.readNow(this.owner, number)
      : this.#reader.read(this.owner, number);
    if (message === null) {
      this.#queues.finish(this.owner, entry, null);
      this.#forgetLatest('', entry);
      return null;
    }
    const delivery = new Delivery(
      message,
      entries.qosOf(entry),
      entries.retainOf(entry),
      this.#queues.identifiersOf(entry),
      this.#queues.shareOf(this.owner, entry),
    );
    this.#hold(delivery, entry);
    return delivery;
  }
}
